// @ts-check
// The merges of one chunk as a tree that grows: step, play or drag; each step names the pairs that could have been joined.
/** @import { MergeTreeHeader } from "../headers.js" */

import { drawn, element, find } from "../shared/elements.js";
import { component, ending } from "../shared/mount.js";
import { whole } from "../shared/numbers.js";
import { player } from "../shared/pace.js";
import { decode, hasUnseen, hex, spelled } from "../shared/signs.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

/** @typedef {{ from: number, to: number, level: number, children: Part[], made: number, rank: number | null }} Part */

const [HEIGHT, BASE, BOX, LEAST, PACE] = [264, 30, 24, 13, 900];

function label(/** @type {Uint8Array} */ bytes) {
  const text = decode(bytes);
  if (text === null || hasUnseen(text)) return hex(bytes);
  return (/^\p{M}/u.test(text) ? "◌" : "") + spelled(text);
}

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [svg, range, play, back, on, count, said, why, scroll] =
    find(root, "svg", "input", ".play", ".back", ".on", ".count", ".said", ".why", ".scroll");
  const self = {
    header: /** @type {MergeTreeHeader} */ (/** @type {unknown} */ (null)), bytes: new Uint8Array(), step: 0, key: "", nodes: /** @type {Part[]} */ ([]),
    rows: /** @type {Part[][]} */ ([]),
  };
  const last = () => self.header.joins.length;

  // Every node of the finished tree: bytes from..to, its height above the bytes, its children, and the step that made it.
  function grow() {
    /** @type {Part[]} */
    let row = [...self.bytes].map((_, i) => ({ from: i, to: i + 1, level: 0, children: [], made: 0, rank: null }));
    self.nodes = [...row];
    self.rows = [row];
    self.header.joins.forEach(([start, width, rank], step) => {
      const children = row.slice(start, start + width);
      const level = 1 + Math.max(...children.map((child) => child.level));
      const node = { from: children[0].from, to: children[children.length - 1].to, level, children, made: step + 1, rank };
      row = [...row.slice(0, start), node, ...row.slice(start + width)];
      self.nodes.push(node);
      self.rows.push(row);
    });
  }

  const name = (/** @type {Part} */ node) => label(self.bytes.subarray(node.from, node.to));

  function draw() {
    const room = scroll.clientWidth;
    if (!room || !self.header) return;
    const unit = Math.min(Math.max(room / self.bytes.length, LEAST), 74);
    const width = Math.max(unit * self.bytes.length, room);
    const shift = (width - unit * self.bytes.length) / 2;
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    svg.style.width = `${width}px`;
    const levels = Math.max(1, ...self.nodes.map((node) => node.level));
    const rise = Math.min((HEIGHT - BASE - BOX - 16) / levels, 66);
    const x = (/** @type {Part} */ node) => shift + (unit * (node.from + node.to)) / 2;
    const y = (/** @type {Part} */ node) => HEIGHT - BASE - node.level * rise;
    const top = new Set(self.rows[self.step]);
    const shown = self.nodes.filter((node) => node.made <= self.step);
    const lines = shown.flatMap((node) =>
      node.children.map((child) => drawn("line", { x1: x(node), y1: y(node), x2: x(child), y2: y(child) })),
    );
    const boxes = shown.map((node) => box(node, x(node), y(node), unit, rise, top.has(node)));
    svg.replaceChildren(...lines, ...boxes);
    svg.setAttribute("aria-label", `${self.header.title}. After ${self.step} joins: ${self.rows[self.step].map(name).join(" | ")}`);
  }

  /**
   * @param {Part} node
   * @param {number} x
   * @param {number} y
   * @param {number} unit
   * @param {number} rise
   * @param {boolean} isTop
   */
  function box(node, x, y, unit, rise, isTop) {
    const text = name(node);
    const size = Math.min(13, ((node.to - node.from) * unit - 4) / (0.62 * text.length));
    const wide = Math.min(Math.max(text.length * size * 0.62 + 12, 20), (node.to - node.from) * unit - 2);
    const tall = Math.min(BOX, rise - 3);
    const fresh = node.made === self.step && self.step > 0;
    /** @param {number} y @param {string} words */
    const beside = (y, words) => drawn("text", { x, y, class: "rank", "font-size": 10 }, words);
    return drawn(
      "g",
      { class: [node.level ? "node" : "leaf", fresh ? "fresh" : "", isTop ? "top" : ""].join(" ") },
      drawn("rect", { x: x - wide / 2, y: y - tall / 2, width: wide, height: tall, rx: 5 }),
      drawn("text", { x, y, "font-size": Math.max(size, 5) }, text),
      ...(!node.level && unit >= 20 ? [beside(y + 22, hex(self.bytes.subarray(node.from, node.to)))] : []),
      ...(node.rank !== null && rise >= 40 ? [beside(y - 20, whole(node.rank))] : []),
    );
  }

  function tell() {
    const { joins, counts } = self.header;
    range.value = self.step;
    count.textContent = `${self.step} of ${last()}`;
    [back.disabled, on.disabled] = [self.step === 0, self.step === last()];
    const parts = self.rows[self.step].length;
    const end = `${parts} token${parts === 1 ? "" : "s"}`;
    if (!last()) {
      sentence(`No two neighbours here form a token: ${end}.`);
      return why.replaceChildren();
    }
    const at = Math.max(self.step, 1) - 1;
    const [start, width, rank, candidates] = joins[at];
    const row = self.rows[at];
    const joined = row.slice(start, start + width).map(name);
    const learned = counts[rank] ? ` It was learned because the pair occurred ${whole(counts[rank])} times in the text it was trained on.` : "";
    const reason = width > 2 || !candidates.length ? "The whole chunk is in the vocabulary, so it becomes one token at once."
      : candidates.length === 1 ? "No other pair here is in the vocabulary." : `It has the lowest rank of the ${candidates.length} pairs that could be joined.`;
    if (self.step === 0) sentence("Only bytes so far. Next comes ", joined, ".");
    else sentence("", joined, ` became rank ${whole(rank)}. ${reason}${learned}${self.step === last() ? ` No further pair can be joined: ${end}.` : ""}`);
    const order = [...candidates].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
    why.replaceChildren(
      ...order.map(([i, r]) =>
        element("span", { class: i === start && width === 2 ? "won" : "" }, `${name(row[i])} + ${name(row[i + 1])}  ${whole(r)}`),
      ),
    );
  }

  function sentence(/** @type {string} */ before, joined = /** @type {string[] | null} */ (null), after = "") {
    said.replaceChildren(before, ...(joined ? [element("code", {}, joined.join(" + ")), after] : []));
  }

  function go(/** @type {number} */ step) {
    self.step = Math.min(Math.max(step, 0), last());
    draw();
    tell();
  }

  function next() {
    if (self.step < last()) go(self.step + 1);
    return self.step < last();
  }
  const playing = player(next, PACE, (running) => (play.textContent = running ? "Pause" : "Play"));
  play.addEventListener("click", () => {
    if (playing.running()) return playing.stop();
    go(self.step === last() ? 0 : self.step + 1);
    playing.start();
  });
  back.addEventListener("click", () => (playing.stop(), go(self.step - 1)));
  on.addEventListener("click", () => (playing.stop(), go(self.step + 1)));
  range.addEventListener("input", () => (playing.stop(), go(Number(range.value))));
  const sizes = new ResizeObserver(draw);
  sizes.observe(scroll);
  function show(/** @type {MergeTreeHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ bytes) {
    applyTheme(root);
    const key = JSON.stringify(header) + hex(bytes);
    if (key === self.key) return;
    self.key = key;
    playing.stop();
    self.header = header;
    self.bytes = bytes;
    range.max = header.joins.length;
    grow();
    go(header.joins.length);
  }
  const unwatch = onThemeChange(root, () => applyTheme(root));
  return Object.assign(self, { show, destroy: ending(playing.stop, unwatch, () => sizes.disconnect()) });
}

export default component(build);
