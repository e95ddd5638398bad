// @ts-check
// An opened block of the residual stream: its tensors as heat strips, and what the cell pointed at is. stream.js says what
// `self` holds; `tools` are its ways to read the array: cell(name, position, index), label(position), spot().
/** @import { StreamHeader, TensorFacts } from "../headers.js" */

import { element } from "../shared/elements.js";
import { arrow } from "../shared/keys.js";
import { percent } from "../shared/numbers.js";
import { arithmetic, written } from "./arithmetic.js";

/**
 * A tensor of the block as a strip of cells.
 * @typedef {object} Strip
 * @property {string} name
 * @property {TensorFacts} spec
 * @property {number} heads 0: a vector
 * @property {number} count numbers, of each head
 * @property {number} rows of cells
 * @property {number} columns
 * @property {HTMLElement} node
 * @property {HTMLCanvasElement} canvas
 * @property {HTMLElement} mark
 * @property {HTMLElement} kept
 * @property {HTMLElement} range
 */
/** @typedef {number[]} Index [i] of a vector, [head, i] of a matrix */
/** @typedef {{ strip: Strip, index: Index }} Spot */
/**
 * @typedef {object} Stream what this takes of stream.js
 * @property {StreamHeader} header
 * @property {Strip[]} strips
 * @property {Spot | null} cell that is pointed at
 * @property {number} seen width in pixels
 * @property {Record<string, [number, number, number][]>} tables of colours
 * @property {HTMLElement} readout
 * @property {import("../shared/mount.js").Send} send
 */
/**
 * @typedef {object} Tools
 * @property {HTMLElement} flow
 * @property {(name: string, position: number, index: Index) => number} cell
 * @property {(position: number) => string} label
 * @property {() => number} spot
 */

const HINT =
  "Each line of cells is a tensor at the chosen token: blue positive, orange negative, blank near zero. " +
  "Point at a cell for its value, formula and inputs; click it for the whole arithmetic. " +
  "Keyboard: Tab to a strip, arrow keys to walk, Enter to keep a cell, Escape to leave.";

/**
 * @param {Stream} self
 * @param {Tools} tools
 */
export function openedBlock(self, { flow, cell, label, spot }) {
  function open(/** @type {{ node: HTMLElement }} */ made) {
    const parts = (self.header.parts ?? []).map(([title, role, lines]) => {
      const rows = lines.map((names) => element("div", { class: "line" }, ...names.map(tensor)));
      return element("div", { class: "part", style: { "--part": `var(--gb-${role})` } }, element("b", {}, title), ...rows);
    });
    const strips = element("div", { class: "strips" }, ...parts);
    self.readout = element("div", { class: "readout" });
    const region = { class: "detail", role: "region", "aria-label": `Inside block ${self.header.opened}`, style: { width: `${self.seen}px` } };
    made.node.after(element("div", region, strips, self.readout));
    for (const strip of self.strips) size(strip);
    seen.disconnect();
    seen.observe(strips);
  }

  function refresh() {
    for (const strip of self.strips) paint(strip);
    readout();
  }

  // On a narrow window the readout stands at its lower edge, as long as the strips are in sight.
  const seen = new IntersectionObserver(([entry]) => self.readout?.classList.toggle("away", !entry.isIntersecting));

  function tensor(/** @type {string} */ name) {
    const spec = /** @type {Record<string, TensorFacts>} */ (self.header.tensors)[name];
    const shape = self.header.arrays[name][1];
    const [heads, count] = shape.length === 3 ? [shape[1], shape[2]] : [0, shape[1]];
    const said = `${name}, ${spec.words}: ${heads ? `${heads} heads of ` : ""}${count} numbers. Arrow keys walk, Enter keeps a cell.`;
    const canvas = element("canvas", { "aria-hidden": true });
    const [mark, kept] = ["mark", "mark kept"].map((kind) => element("div", { class: kind, hidden: true }));
    const range = element("span", { class: "range" });
    const node = element("div", { class: "strip", tabindex: 0, role: "group", "data-name": name, "aria-label": said }, canvas, kept, mark);
    const title = element("div", {}, element("code", {}, name), element("span", { class: "words" }, spec.words), range);
    const box = element("div", { class: "tensor", style: spec.least ? { "--least": `${spec.least}px` } : null }, title, node);
    const strip = { name, spec, heads, count, node, canvas, mark, kept, range, rows: 0, columns: 0 };
    self.strips.push(strip);
    node.addEventListener("pointermove", (event) => choose(strip, under(strip, event)));
    node.addEventListener("pointerleave", () => choose(null));
    node.addEventListener("focus", () => node.matches(":focus-visible") && choose(strip, self.cell?.strip === strip ? self.cell.index : first(strip)));
    node.addEventListener("blur", () => choose(null));
    node.addEventListener("click", (event) => hold(strip, under(strip, event)));
    node.addEventListener("keydown", (event) => step(event, strip));
    return box;
  }

  // How many rows and columns of cells: a row for each head, or as many as keep a cell three pixels wide.
  function size(/** @type {Strip} */ strip) {
    const room = Math.max(60, strip.node.clientWidth);
    strip.rows = strip.heads || Math.ceil((3 * strip.count) / room);
    strip.columns = strip.heads ? strip.count : Math.ceil(strip.count / strip.rows);
    strip.canvas.width = strip.columns;
    strip.canvas.height = strip.rows;
    strip.node.style.setProperty("--tall", `${strip.rows === 1 ? 16 : strip.rows * (strip.heads ? 10 : 9)}px`);
  }

  const first = (/** @type {Strip} */ strip) => (strip.heads ? [0, 0] : [0]);
  /** @param {Strip} strip @param {number} r @param {number} c */
  const indexAt = (strip, r, c) => (strip.heads ? [r, c] : [r * strip.columns + c]);
  /** @param {Strip} strip @param {Index} index */
  const placeOf = (strip, index) =>
    strip.heads ? index : [Math.floor(index[0] / strip.columns), index[0] % strip.columns];
  /** @param {Strip} strip @param {Index} index */
  const exists = (strip, index) => index.every((i) => i >= 0) && (strip.heads ? index[0] < strip.heads && index[1] < strip.count : index[0] < strip.count);
  /** @param {Strip} strip @param {Index} index @param {number} position */
  const masked = (strip, index, position) => strip.spec.keys && index[1] > position;

  /** @param {Strip} strip @param {PointerEvent | MouseEvent} event */
  function under(strip, event) {
    const box = strip.canvas.getBoundingClientRect();
    const r = Math.floor(((event.clientY - box.top) / box.height) * strip.rows);
    const c = Math.floor(((event.clientX - box.left) / box.width) * strip.columns);
    const index = indexAt(strip, Math.min(Math.max(r, 0), strip.rows - 1), Math.min(Math.max(c, 0), strip.columns - 1));
    return exists(strip, index) ? index : null;
  }

  function paint(/** @type {Strip} */ strip) {
    const position = spot();
    const image = new ImageData(strip.columns, strip.rows);
    let limit = strip.spec.shares ? 1 : 0;
    const cells = [];
    for (let r = 0; r < strip.rows; r++)
      for (let c = 0; c < strip.columns; c++) {
        const index = indexAt(strip, r, c);
        if (!exists(strip, index) || masked(strip, index, position)) continue;
        const value = cell(strip.name, position, index);
        if (!strip.spec.shares) limit = Math.max(limit, Math.abs(value));
        cells.push([4 * (r * strip.columns + c), value]);
      }
    const table = self.tables[strip.spec.shares ? "sequential" : "diverging"];
    for (const [at, value] of cells) {
      const t = strip.spec.shares ? value : 0.5 + (0.5 * value) / (limit || 1);
      image.data.set([...table[Math.round(255 * t)], 255], at);
    }
    strip.canvas.getContext("2d")?.putImageData(image, 0, 0);
    strip.range.textContent = strip.spec.shares ? "0 to 100 %" : `±${limit.toPrecision(3)}`;
    const held = self.header.cell;
    outline(strip, strip.kept, held?.name === strip.name && exists(strip, held.index) ? held.index : null);
  }

  /** @param {Strip} strip @param {HTMLElement} mark @param {Index | null} index */
  function outline(strip, mark, index) {
    mark.hidden = !index;
    if (!index) return;
    const [r, c] = placeOf(strip, index);
    const box = [c / strip.columns, r / strip.rows, 1 / strip.columns, 1 / strip.rows].map((x) => 100 * x);
    mark.style.cssText = `left:calc(${box[0]}% - 2px);top:calc(${box[1]}% - 2px);width:calc(${box[2]}% + 4px);height:calc(${box[3]}% + 4px)`;
  }

  function choose(/** @type {Strip | null} */ strip, index = /** @type {Index | null} */ (null)) {
    self.cell = strip && index ? { strip, index } : null;
    for (const other of self.strips) outline(other, other.mark, other === strip ? index : null);
    readout();
  }

  /** @param {Strip} strip @param {Index | null} index */
  function hold(strip, index) {
    if (!index || masked(strip, index, spot())) return;
    const kept = self.header.cell;
    const same = kept?.name === strip.name && String(kept.index) === String(index);
    self.header.cell = same ? null : { name: strip.name, index };
    for (const other of self.strips) paint(other);
    self.send("cell", { name: same ? "" : strip.name, index });
  }

  /** @param {KeyboardEvent} event @param {Strip} strip */
  function step(event, strip) {
    const index = self.cell?.strip === strip ? self.cell.index : first(strip);
    const [r, c] = placeOf(strip, index);
    const way = arrow(event);
    if (event.key === "Enter" || event.key === " ") hold(strip, index);
    else if (event.key === "Escape") {
      if (self.header.cell) self.send("cell", { name: "", index });
      else self.send("open", { layer: null });
      /** @type {HTMLElement | null} */ (flow.querySelector(`[data-layer="${self.header.opened}"]`))?.focus();
    } else if (way) {
      const [nr, nc] = [r + way[1], c + way[0]];
      const next = indexAt(strip, nr, nc);
      if (nr >= 0 && nr < strip.rows && nc >= 0 && nc < strip.columns && exists(strip, next)) choose(strip, next);
      else if (way[1]) self.strips[self.strips.indexOf(strip) + way[1]]?.node.focus();
    } else return;
    event.preventDefault();
  }

  // ---- what a cell is ----
  function readout() {
    if (self.header?.opened === null || !self.strips.length) return;
    const held = self.header.cell;
    const kept = held && self.strips.find((s) => s.name === held.name);
    const shown = self.cell ?? (kept && exists(kept, held.index) ? { strip: kept, index: held.index } : null);
    for (const strip of self.strips) strip.node.classList.toggle("source", Boolean(shown?.strip.spec.reads.includes(strip.name)));
    self.readout.classList.toggle("empty", !shown);
    if (!shown) return self.readout.replaceChildren(element("b", {}, `Inside block ${self.header.opened}`), element("p", {}, HINT));
    const { strip, index } = shown;
    const title = element("b", {}, `${strip.name} [${index.join(", ")}]`);
    self.readout.replaceChildren(title, element("div", { class: "value" }, valueOf(strip, index)), facts(strip, index));
    beside(strip);
  }

  /** @param {Strip} strip @param {Index} index */
  function valueOf(strip, index) {
    if (masked(strip, index, spot())) return "masked";
    const value = cell(strip.name, spot(), index);
    return strip.spec.shares ? percent(value) : written(value);
  }

  /** @param {Strip} strip @param {Index} index */
  function facts(strip, index) {
    const { spec, heads } = strip;
    const position = spot();
    const at = (/** @type {number} */ place) => `${label(place)} (position ${place})`;
    const place = spec.keys ? ["reads from", at(index[1])] : ["number", index[index.length - 1]];
    const where = heads ? [index[0], position, index[1]] : [position, index[0]];
    const rows = [
      ["what", spec.words],
      ["token", at(position)],
      ...(heads ? [["head", index[0]], place] : [place]),
      ["formula", spec.formula],
      ["here", masked(strip, index, position) ? "a token cannot look at a later one" : numbers(strip, position, index)],
      ["inputs", spec.inputs],
      ["site", spec.site || "between two sites, recomputed"],
      ["shape", spec.shape],
      ["Python", `${spec.code}[${[...(spec.site ? [self.header.opened] : []), ...where].join(", ")}]`],
    ];
    const row = (/** @type {(string | number)[]} */ [name, text]) => [element("dt", {}, name), element("dd", { class: name === "Python" ? "code" : null }, text)];
    return element("dl", {}, ...rows.flatMap(row));
  }

  // Where there is room for two columns, the readout stands level with the strip that it explains.
  function beside(/** @type {Strip} */ strip) {
    const [strips, box] = [/** @type {HTMLElement} */ (self.readout.previousSibling), self.readout.getBoundingClientRect()];
    const frame = strips.getBoundingClientRect();
    const wanted = strip.node.getBoundingClientRect().top - frame.top - 60;
    const down = box.left < frame.right ? 0 : Math.min(Math.max(0, wanted), Math.max(0, frame.height - box.height));
    self.readout.style.marginTop = `${down}px`;
  }

  /** @param {Strip} strip @param {number} position @param {Index} index */
  const numbers = (strip, position, index) => {
    const { name, spec } = strip;
    return arithmetic({ name, index, position, spec, width: self.header.arrays.q[1][2], cell, label });
  };

  return { open, refresh, destroy: () => seen.disconnect() };
}

