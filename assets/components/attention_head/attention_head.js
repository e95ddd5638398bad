// @ts-check
// The open head twice: as a heat map, and as lines between two columns of tokens. Its numbers are those of the grid of heads.

/** @import { Theme } from "../shared/theme.js" */
/** @typedef {[number, number]} Cell reader and source */
/** @typedef {{ weights: Float32Array, colours: Uint32Array, canvas: HTMLCanvasElement }} Drawn a picture, and what it was drawn from */

import { linkedStore } from "../heads/store.js";
import { penOn, pictureOf } from "../shared/canvas.js";
import { element, find } from "../shared/elements.js";
import { announceHover, listenPin, takeAdded } from "../shared/events.js";
import { forHand } from "../shared/hand.js";
import { adds, arrow } from "../shared/keys.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";
import { clip } from "../shared/signs.js";
import { THEME, applyTheme, mix, onThemeChange, pixelsOf } from "../shared/theme.js";

const MARGIN = 66; // pixels beside the heat map for the tokens along its diagonal
const COLUMN = 104; // pixels of each column of tokens
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]]; // of the lines of the first pinned token, the second, …
const [LOW, HIGH] = [15, 24]; // pixels of a token in the columns: the whole text when it fits, else it scrolls

const quoted = (/** @type {string} */ text) => element("code", {}, text);

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [heat, scroll, lines, spacer, box, aside, panels] =
    find(root, ".heat canvas", ".scroll", ".scroll canvas", ".spacer", "input", ".aside span", ".panels");
  const [name, note, from, by] = find(root, ".name", ".note", ".from", ".by");
  const store = linkedStore;
  const self = {
    cell: /** @type {Cell | null} */ (null), theme: /** @type {Theme} */ (/** @type {unknown} */ (null)), coloured: /** @type {Theme | null} */ (null),
    table: /** @type {string[]} */ ([]), colours: new Uint32Array(), drawn: /** @type {Drawn | null} */ (null), sized: "", unit: 0, row: 0,
    query: /** @type {number | null} */ (null), send: nowhere,
  };
  const label = (/** @type {number} */ i) => store.header.labels[i];
  const penOf = (/** @type {HTMLCanvasElement} */ canvas) => {
    const made = penOn(canvas, `12px ${THEME.fonts.code}`);
    made.pen.textBaseline = "middle";
    return made;
  };

  // ---- the heat map: a row for each reader, labelled where it ends, on the diagonal ----

  function drawHeat() {
    const { theme } = self;
    const { length } = store.header;
    if (!heat.clientWidth) return;
    const { pen: p, width, height } = penOf(heat);
    const side = Math.max(Math.min(width - MARGIN, height - 8), 40);
    const unit = (self.unit = side / length);
    p.imageSmoothingEnabled = false;
    p.fillStyle = theme.surface;
    p.beginPath(); // what may be looked at: the staircase below the diagonal
    p.moveTo(0, 0);
    for (let q = 0; q < length; q++) {
      p.lineTo((q + 1) * unit, q * unit);
      p.lineTo((q + 1) * unit, (q + 1) * unit);
    }
    p.lineTo(0, side);
    p.fill();
    if (unit > 8) cells(p, unit);
    else p.drawImage(picture(), 0, 0, side, side);
    const asked = new Set(store.queries());
    const every = Math.ceil(11 / unit);
    for (let i = 0; i < length; i++) {
      if (i % every && !asked.has(i)) continue;
      p.fillStyle = asked.has(i) ? theme.roles.attention : theme.muted;
      p.font = `${asked.has(i) ? 600 : 400} ${unit >= 13 ? 11.5 : 10}px ${THEME.fonts.code}`;
      const room = Math.floor((width - (i + 1) * unit - 5) / 6.3);
      p.fillText(clip(label(i), Math.min(room, 16)), (i + 1) * unit + 5, (i + 0.5) * unit);
    }
    p.lineWidth = 1.5;
    for (const q of asked) {
      p.strokeStyle = theme.roles.attention;
      p.strokeRect(0.75, q * unit, (q + 1) * unit - 0.75, unit);
      p.strokeStyle = theme.roles.token;
      p.strokeRect(q * unit, q * unit, unit, side - q * unit);
    }
    if (self.cell) {
      p.strokeStyle = theme.text;
      p.strokeRect(self.cell[1] * unit, self.cell[0] * unit, unit, unit);
    }
    if (height - side > 44) legend(p, side + 26, Math.min(side, 240));
    heat.setAttribute("aria-label", `Attention weights of ${title()}: a row for each reader. Arrow keys move, Enter pins.`);
  }

  /** @param {CanvasRenderingContext2D} p @param {number} unit */
  function cells(p, unit) {
    for (let q = 0; q < store.header.length; q++)
      store.row(q).forEach((weight, k) => {
        p.fillStyle = self.table[Math.round(255 * Math.sqrt(weight))];
        if (weight > 1e-5) p.fillRect(k * unit, q * unit, unit - 0.6, unit - 0.6);
      });
  }

  // A long text: a pixel for each cell, enlarged at once; kept while the same weights are on show.
  function picture() {
    const weights = store.matrix();
    if (self.drawn?.weights === weights && self.drawn.colours === self.colours) return self.drawn.canvas;
    const { length } = store.header;
    const pixels = new Uint32Array(length * length);
    for (let q = 0, at = 0; q < length; at += ++q)
      for (let k = 0; k <= q; k++) pixels[q * length + k] = self.colours[Math.round(255 * Math.sqrt(weights[at + k]))];
    self.drawn = { weights, colours: self.colours, canvas: pictureOf(length, length, pixels) };
    return self.drawn.canvas;
  }

  // Which colour is how much.
  /** @param {CanvasRenderingContext2D} p @param {number} y @param {number} long */
  function legend(p, y, long) {
    for (let i = 0; i < long; i++) {
      p.fillStyle = self.table[Math.round((255 * i) / long)];
      p.fillRect(i, y, 1.2, 7);
    }
    p.font = `10px ${THEME.fonts.code}`;
    p.fillStyle = self.theme.muted;
    for (const share of [0, 0.05, 0.25, 1]) {
      p.textAlign = share === 1 ? "right" : share ? "center" : "left";
      p.fillText(`${100 * share} %`, long * Math.sqrt(share), y + 16);
    }
    p.textAlign = "left";
  }

  // ---- the lines: what the tokens in question read from, and who reads them ----

  function drawLines() {
    const { theme } = self;
    const { length } = store.header;
    const [width, height] = [scroll.clientWidth, scroll.clientHeight];
    if (!width) return;
    const ROW = (self.row = Math.min(Math.max(height / length, LOW), HIGH));
    if (self.sized !== `${length} ${height}`) {
      spacer.style.height = `${length * ROW}px`;
      lines.style.height = `${height}px`;
      self.sized = `${length} ${height}`;
    }
    const { pen: p } = penOf(lines);
    const top = scroll.scrollTop;
    const y = (/** @type {number} */ i) => (i + 0.5) * ROW - top;
    const inside = (/** @type {number} */ i) => y(i) > -ROW && y(i) < height + ROW;
    const asked = store.queries();
    const [reads, readBy] = sums(asked);
    const [left, right] = [COLUMN, width - COLUMN];
    /**
     * @param {number} q
     * @param {number} k
     * @param {number} weight
     * @param {string} colour
     * @param {number} strength
     * @param {number[]} [dash]
     */
    const line = (q, k, weight, colour, strength, dash = []) => {
      p.setLineDash(dash);
      p.strokeStyle = colour;
      p.globalAlpha = Math.min(0.1 + Math.sqrt(weight), 1) * strength;
      p.lineWidth = 0.7 + 5 * weight;
      p.beginPath();
      p.moveTo(left, y(q));
      p.bezierCurveTo((left + right) / 2, y(q), (left + right) / 2, y(k), right, y(k));
      p.stroke();
    };
    for (let q = 0; q < length; q++) {
      if (!inside(q)) continue; // the other tokens, faintly
      const row = store.row(q);
      for (let k = 0; k <= q; k++) if (row[k] > 0.08) line(q, k, row[k], theme.muted, 0.22);
    }
    if (store.side !== "reader")
      asked.forEach((k, n) => {
        for (let q = k; q < length; q++) if (store.at(q, k) > 0.01) line(q, k, store.at(q, k), theme.roles.token, 0.75, DASHES[n % DASHES.length]);
      });
    if (store.side !== "source")
      asked.forEach((q, n) => {
        for (let k = 0; k <= q; k++) if (store.at(q, k) > 0.005) line(q, k, store.at(q, k), theme.roles.attention, 1, DASHES[n % DASHES.length]);
      });
    p.setLineDash([]);
    p.globalAlpha = 1;
    for (let i = 0; i < length; i++) {
      if (!inside(i)) continue;
      token(p, i, y(i), 0, "right", left - 6, asked.includes(i), store.side === "reader" ? 0 : readBy[i], theme.roles.token);
      token(p, i, y(i), right, "left", right + 6, asked.includes(i), store.side === "source" ? 0 : reads[i], theme.roles.attention);
    }
    const sizes = asked.map((i) => `${label(i)} (${i})`).join(" + ");
    lines.setAttribute("aria-label", `Lines from readers on the left to what they read from on the right, for ${sizes}`);
  }

  // A token of a column, with its share behind it as a bar and as a number.
  /**
   * @param {CanvasRenderingContext2D} p
   * @param {number} i
   * @param {number} y
   * @param {number} x
   * @param {CanvasTextAlign} align
   * @param {number} at
   * @param {boolean} asked
   * @param {number} share
   * @param {string} colour
   */
  function token(p, i, y, x, align, at, asked, share, colour) {
    const thick = self.row - 4;
    const outer = align === "right" ? 0 : x + COLUMN;
    if (share > 0.001) {
      const long = Math.min(share, 1) * (COLUMN - 8);
      p.fillStyle = colour;
      p.globalAlpha = 0.22;
      p.fillRect(align === "right" ? at + 2 - long : at - 2, y - thick / 2, long, thick);
      p.globalAlpha = 1;
    }
    p.textAlign = align;
    p.fillStyle = asked ? colour : self.theme.text;
    p.font = `${asked ? 600 : 400} 12px ${THEME.fonts.code}`;
    p.fillText(clip(label(i), share >= 0.01 ? 8 : 13), at, y);
    if (share < 0.01) return;
    p.textAlign = align === "right" ? "left" : "right";
    p.fillStyle = self.theme.muted;
    p.font = `10px ${THEME.fonts.code}`;
    p.fillText(percent(share), align === "right" ? outer + 2 : outer - 2, y);
  }

  // What the asked tokens read from each token, and what each later reader takes from them: sums over the asked.
  function sums(/** @type {number[]} */ asked) {
    const { length } = store.header;
    const [reads, readBy] = [new Float32Array(length), new Float32Array(length)];
    for (const a of asked) {
      store.row(a).forEach((weight, k) => (reads[k] += weight));
      for (let q = a; q < length; q++) readBy[q] += store.at(q, a);
    }
    return [reads, readBy];
  }

  // ---- words ----

  function title() {
    const heads = store.shown();
    if (heads.length === 1) return `layer ${heads[0][0]}, head ${heads[0][1]}`;
    if (heads.length === store.all().length) return `the mean of all ${heads.length} heads`;
    return `the mean of heads ${heads.map(([l, h]) => `${l}.${h}`).join(", ")}`;
  }

  /**
   * @param {HTMLElement} paragraph
   * @param {string} lead
   * @param {Float32Array} shares
   * @param {(Node | string)[]} who
   */
  function tell(paragraph, lead, shares, who) {
    const best = [...shares.keys()].filter((i) => shares[i] > 0.0005).sort((a, b) => shares[b] - shares[a]).slice(0, 4);
    const parts = best.flatMap((i, n) => [n ? ", " : " ", quoted(label(i)), ` ${percent(shares[i])}`]);
    paragraph.replaceChildren(...who, element("b", {}, lead), ...(best.length ? parts : [" nothing"]));
  }

  function say() {
    const heading = title();
    name.textContent = heading[0].toUpperCase() + heading.slice(1) + (store.isolated ? ", alone" : "");
    box.checked = store.aside;
    const first = label(0);
    aside.textContent = `set the first token (${first}) aside`;
    if (self.cell) {
      const [q, k] = self.cell;
      const weight = percent(store.at(q, k));
      from.replaceChildren(quoted(label(q)), " ", element("b", {}, "reads from "), quoted(label(k)), ` : ${weight}`);
      by.replaceChildren(`row ${q}, column ${k}`);
    } else {
      const asked = store.queries();
      const [reads, readBy] = sums(asked);
      const who = () => asked.flatMap((i, n) => [...(n ? ["+ "] : []), quoted(label(i)), " "]);
      tell(from, asked.length > 1 ? "together read from" : "reads from", reads, who());
      tell(by, asked.length > 1 ? "together are read by" : "is read by", readBy, who());
    }
    const asked = store.queries();
    const kept = store.pins.length ? "" : " Nothing is pinned: the last token is shown.";
    const summed = asked.length > 1 ? ` The shares of ${asked.length} tokens are added: they sum to ${asked.length} × 100 %.` : "";
    note.textContent = store.aside
      ? `Without the first token: what each row gave to it (${label(store.query())}: ${percent(toFirst(store.query()))}) is left out and the rest divided by what remains, so that each row adds up to 100 % again.${summed}`
      : `${forHand("Colours follow the square root of the weight. Click pins a token, shift-click adds one to the sum, here or in the text, Escape unpins.")}${summed}${kept}`;
  }
  // What a token gave to the first, in the mean of the heads on show.
  function toFirst(/** @type {number} */ q) {
    const heads = store.shown();
    return heads.reduce((sum, [layer, head]) => sum + store.given(layer, head, q)[0], 0) / heads.length;
  }

  function draw() {
    if (!store.header) return;
    self.theme ??= applyTheme(root);
    if (self.coloured !== self.theme) {
      self.table = Array.from({ length: 256 }, (_, i) => `rgb(${mix(self.theme.sequential, i / 255)})`);
      self.colours = pixelsOf(self.theme.sequential);
    }
    self.coloured = self.theme;
    const { length } = store.header;
    if (self.cell && self.cell[0] >= length) self.cell = null;
    drawHeat();
    drawLines();
    if (self.query !== store.query() && !lines.matches(":hover")) bring(store.query());
    self.query = store.query();
    say();
  }

  // ---- the hand ----

  const send = paced((pins) => self.send("pins", pins));
  function pin(/** @type {number[]} */ positions) {
    send({ positions, turn: store.choose("pins", store.pinning(positions)) });
  }
  /** @param {number} i @param {boolean} add */
  function toggle(i, add) {
    const { pins } = store;
    if (add) return pin(pins.includes(i) ? pins.filter((p) => p !== i) : [...pins, i]);
    pin(pins.length === 1 && pins[0] === i ? [] : [i]);
  }
  function bring(/** @type {number} */ i) {
    const low = (i + 3) * self.row - scroll.clientHeight;
    scroll.scrollTop = Math.min(Math.max(scroll.scrollTop, low), Math.max((i - 2) * self.row, 0));
  }

  function cellAt(/** @type {MouseEvent} */ event) {
    const [k, q] = [event.offsetX, event.offsetY].map((v) => Math.floor(v / self.unit));
    const { length } = store.header;
    return q >= 0 && q < length && k >= 0 && k <= q ? /** @type {Cell} */ ([q, k]) : null;
  }
  heat.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    const cell = cellAt(event);
    if (String(cell) === String(self.cell)) return;
    self.cell = cell;
    announceHover(cell ? cell[0] : null);
    draw();
  });
  heat.addEventListener("pointerleave", () => {
    self.cell = null;
    announceHover(null);
    draw();
  });
  // A cell pins its reader, and the heads are ranked by what it reads from there. The same cell again: unpinned.
  function choose(/** @type {Cell} */ [q, k], /** @type {boolean} */ add) {
    const again = String(store.pair) === String([q, k]);
    if (add || again || store.pins.length !== 1 || store.pins[0] !== q) toggle(q, add);
    if (!add && store.pins.length) store.set({ pair: [q, k] });
  }
  heat.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const cell = cellAt(event);
    if (cell) choose(cell, adds(event));
  });
  heat.addEventListener("blur", () => self.cell && ((self.cell = null), draw()));
  heat.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = arrow(event);
    const { length } = store.header;
    if (event.key === "Escape") pin([]);
    else if ((event.key === "Enter" || event.key === " ") && self.cell) choose(self.cell, adds(event));
    else if (way) {
      const [q, k] = self.cell ?? [store.query(), store.query()];
      const row = Math.min(Math.max(q + way[1], 0), length - 1);
      self.cell = [row, Math.min(Math.max(k + way[0], 0), row)];
      announceHover(row);
      draw();
    } else return;
    event.preventDefault();
  });

  const tokenAt = (/** @type {MouseEvent} */ event) => {
    const i = Math.floor((event.offsetY + scroll.scrollTop) / self.row);
    return i >= 0 && i < store.header.length ? i : null;
  };
  lines.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    const side = event.offsetX < COLUMN ? "reader" : event.offsetX > lines.clientWidth - COLUMN ? "source" : null;
    const hovered = side ? tokenAt(event) : null;
    if (hovered === store.hovered && side === store.side) return;
    announceHover(hovered);
    if (hovered !== null) store.set({ side });
  });
  lines.addEventListener("pointerleave", () => announceHover(null));
  lines.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const i = tokenAt(event);
    if (i !== null) toggle(i, adds(event));
  });
  scroll.addEventListener("scroll", () => drawLines());
  box.addEventListener("change", () => {
    self.send("aside", { on: box.checked, turn: store.choose("aside", { aside: box.checked }) });
  });

  const unwatch = onThemeChange(root, () => {
    self.theme = applyTheme(root);
    draw();
  });
  const sizes = new ResizeObserver(draw);
  sizes.observe(panels);
  // A pin of the strip is here at once: the server, which the strip tells, would be too late for one that is added quickly.
  const unfollow = listenPin((position) => store.set(store.pinning(position === null ? [] : [position])));
  const refuse = takeAdded((position) => store.header && position < store.header.length && toggle(position, true));
  const hush = store.subscribe(draw);
  return Object.assign(self, { show: draw, destroy: ending(send.cancel, hush, unfollow, refuse, unwatch, () => sizes.disconnect()) });
}

export default component(build);
