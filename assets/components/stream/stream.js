// @ts-check
// The residual stream of the loaded model: a rail for each token, flowing down through the blocks. A block opens in place
// into its tensors, each a heat strip. Everything comes from one Float32Array; the header says what lies where.
/** @import { StreamHeader } from "../headers.js" */
/** @import { Rgb, Theme } from "../shared/theme.js" */
/** @import { Spot, Strip } from "./block.js" */
/** @typedef {[number, SVGElement]} Railed a column, and what lights up with it */
/** @typedef {{ node: HTMLElement, svg: SVGElement, shade: SVGElement, links: SVGElement, says: HTMLElement, depth: number, rails: Railed[] }} Row */

import { floats } from "../shared/bytes.js";
import { drawn, element, find } from "../shared/elements.js";
import { announceHover, listenHover } from "../shared/events.js";
import { arrow } from "../shared/keys.js";
import { component, ending, focusedIn, nowhere } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";
import { clip } from "../shared/signs.js";
import { applyTheme, mix, onThemeChange } from "../shared/theme.js";
import { openedBlock } from "./block.js";

const [ROW, EDGE, COLUMN] = [74, 72, 30]; // heights of a block and of the ends, least width of a token, in pixels
const ATTENTION = 24; // where in a block's row attention writes, and the MLP
const MLP = 54;

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [frame, scroll, flow, status] = find(root, ".frame", ".scroll", ".flow", ".status");
  const self = {
    header: /** @type {StreamHeader} */ (/** @type {unknown} */ (null)), data: new Float32Array(), hovered: /** @type {number | null} */ (null),
    at: /** @type {number | null} */ (null), strips: /** @type {Strip[]} */ ([]), cell: /** @type {Spot | null} */ (null),
    rows: /** @type {Row[]} */ ([]), seen: 0, wide: 0, theme: /** @type {Theme} */ (/** @type {unknown} */ (null)), tables: /** @type {Record<string, Rgb[]>} */ ({}),
    readout: /** @type {HTMLElement} */ (/** @type {unknown} */ (null)), send: nowhere,
  };
  const focus = () => self.hovered ?? self.header.focus; // the token that everything is about
  const inWindow = (/** @type {number | null} */ position) => position !== null && position >= self.header.start && position < end();
  const end = () => self.header.start + self.header.labels.length;

  // ---- reading the array ----
  const read = (/** @type {string} */ name, /** @type {number[]} */ ...place) => {
    const [offset, shape] = self.header.arrays[name];
    return self.data[offset + place.reduce((at, i, axis) => at * shape[axis] + i, 0)];
  };
  const column = (/** @type {number} */ position) => position - self.header.start;
  const label = (/** @type {number} */ position) => self.header.names[position];
  const spot = () => (inWindow(focus()) ? focus() : self.header.focus); // the token whose numbers are shown

  // A cell of an opened tensor: [i] of a vector, [head, i] of a matrix. k and v are here for every token, the rest for the window.
  /** @param {string} name @param {number} position @param {number[]} index */
  function cell(name, position, index) {
    const shape = self.header.arrays[name][1];
    return read(name, self.header.whole.includes(name) ? position : column(position), ...index.slice(0, shape.length - 1));
  }

  const inside = openedBlock(self, { flow, cell, label, spot });

  // ---- the diagram ----
  function draw() {
    self.theme = applyTheme(root);
    const stops = { diverging: self.theme.diverging, sequential: self.theme.sequential };
    self.tables = Object.fromEntries(
      Object.entries(stops).map(([name, colours]) => [name, Array.from({ length: 256 }, (_, i) => mix(colours, i / 255))]),
    );
    const { labels, layers } = self.header;
    const style = getComputedStyle(frame);
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const sides = ["--left", "--right"].reduce((sum, name) => sum + (parseFloat(style.getPropertyValue(name)) || 0) * rem, 0); // off the page there is no style
    self.seen = scroll.clientWidth;
    self.wide = Math.max(COLUMN, Math.floor((self.seen - sides) / labels.length));
    const focused = keep();
    flow.setAttribute("aria-label", self.header.title);
    self.rows = [top(), ...Array.from({ length: layers }, (_, layer) => block(layer)), bottom()];
    flow.replaceChildren(...self.rows.map((row) => row.node));
    self.strips = [];
    if (self.header.opened !== null) inside.open(self.rows[self.header.opened + 1]);
    if (focused) restore(focused);
    bring();
    point();
  }

  // What had the keyboard before a redraw gets it back.
  function keep() {
    return focusedIn(root)?.dataset?.name || null;
  }
  const restore = (/** @type {string} */ name) => flow.querySelector(`[data-name="${name}"]`)?.focus({ preventScroll: true });

  // A wide diagram is scrolled so that the token in question can be seen.
  function bring() {
    const x = (column(self.header.focus) + 0.5) * self.wide;
    const room = self.seen - (flow.scrollWidth - self.wide * self.header.labels.length);
    if (x > scroll.scrollLeft + room || x < scroll.scrollLeft) scroll.scrollLeft = Math.max(0, x - room / 2);
  }

  /** @param {number} height @param {(Node | string)[]} side @param {number} depth */
  function row(height, side, depth) {
    const { labels } = self.header;
    const svg = drawn("svg", { width: self.wide * labels.length, height, "aria-hidden": "true" });
    const shade = drawn("rect", { class: "column", y: 0, height, width: self.wide });
    const links = drawn("g");
    svg.append(shade, links);
    const says = element("div", { class: depth < 0 || depth === self.header.layers ? "says cover" : "says" });
    const node = element("div", { class: "row" }, element("div", { class: "side" }, ...side), svg, says);
    node.style.height = `${height}px`;
    svg.addEventListener("pointermove", (event) => {
      self.at = depth;
      const hovered = self.header.start + Math.min(labels.length - 1, Math.max(0, Math.floor(event.offsetX / self.wide)));
      if (hovered !== self.hovered) announceHover(hovered);
      else point();
    });
    svg.addEventListener("pointerleave", () => announceHover(null));
    svg.addEventListener("click", (event) => {
      const position = self.header.start + Math.floor(event.offsetX / self.wide);
      if (inWindow(position)) pin(position === self.header.cursor ? null : position);
    });
    return { node, svg, shade, links, says, depth, rails: /** @type {Railed[]} */ ([]) };
  }

  const middle = (/** @type {number} */ c) => (c + 0.5) * self.wide;
  // A token's name, slanted so that neighbours do not cover one another; it begins at the rail.
  /**
   * @param {string} text
   * @param {number} c
   * @param {number} y
   * @param {number} angle
   * @param {string} kind
   */
  const slanted = (text, c, y, angle, kind) => {
    const transform = `translate(${middle(c) + (angle < 0 ? 4 : -4)} ${y}) rotate(${angle})`;
    return drawn("text", { class: kind, transform }, clip(text, 9));
  };
  const note = (/** @type {string} */ text) => element("small", {}, text);

  // A stretch of rail, as thick as the vector is long; `depth` counts halves of blocks.
  /**
   * @param {Row} made
   * @param {number} c
   * @param {number} depth
   * @param {number} from
   * @param {number} to
   */
  function rail(made, c, depth, from, to) {
    const longest = self.header.longest;
    const thick = 1 + 7 * Math.sqrt(read("stream", depth, c) / longest);
    const line = drawn("line", { class: "rail", x1: middle(c), x2: middle(c), y1: from, y2: to, "stroke-width": thick });
    made.svg.append(line);
    made.rails.push([c, line]);
  }

  function top() {
    const { facts, start, total, labels } = self.header;
    const part = labels.length < total ? [note(`positions ${start}–${end() - 1} of ${total}`)] : [];
    const made = row(EDGE, [note(facts.embed), ...part], -1);
    labels.forEach((text, c) => {
      const shown = slanted(text, c, EDGE - 22, -48, "name");
      made.svg.append(shown, drawn("rect", { class: "token", x: middle(c) - 5, y: EDGE - 18, width: 10, height: 10, rx: 2 }));
      made.rails.push([c, shown]);
      rail(made, c, 0, EDGE - 8, EDGE);
    });
    return made;
  }

  function block(/** @type {number} */ layer) {
    const { labels, facts, opened } = self.header;
    const open = opened === layer;
    const attributes = {
      "aria-expanded": open,
      "aria-label": `Block ${layer}: ${facts.attention}, ${facts.mlp}`,
      "data-layer": layer,
      "data-name": `block ${layer}`,
      onclick: () => toggle(layer),
      onkeydown: (/** @type {KeyboardEvent} */ event) => walk(event, layer),
    };
    const button = element("button", attributes, `${open ? "▾" : "▸"} Block ${layer}`, note(facts.attention), note(facts.mlp));
    const made = row(ROW, [button], layer);
    if (open) made.node.classList.add("open");
    if (layer % 2 === 0) made.svg.prepend(drawn("rect", { class: "band", width: self.wide * labels.length, height: ROW }));
    const most = self.header.most;
    labels.forEach((_, c) => {
      rail(made, c, 2 * layer, 0, ATTENTION);
      rail(made, c, 2 * layer + 1, ATTENTION, MLP);
      rail(made, c, 2 * layer + 2, MLP, ROW);
      const [a, m] = [read("attn", layer, c), read("mlp", layer, c)].map((x) => Math.min(1.5, Math.sqrt(x / most)) * 9);
      made.svg.append(drawn("circle", { class: "attn", cx: middle(c), cy: ATTENTION, r: a }));
      made.svg.append(drawn("rect", { class: "mlp", x: middle(c) - m * 0.9, y: MLP - m * 0.9, width: 1.8 * m, height: 1.8 * m, rx: 2 }));
    });
    return made;
  }

  function bottom() {
    const made = row(EDGE, [note(self.header.facts.end)], self.header.layers);
    self.header.labels.forEach((_, c) => {
      rail(made, c, 2 * self.header.layers, 0, 14);
      const shown = slanted(guess(self.header.layers, c), c, 24, 48, "guess");
      made.svg.append(shown);
      made.rails.push([c, shown]);
    });
    return made;
  }

  /** @param {number} depth @param {number} c */
  const guess = (depth, c) => self.header.words[self.header.says[depth][c]];

  // ---- following the token ----
  function point() {
    if (!self.header) return;
    const position = focus();
    const c = column(inWindow(position) ? position : self.header.focus);
    for (const made of self.rows) {
      made.shade.setAttribute("x", String(c * self.wide));
      made.shade.classList.toggle("pinned", self.header.cursor === position);
      for (const [i, node] of made.rails) node.classList.toggle("on", i === c);
      made.says.replaceChildren();
      if (made.depth >= 0) says(made, c);
      if (made.depth >= 0 && made.depth < self.header.layers) link(made, c);
    }
    tell(c);
    inside.refresh();
  }

  /** @param {Row} made @param {number} c */
  function says(made, c) {
    const depth = Math.min(made.depth + 1, self.header.layers);
    const first = made.depth === self.header.layers ? "so it says" : "would say";
    made.says.append(note(first), element("b", {}, guess(depth, c)), note(percent(read("sure", depth, c))));
  }

  // From whom the token reads, all heads together: a line for each share above 2 %.
  /** @param {Row} made @param {number} c */
  function link(made, c) {
    const paths = [];
    for (let other = 0; other < c; other++) {
      const share = read("links", made.depth, c, self.header.start + other);
      if (share < 0.02) continue;
      const [from, to] = [middle(other), middle(c)];
      const d = `M${from},2 C${from},${ATTENTION} ${(from + 2 * to) / 3},${ATTENTION} ${to},${ATTENTION}`;
      paths.push(drawn("path", { class: "link", d, "stroke-width": 0.6 + 6 * share, opacity: 0.25 + 0.7 * share }));
    }
    made.links.replaceChildren(...paths);
  }

  // One sentence about the token and the block that is pointed at (or open, or the last).
  function tell(/** @type {number} */ c) {
    const { layers, opened } = self.header;
    const layer = Math.min(Math.max(self.at ?? opened ?? layers - 1, 0), layers - 1);
    const position = self.header.start + c;
    let best = 0;
    for (let k = 1; k <= position; k++) if (read("links", layer, c, k) > read("links", layer, c, best)) best = k;
    const share = percent(read("links", layer, c, best));
    const length = (/** @type {string} */ name, /** @type {number[]} */ ...place) =>
      ((x) => (x < 1000 ? x.toFixed(1) : Math.round(x).toLocaleString("en-GB")))(read(name, ...place));
    status.textContent =
      `At ${label(position)} (position ${position}), block ${layer} receives a vector of length ${length("stream", 2 * layer, c)}. ` +
      `Attention adds one of length ${length("attn", layer, c)}, read most from ${label(best)} (${share}, mean of the heads); ` +
      `the MLP adds one of length ${length("mlp", layer, c)}.`;
  }

  const sendPin = paced((position) => self.send("pin", { position }));
  function pin(/** @type {number | null} */ position) {
    self.header.cursor = position;
    self.header.focus = position ?? self.header.total - 1;
    sendPin(position);
    point();
  }
  const toggle = (/** @type {number} */ layer) => self.send("open", { layer: self.header.opened === layer ? null : layer });

  /** @param {KeyboardEvent} event @param {number} layer */
  function walk(event, layer) {
    const [side, move] = arrow(event) ?? [0, 0];
    if (move) flow.querySelector(`[data-layer="${layer + move}"]`)?.focus();
    else if (side) pin(Math.min(Math.max(focus() + side, self.header.start), end() - 1));
    else if (event.key === "Escape" && self.header.opened !== null) self.send("open", { layer: null });
    else return;
    event.preventDefault();
  }

  // ---- life ----
  const hush = listenHover((position) => {
    if (position === null) self.at = null;
    self.hovered = self.header && inWindow(position) ? position : null;
    if (self.header) point();
  });
  const unwatch = onThemeChange(root, () => self.header && draw());
  const resized = () => scroll.clientWidth && Math.abs(scroll.clientWidth - self.seen) > 1; // not when the page is left
  const sizes = new ResizeObserver(() => self.header && resized() && draw());
  sizes.observe(scroll);
  function show(/** @type {StreamHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
    self.header = header;
    self.data = floats(payload);
    self.cell = null;
    draw();
  }
  return Object.assign(self, { show, destroy: ending(inside.destroy, sendPin.cancel, hush, unwatch, () => sizes.disconnect()) });
}

export default component(build);
