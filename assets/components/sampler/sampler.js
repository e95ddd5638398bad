// @ts-check
// The distribution under the visitor's hand: sliders, bars, dice and table, all computed here from the raw logits.
// stages.js does the arithmetic, draw.js the canvases.

import { unpack } from "../shared/bytes.js";
import { once } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { STAGE_OFF, STAGE_ORDER, chiSquare, countIds, drawFrom, drawMany, rawRow, rowEntropy, spread, stagesOf } from "./stages.js";
import { drawBars, drawCumulative, drawSweep, titleOf } from "./draw.js";

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const view = once(root, () => build(root));
  view.send = (settings) => setTriggerValue("settings", settings);
  const { header, payload } = unpack(data);
  view.show(header, new Float32Array(payload.buffer));
  return view.stop;
}

const REST = 300; // ms without a change before the session is told

function build(root) {
  const $ = (selector) => root.querySelector(selector);
  const self = { header: null, settings: null, u: 0, flips: [], touched: "temperature", draws: null, lit: null, send: () => {} };
  const cards = new Map();
  let [frame, timer, sweeper] = [0, 0, 0];

  // ---- the settings ----

  const active = (settings = self.settings) =>
    Object.fromEntries(STAGE_ORDER.map((n) => [n, settings.off.includes(n) ? STAGE_OFF[n] : settings.values[n]]));

  function changed(name, from) {
    self.touched = name;
    self.cause = from === undefined ? titleOf(name) : `${titleOf(name)} ${from} → ${self.settings.values[name]}`;
    self.draws = null;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(update);
    clearTimeout(timer);
    timer = setTimeout(() => self.send(structuredClone(self.settings)), REST);
  }

  function card(name) {
    const [low, high, step] = self.header.bounds[name];
    const made = document.createElement("li");
    made.className = "stage";
    made.dataset.name = name;
    made.append(...["button", "input", "span", "output", "input", "div"].map((tag) => document.createElement(tag)));
    const [handle, box, label, output, slider, effect] = made.children;
    Object.assign(handle, { type: "button", className: "handle", textContent: "⠿" });
    handle.setAttribute("aria-label", `Move ${titleOf(name)}: arrow keys`);
    Object.assign(box, { type: "checkbox" });
    box.setAttribute("aria-label", `${titleOf(name)} on`);
    Object.assign(label, { className: "name", textContent: titleOf(name), title: self.header.words[name] });
    Object.assign(slider, { type: "range", min: low, max: high, step });
    slider.setAttribute("aria-label", titleOf(name));
    effect.className = "effect";
    slider.addEventListener("input", () => {
      const from = self.settings.values[name];
      self.settings.values[name] = Number(slider.value);
      self.settings.off = self.settings.off.filter((n) => n !== name);
      changed(name, from);
    });
    box.addEventListener("change", () => {
      self.settings.off = self.settings.off.filter((n) => n !== name).concat(box.checked ? [] : [name]);
      changed(name);
    });
    handle.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      move(name, self.settings.order.indexOf(name) + by);
      handle.focus();
    });
    handle.addEventListener("pointerdown", () => {
      made.classList.add("dragged");
      const others = self.settings.order.filter((n) => n !== name);
      const middle = (n) => cards.get(n).getBoundingClientRect().top + cards.get(n).offsetHeight / 2;
      const drag = (event) => move(name, others.filter((n) => middle(n) < event.clientY).length);
      const drop = () => {
        made.classList.remove("dragged");
        window.removeEventListener("pointermove", drag);
      };
      window.addEventListener("pointermove", drag); // not on the handle: a card that moves in the list would lose it
      window.addEventListener("pointerup", drop, { once: true });
      window.addEventListener("pointercancel", drop, { once: true });
    });
    return made;
  }

  function move(name, to) {
    const order = self.settings.order.filter((n) => n !== name);
    order.splice(Math.min(Math.max(to, 0), order.length), 0, name);
    if (order.join() === self.settings.order.join()) return;
    self.settings.order = order;
    arrange();
    changed(name);
  }

  // Puts the cards into the order of the settings.
  function arrange() {
    const list = $(".stages");
    self.settings.order.forEach((name, i) => {
      if (!cards.has(name)) cards.set(name, card(name));
      const made = cards.get(name);
      if (list.children[i] !== made) list.insertBefore(made, list.children[i] ?? null);
    });
  }

  // ---- from the settings to the picture ----

  function compute() {
    const stages = stagesOf(self.raw, self.counts, active(), self.settings.order);
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
    self.colours = Object.fromEntries(STAGE_ORDER.map((n, i) => [n, theme.categories[[5, 3, 7, 8, 0, 1, 2, 4][i]]]));
    self.theme = theme;
    compute();
    paintCards();
    self.places = drawBars($(".bars"), self);
    paintNumbers();
    paintTable();
    throwDice();
    clearTimeout(sweeper);
    sweeper = setTimeout(sweep, 120);
  }

  function paintCards() {
    const settings = active();
    for (const [name, made] of cards) {
      const [, box, , output, slider, effect] = made.children;
      const on = settings[name] !== STAGE_OFF[name];
      const value = self.settings.values[name];
      made.classList.toggle("idle", !on);
      made.style.setProperty("--stage", self.colours[name]);
      box.checked = !self.settings.off.includes(name);
      slider.value = value;
      output.textContent = name === "temperature" && value === 0 ? "greedy" : name === "top_k" && !value ? "off" : +value.toFixed(2);
      slider.setAttribute("aria-valuetext", output.textContent);
      effect.textContent = on ? effectOf(name) : box.checked ? "changes nothing" : "switched off";
    }
  }

  function effectOf(name) {
    const i = self.now.stages.findIndex((s) => s.name === name);
    const [earlier, row] = [self.now.stages[i - 1].row, self.now.stages[i].row];
    const cut = earlier.ids.length - row.ids.length;
    if (name.endsWith("penalty")) return `changes ${self.counts.size.toLocaleString("en")} tokens seen before`;
    if (name === "temperature" && cut === 0)
      return `effective vocabulary ${effective(earlier)} → ${effective(row)}`;
    if (!cut) return "cuts nothing here";
    let kept = 0;
    const left = spread(row, self.logits.length);
    earlier.ids.forEach((id, k) => (kept += left[id] > 0 ? earlier.weights[k] : 0));
    return `cuts ${cut.toLocaleString("en")} tokens, ${percent(Math.max(0, 1 - kept / earlier.total))} of what was left`;
  }

  const effective = (row) => {
    const n = Math.exp(rowEntropy(row));
    return n < 100 ? n.toFixed(1) : Math.round(n).toLocaleString("en");
  };

  function paintNumbers() {
    const { last, before, after, shown, cutAt } = self.now;
    const sum = (probs) => Math.max(0, 1 - shown.reduce((total, id) => total + probs[id], 0));
    const hidden = self.logits.length - shown.length;
    const kept = last.ids.length - shown.reduce((n, id) => n + (cutAt[id] ? 0 : 1), 0);
    $(".tail").textContent = hidden
      ? `The other ${hidden.toLocaleString("en")} tokens: together ${percent(sum(before))} → ${kept ? `${percent(sum(after))}, ${kept.toLocaleString("en")} kept` : "all cut"}.`
      : "The whole vocabulary is shown.";
    let mass = 0;
    for (const id of last.ids) mass += before[id];
    const cells = [
      ["Tokens left", `${last.ids.length.toLocaleString("en")} of ${self.logits.length.toLocaleString("en")}`],
      ["Entropy, nats", `${rowEntropy(self.raw).toFixed(2)} → ${rowEntropy(last).toFixed(2)}`],
      ["Effective vocabulary", `${effective(self.raw)} → ${effective(last)}`],
      ["Mass cut (the model's)", last.ids.length === self.raw.ids.length ? "0 %" : percent(Math.max(0, 1 - mass))],
    ];
    const list = $(".numbers");
    while (list.children.length < cells.length) {
      const cell = document.createElement("div");
      cell.append(document.createElement("dt"), document.createElement("dd"));
      list.append(cell);
    }
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
      words.append("What really came: ", bold(self.label(id)), ` · the model gave it ${percent(p)}, rank ${(self.rawRank[id] + 1).toLocaleString("en")}`,
        `, a surprise of ${(-Math.log2(p)).toFixed(1)} bits · after the settings ${self.now.rank[id] < 0 ? "impossible" : percent(after[id])}`);
    }
  }

  const bold = (text) => {
    const made = document.createElement("b");
    made.textContent = text;
    return made;
  };

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
      const cells = [self.label(id), self.logits[id].toFixed(2), percent(before[id]), cutAt[id] ? "–" : percent(after[id]),
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
    const [low, high, step] = self.header.bounds[name];
    const points = Math.min(Math.round((high - low) / step), self.logits.length > 10_000 ? 20 : 100);
    const found = [];
    for (let i = 0; i <= points; i++) {
      const raw = low + ((high - low) * i) / points;
      const value = name === "top_k" ? Math.round(raw) : +raw.toFixed(4);
      const stages = stagesOf(self.raw, self.counts, { ...active(), [name]: value }, self.settings.order);
      const row = stages[stages.length - 1].row;
      const id = row.ids[drawFrom(row, self.u)];
      if (found.length && found[found.length - 1].id === id) found[found.length - 1].to = value;
      else found.push({ id, from: value, to: value });
    }
    drawSweep($(".sweep"), self, found, name, [low, high]);
  }

  $(".u").addEventListener("input", (event) => setU(Number(event.target.value)));
  $(".cumulative").addEventListener("click", (event) => setU(Math.min(event.offsetX / event.target.clientWidth, 0.9999)));
  $(".roll").addEventListener("click", () => setU(Math.random()));
  $(".thousand").addEventListener("click", () => {
    self.draws = drawMany(self.now.last, 1000, Math.random);
    redraw();
  });
  function setU(u) {
    self.u = u;
    self.flips = [];
    self.cause = null;
    throwDice();
    clearTimeout(sweeper);
    sweeper = setTimeout(sweep, 120);
  }

  // ---- around ----

  const redraw = () => {
    self.places = drawBars($(".bars"), self);
    throwDice();
  };
  $(".off").addEventListener("click", () => {
    Object.assign(self.settings.values, STAGE_OFF);
    self.settings.off = [];
    changed("temperature");
  });
  $(".reorder").addEventListener("click", () => {
    self.settings.order = [...STAGE_ORDER];
    arrange();
    changed(self.touched);
  });
  $(".count").addEventListener("change", (event) => {
    self.count = Number(event.target.value);
    update();
  });
  $(".axis").addEventListener("change", () => update());
  self.logarithmic = () => $(".axis").value === "log";
  self.label = (id) => self.labels.get(id) ?? `token ${id}`;

  function point(i) {
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
  const at = (event) => {
    const i = Math.floor((event.offsetX - self.places.left) / self.places.step);
    return i >= 0 && i < self.now.shown.length ? i : null;
  };
  $(".bars").addEventListener("pointermove", (event) => point(at(event)));
  $(".bars").addEventListener("pointerleave", () => point(null));
  $("tbody").addEventListener("pointerover", (event) => point(event.target.closest("tr")?.rowIndex - 1));
  $("tbody").addEventListener("pointerleave", () => point(null));

  self.count = 20;
  const unwatch = onThemeChange(root, () => self.header && update());
  const sizes = new ResizeObserver(() => self.header && update());
  sizes.observe($(".view"));
  self.show = (header, logits) => {
    const first = !self.header;
    const same = !first && header.key === self.header.key;
    self.header = header;
    self.labels = new Map(header.label_ids.map((id, i) => [id, header.labels[i]]));
    if (!same) {
      self.logits = logits;
      self.raw = rawRow(logits);
      self.before = spread(self.raw, logits.length);
      self.rawRank = new Int32Array(logits.length).fill(-1);
      self.raw.ids.forEach((id, i) => (self.rawRank[id] = i));
      self.counts = countIds(header.context);
      [self.u, self.flips, self.chosen, self.draws] = [header.u, [], undefined, null];
    }
    if (first || header.revision !== self.revision) {
      clearTimeout(timer); // the page decided: what had not been sent yet is out of date
      self.settings = structuredClone(header.settings);
      self.revision = header.revision;
      self.draws = null;
      arrange();
    }
    update();
  };
  self.destroy = () => {
    for (const t of [timer, sweeper]) clearTimeout(t);
    cancelAnimationFrame(frame);
    unwatch();
    sizes.disconnect();
  };
  return self;
}
