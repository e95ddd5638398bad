// @ts-check
// The distribution under the visitor's hand: sliders, bars, dice and table, all computed here from the raw logits.
// stages.js does the arithmetic, draw.js the canvases, cards.js the list of stages.
/** @import { SamplerHeader, SamplerSettings, StageKind } from "../headers.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @import { Found, Picture } from "./draw.js" */
/** @import { Row } from "./stages.js" */

import { floats } from "../shared/bytes.js";
import { element, keepChildren } from "../shared/elements.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { minus, percent, whole } from "../shared/numbers.js";
import { framed, rested } from "../shared/pace.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { cardsIn } from "./cards.js";
import { drawBars, drawCumulative, drawSweep } from "./draw.js";
import { chiSquare, countIds, drawFrom, drawMany, rawRow, rowEntropy, spread, stagesOf } from "./stages.js";

const REST = 300; // ms without a change before the session is told
const SWEEP = 120; // ms without one before the other values of a slider are tried

const bold = (/** @type {string} */ text) => element("b", {}, text);

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const $ = (/** @type {string} */ selector) => /** @type {any} */ (root.querySelector(selector));
  const self = {
    header: /** @type {SamplerHeader} */ (/** @type {unknown} */ (null)), settings: /** @type {SamplerSettings} */ (/** @type {unknown} */ (null)),
    kinds: /** @type {Map<string, StageKind>} */ (new Map()), u: 0, flips: /** @type {string[][]} */ ([]), touched: "temperature",
    cause: /** @type {string | null} */ (null), draws: /** @type {Uint32Array | null} */ (null), lit: /** @type {number | null} */ (null), count: 20,
    revision: /** @type {number | null} */ (null), logits: new Float32Array(), raw: /** @type {Row} */ (/** @type {unknown} */ (null)),
    before: new Float64Array(), rawRank: new Int32Array(), counts: /** @type {Map<number, number>} */ (new Map()),
    labels: /** @type {Map<number, string>} */ (new Map()), now: /** @type {Picture} */ (/** @type {unknown} */ (null)),
    theme: /** @type {Theme} */ (/** @type {unknown} */ (null)), colours: /** @type {Record<string, string>} */ ({}), places: { left: 0, step: 1 },
    chosen: /** @type {number | undefined} */ (undefined),
    label: (/** @type {number} */ id) => self.labels.get(id) ?? `token ${id}`,
    logarithmic: () => $(".axis").value === "log",
    send: nowhere,
  };

  // ---- the settings ----

  const cards = cardsIn($(".stages"), changed);
  const report = rested(() => self.send("settings", structuredClone(self.settings)), REST);

  // The settings that are on, in the order in which they act.
  function active() {
    const { order, off, values } = self.settings;
    const on = order.filter((name) => !off.includes(name) && values[name] !== kindOf(name).off);
    return Object.fromEntries(on.map((name) => [name, values[name]]));
  }

  function changed(/** @type {StageKind} */ { name, title }, from = /** @type {number | null} */ (null)) {
    self.touched = name;
    self.cause = from === null ? title : `${title} ${from} → ${self.settings.values[name]}`;
    self.draws = null;
    refresh();
    report();
  }

  // ---- from the settings to the picture ----

  function compute() {
    const stages = stagesOf(self.raw, self.counts, active());
    const size = self.logits.length;
    const cutAt = new Uint8Array(size); // 0: kept to the end; i: cut by stages[i]
    const rank = new Int32Array(size).fill(-1);
    const last = stages[stages.length - 1].row;
    last.ids.forEach((id, i) => (rank[id] = i));
    stages.slice(1).forEach(({ row }, i) => {
      const earlier = stages[i].row.ids;
      if (row.ids.length === earlier.length) return;
      const stays = new Uint8Array(size);
      for (const id of row.ids) stays[id] = 1;
      for (const id of earlier) if (!stays[id]) cutAt[id] = i + 1;
    });
    self.now = { stages, last, cutAt, rank, before: self.before, after: spread(last, size), shown: self.raw.ids.slice(0, self.count) };
  }

  function update() {
    const theme = applyTheme(root);
    self.colours = Object.fromEntries(self.header.stages.map(({ name, colour }) => [name, theme.categories[colour]]));
    self.theme = theme;
    compute();
    paintCards();
    self.places = drawBars($(".bars"), self);
    paintNumbers();
    paintTable();
    throwDice();
    sweepLater();
  }
  const refresh = framed(update);

  const kindOf = (/** @type {string} */ name) => /** @type {StageKind} */ (self.kinds.get(name));
  const titleOf = (/** @type {string} */ name) => kindOf(name).title;

  function paintCards() {
    const on = active();
    cards.paint((kind) => ({ on: kind.name in on, colour: self.colours[kind.name], effect: kind.name in on ? effectOf(kind) : "" }));
  }

  function effectOf(/** @type {StageKind} */ { name, kind }) {
    const i = self.now.stages.findIndex((stage) => stage.name === name);
    const [earlier, row] = [self.now.stages[i - 1].row, self.now.stages[i].row];
    const cut = earlier.ids.length - row.ids.length;
    if (kind === "penalty") return `changes ${whole(self.counts.size)} tokens seen before`;
    if (kind === "temperature" && cut === 0) return `effective vocabulary ${effective(earlier)} → ${effective(row)}`;
    if (!cut) return "cuts nothing here";
    const left = spread(row, self.logits.length);
    const kept = earlier.ids.reduce((sum, id, k) => sum + (left[id] > 0 ? earlier.weights[k] : 0), 0);
    return `cuts ${whole(cut)} tokens, ${percent(Math.max(0, 1 - kept / earlier.total))} of what was left`;
  }

  const effective = (/** @type {Row} */ row) => {
    const n = Math.exp(rowEntropy(row));
    return n < 100 ? n.toFixed(1) : whole(Math.round(n));
  };

  function paintNumbers() {
    const { last, before, after, shown, cutAt } = self.now;
    const sum = (/** @type {Float64Array} */ probs) => Math.max(0, 1 - shown.reduce((total, id) => total + probs[id], 0));
    const hidden = self.logits.length - shown.length;
    const kept = last.ids.length - shown.reduce((n, id) => n + (cutAt[id] ? 0 : 1), 0);
    $(".tail").textContent = hidden
      ? `The other ${whole(hidden)} tokens: together ${percent(sum(before))} → ${kept ? `${percent(sum(after))}, ${whole(kept)} kept` : "all cut"}.`
      : "The whole vocabulary is shown.";
    let mass = 0;
    for (const id of last.ids) mass += before[id];
    const cells = [
      ["Tokens left", `${whole(last.ids.length)} of ${whole(self.logits.length)}`],
      ["Entropy, nats", `${rowEntropy(self.raw).toFixed(2)} → ${rowEntropy(last).toFixed(2)}`],
      ["Effective vocabulary", `${effective(self.raw)} → ${effective(last)}`],
      ["Mass cut (the model's)", last.ids.length === self.raw.ids.length ? "0 %" : percent(Math.max(0, 1 - mass))],
    ];
    const list = $(".numbers");
    keepChildren(list, cells.length, () => element("div", {}, element("dt"), element("dd")));
    cells.forEach(([name, value], i) => {
      list.children[i].firstChild.textContent = name;
      list.children[i].lastChild.textContent = value;
    });
    const id = self.header.actual;
    const words = $(".actual");
    words.replaceChildren();
    if (id === null) words.textContent = "This is the end of the text: nothing has come yet.";
    else {
      const p = before[id];
      words.append("What really came: ", bold(self.label(id)), ` · the model gave it ${percent(p)}, rank ${whole(self.rawRank[id] + 1)}`,
        `, a surprise of ${(-Math.log2(p)).toFixed(1)} bits · after the settings ${self.now.rank[id] < 0 ? "impossible" : percent(after[id])}`);
    }
  }

  function paintTable() {
    const body = $("tbody");
    const { shown, before, after, cutAt, rank, stages } = self.now;
    while (body.rows.length > shown.length) body.lastChild.remove();
    while (body.rows.length < shown.length) {
      const row = body.insertRow();
      for (let i = 0; i < 7; i++) row.insertCell().append("");
    }
    shown.forEach((id, i) => {
      const row = body.rows[i];
      const cells = [self.label(id), minus(self.logits[id].toFixed(2)), percent(before[id]), cutAt[id] ? "–" : percent(after[id]),
        i + 1, cutAt[id] ? "–" : rank[id] + 1, cutAt[id] ? titleOf(stages[cutAt[id]].name) : ""];
      cells.forEach((text, k) => {
        const node = row.cells[k].firstChild;
        if (node.data !== String(text)) node.data = text;
      });
      row.className = cutAt[id] ? "cut" : i === self.lit ? "lit" : "";
    });
  }

  // ---- the dice ----

  function throwDice() {
    const { last } = self.now;
    const place = drawFrom(last, self.u);
    const id = last.ids[place];
    if (self.chosen !== undefined && self.chosen !== id && self.cause)
      self.flips = [[self.cause, self.label(self.chosen), self.label(id)], ...self.flips].slice(0, 2);
    self.chosen = id;
    self.cause = null;
    drawCumulative($(".cumulative"), self, place);
    $(".u").value = self.u;
    $(".chosen").replaceChildren(`u = ${self.u.toFixed(4)} draws `, bold(self.label(id)), ` (${percent(last.weights[place] / last.total)})`);
    $(".flips").replaceChildren(
      ...(self.flips.length
        ? self.flips.flatMap(([why, from, to], i) => [i ? " · " : "", `${why}: the same u now draws `, bold(to), " instead of ", bold(from)])
        : ["Keep u and move a slider: when does the choice flip?"]),
    );
    const fit = self.draws && chiSquare(last, self.draws, 1000);
    $(".fit").textContent = !fit
      ? "Draw 1,000 times to compare what comes with what should (dots on the bars)."
      : fit.p === null
        ? "1,000 draws, and always the same token: nothing else is left."
        : `1,000 draws: chi-square ${fit.statistic.toFixed(1)} with ${fit.freedom} degrees of freedom. A fair draw gives at least that in ${percent(fit.p)} of all cases.`;
  }

  // What the same u draws at every value of the slider that was touched last.
  function sweep() {
    const name = self.touched;
    const { title, whole: integer, off, slider: [low, high, step] } = kindOf(name);
    const points = Math.min(Math.round((high - low) / step), self.logits.length > 10_000 ? 20 : 100);
    const [found, on] = [/** @type {Found[]} */ ([]), active()];
    for (let i = 0; i <= points; i++) {
      const raw = low + ((high - low) * i) / points;
      const value = integer ? Math.round(raw) : +raw.toFixed(4);
      const settings = self.settings.order.flatMap((n) => (n === name ? (value === off ? [] : [[n, value]]) : n in on ? [[n, on[n]]] : []));
      const stages = stagesOf(self.raw, self.counts, Object.fromEntries(settings));
      const row = stages[stages.length - 1].row;
      const id = row.ids[drawFrom(row, self.u)];
      if (found.length && found[found.length - 1].id === id) found[found.length - 1].to = value;
      else found.push({ id, from: value, to: value });
    }
    drawSweep($(".sweep"), self, found, { name, title }, [low, high]);
  }
  const sweepLater = rested(sweep, SWEEP);

  $(".u").addEventListener("input", (/** @type {any} */ event) => setU(Number(event.target.value)));
  $(".cumulative").addEventListener("click", (/** @type {any} */ event) => setU(Math.min(event.offsetX / event.target.clientWidth, 0.9999)));
  $(".roll").addEventListener("click", () => setU(Math.random()));
  $(".thousand").addEventListener("click", () => {
    self.draws = drawMany(self.now.last, 1000, Math.random);
    redraw();
  });
  function setU(/** @type {number} */ u) {
    self.u = u;
    self.flips = [];
    self.cause = null;
    throwDice();
    sweepLater();
  }

  // ---- around ----

  const redraw = () => {
    self.places = drawBars($(".bars"), self);
    throwDice();
  };
  $(".off").addEventListener("click", () => {
    for (const { name, off } of self.header.stages) self.settings.values[name] = off;
    self.settings.off = [];
    changed(kindOf("temperature"));
  });
  $(".reorder").addEventListener("click", () => {
    self.settings.order = self.header.stages.map(({ name }) => name);
    cards.arrange(self.header.stages, self.settings);
    changed(kindOf(self.touched));
  });
  $(".count").addEventListener("change", (/** @type {any} */ event) => {
    self.count = Number(event.target.value);
    update();
  });
  $(".axis").addEventListener("change", () => update());

  function point(/** @type {number | null} */ i) {
    if (i === self.lit) return;
    self.lit = i;
    const tip = $(".tip");
    tip.hidden = i === null;
    if (i !== null) {
      const id = self.now.shown[i];
      const { before, after, cutAt, stages } = self.now;
      const drawn = self.draws && self.now.rank[id] >= 0 ? `\ndrawn ${self.draws[self.now.rank[id]]} times in 1,000` : "";
      tip.textContent = `${self.label(id)} · id ${id}\n${percent(before[id])} → ${cutAt[id] ? `cut by ${titleOf(stages[cutAt[id]].name)}` : percent(after[id])}${drawn}`;
      const x = self.places.left + (i + 0.5) * self.places.step;
      tip.style.left = `${Math.min(Math.max(x - tip.offsetWidth / 2, 0), $(".chart").clientWidth - tip.offsetWidth)}px`;
    }
    self.places = drawBars($(".bars"), self);
    paintTable();
  }
  const at = (/** @type {any} */ event) => {
    const i = Math.floor((event.offsetX - self.places.left) / self.places.step);
    return i >= 0 && i < self.now.shown.length ? i : null;
  };
  $(".bars").addEventListener("pointermove", (/** @type {PointerEvent} */ event) => point(at(event)));
  $(".bars").addEventListener("pointerleave", () => point(null));
  $("tbody").addEventListener("pointerover", (/** @type {any} */ event) => point(event.target.closest("tr")?.rowIndex - 1));
  $("tbody").addEventListener("pointerleave", () => point(null));

  const unwatch = onThemeChange(root, () => self.header && update());
  const sizes = new ResizeObserver(() => self.header && update());
  sizes.observe($(".view"));
  function show(/** @type {SamplerHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
    const first = !self.header;
    const same = !first && header.key === self.header.key;
    self.header = header;
    self.labels = new Map(header.label_ids.map((id, i) => [id, header.labels[i]]));
    self.kinds = new Map(header.stages.map((kind) => [kind.name, kind]));
    if (!same) {
      const logits = floats(payload);
      self.logits = logits;
      self.raw = rawRow(logits);
      self.before = spread(self.raw, logits.length);
      self.rawRank = new Int32Array(logits.length).fill(-1);
      self.raw.ids.forEach((id, i) => (self.rawRank[id] = i));
      self.counts = countIds(header.context);
      [self.u, self.flips, self.chosen, self.draws] = [header.u, [], undefined, null];
    }
    if (first || header.revision !== self.revision) {
      report.cancel(); // the page decided: what had not been sent yet is out of date
      self.settings = structuredClone(header.settings);
      self.revision = header.revision;
      self.draws = null;
      cards.arrange(header.stages, self.settings);
    }
    update();
  }
  const destroy = ending(report.cancel, sweepLater.cancel, refresh.cancel, unwatch, () => sizes.disconnect());
  return Object.assign(self, { show, destroy });
}

export default component(build);
