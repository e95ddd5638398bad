// @ts-check
// What linked views of the heads share: the numbers, which heads are open, and which tokens are pinned.
/** @import { HeadsHeader } from "../headers.js" */
/** @typedef {[number, number]} Head layer and head */
/** @typedef {"open" | "pins" | "aside"} Part of the view: each is changed on its own */

import { listenHover } from "../shared/events.js";
import { average, triangle, withoutFirst } from "./weights.js";

export class Store {
  /** Null until the grid has filled the store, which is before any of its listeners hears of it. */
  header = /** @type {HeadsHeader} */ (/** @type {unknown} */ (null));
  /** For each head the rows of its pattern one after another, row q with q + 1 numbers. */
  weights = new Float32Array();
  /** What they were made from: q, k, v and z of every head, (T, size) each, of one reading of a text. */
  made = { reading: -1, size: 0, numbers: new Float32Array() };
  /** @type {Head[]} the heads on show; none means the mean of all */ open = [[0, 0]];
  isolated = false;
  /** @type {Head | null} the head that is pointed at */ peek = null;
  /** @type {number[]} */ pins = [];
  /** @type {[number, number] | null} reader and source: the two tokens chosen last, in whatever order */ pair = null;
  aside = false;
  /** @type {number | null} */ hovered = null;
  /** @type {"reader" | "source" | null} the column of lines that is pointed at */ side = null;
  /** @type {object | null} the view that is being read, while hovering changes nothing here */ reader = null;
  turns = { open: 0, pins: 0, aside: 0 };
  heard = { open: Infinity, pins: Infinity, aside: Infinity };
  /** @type {Float32Array | null} */ memo = null;
  /** @type {Set<() => void>} */ listeners = new Set();

  constructor() {
    this.close = listenHover((position) => {
      if (this.header && !this.reader && position !== this.hovered) this.set({ hovered: position, side: null });
    });
  }

  /** @param {() => void} listener */
  subscribe(listener) {
    this.listeners.add(listener);
    if (this.header) listener();
    return () => void this.listeners.delete(listener);
  }

  /** @param {Partial<Store>} change */
  set(change) {
    Object.assign(this, change);
    if (["open", "isolated", "peek", "aside", "weights"].some((name) => name in change)) this.memo = null;
    for (const listener of this.listeners) listener();
  }

  /**
   * What pinning these positions changes: the pins, and the pair whose link the heads are ranked by.
   * @param {number[]} pins
   * @returns {{ pins: number[], pair: [number, number] | null }}
   */
  pinning(pins) {
    const ends = pins.length > 1 ? pins.slice(-2) : [this.pins.at(-1) ?? -1, pins.at(-1) ?? -1];
    const [source, reader] = ends.sort((a, b) => a - b);
    return { pins, pair: !pins.length || source < 0 ? null : source < reader ? [reader, source] : this.pair };
  }

  /**
   * Every head by how much the reader of the pair reads from its source, most first; none without a pair.
   * @returns {{ head: Head, share: number }[]}
   */
  ranked() {
    if (!this.pair) return [];
    const [reader, source] = this.pair;
    const shares = this.all().map((head) => ({ head, share: this.given(...head, reader)[source] }));
    return shares.sort((a, b) => b.share - a.share);
  }

  /**
   * A view is read, or no more: hovering in it is not to change what it shows.
   * @param {object} view
   * @param {boolean} on
   */
  read(view, on) {
    if (on) this.reader = view;
    else if (this.reader === view) this.reader = null;
  }

  /**
   * A change of a part of the view by the visitor: shown at once. The server is told its turn, and says it back.
   * @param {Part} part
   * @param {Partial<Store>} change
   */
  choose(part, change) {
    this.set(change);
    return ++this.turns[part];
  }

  /**
   * Takes what the server sends.
   * @param {HeadsHeader} header
   * @param {Float32Array<ArrayBuffer>} weights
   */
  fill(header, weights) {
    if (String(this.header?.labels) !== String(header.labels)) this.pair = null; // of another text
    this.set({ header, weights, ...(header.view ? this.upToDate(header.view) : {}) });
  }

  /**
   * What the server says of a part is out of date while a later change of that part is on its way. (Turns that went back are
   * those of a new session.)
   * @param {NonNullable<HeadsHeader["view"]>} view
   * @returns {Partial<Store>}
   */
  upToDate(view) {
    const { open, isolated, pins, aside, turns } = view;
    const parts = { open: { open, isolated }, pins: pins.length > 1 ? this.pinning(pins) : { pins }, aside: { aside } };
    const update = {};
    for (const part of /** @type {Part[]} */ (Object.keys(parts))) {
      const turn = turns[part];
      const late = turn < this.turns[part] && turn >= this.heard[part];
      this.heard[part] = turn;
      if (late) continue;
      this.turns[part] = turn;
      Object.assign(update, parts[part]);
    }
    return update;
  }

  /** The page is left: whatever the server says next counts. */
  forget() {
    this.peek = null;
    this.heard = { open: Infinity, pins: Infinity, aside: Infinity };
  }

  /** @returns {Head[]} */
  all() {
    const { layers, heads } = this.header;
    return Array.from({ length: layers * heads }, (_, i) => [Math.floor(i / heads), i % heads]);
  }

  /** @returns {Head[]} */
  shown() {
    return this.peek && !this.isolated ? [this.peek] : this.open.length ? this.open : this.all();
  }

  /** The head whose stages are shown. */
  main() {
    const shown = this.shown();
    return shown.length === 1 ? shown[0] : this.open.at(-1) ?? this.header.selected;
  }

  /** The weights of one head, or the mean of several, as a triangle; without the first token when that is set aside. */
  matrix() {
    return (this.memo ??= this.mean(this.shown()));
  }
  /** @param {number} q */
  row(q) {
    return this.matrix().subarray(triangle(q), triangle(q) + q + 1);
  }
  /** @param {number} q @param {number} k */
  at(q, k) {
    return k > q ? 0 : this.matrix()[triangle(q) + k];
  }
  /** @param {Head[]} heads */
  mean(heads) {
    const { length } = this.header;
    const size = triangle(length);
    const sum = average(heads.map(([layer, head]) => this.weights.subarray(this.offset(layer, head), this.offset(layer, head) + size)));
    return this.aside ? withoutFirst(sum, length) : sum;
  }

  /** The tokens in question: the one pointed at, else those pinned, else the last. */
  queries() {
    const last = this.header.length - 1;
    const asked = this.hovered !== null && this.hovered <= last ? [this.hovered] : this.pins;
    return asked.length ? asked : [last];
  }
  query() {
    return /** @type {number} */ (this.queries().at(-1));
  }

  /** @param {number} layer @param {number} head where its weights begin */
  offset(layer, head) {
    return (layer * this.header.heads + head) * triangle(this.header.length);
  }
  /**
   * A row of weights as the model gave them, whatever is set aside.
   * @param {number} layer
   * @param {number} head
   * @param {number} q
   */
  given(layer, head, q) {
    const start = this.offset(layer, head) + triangle(q);
    return this.weights.subarray(start, start + q + 1);
  }
  /** Whether what the weights were made from is there, and of the same reading. */
  whole() {
    return this.header !== null && this.header.reading === this.made.reading;
  }
  /**
   * (T, size) of one head, one row after another.
   * @param {"q" | "k" | "v" | "z"} name
   * @param {number} layer
   * @param {number} head
   */
  vectors(name, layer, head) {
    const { layers, heads, length } = this.header;
    const { size, numbers } = this.made;
    const start = ((["q", "k", "v", "z"].indexOf(name) * layers + layer) * heads + head) * length * size;
    return numbers.subarray(start, start + length * size);
  }
}

/** The one of the page, which the grid fills and the views beside it follow. */
export const linkedStore = new Store();
