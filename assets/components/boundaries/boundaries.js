// @ts-check
// A text, and under each of its lines a track for every tokenizer: a bar from where a token begins to where it ends.
/** @import { BoundariesHeader } from "../headers.js" */

import { forHand } from "../shared/hand.js";
import { element, find } from "../shared/elements.js";
import { component, ending } from "../shared/mount.js";
import { BLANKS, decode, decodeAnyway, hex } from "../shared/signs.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

const HINT = "Point at a bar or a letter: every tokenizer's token there lights up.";
const seen = (/** @type {string} */ text) => text.replace(/[ \n\t]/g, (c) => /** @type {Record<string, string>} */ (BLANKS)[c]).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "␣");

/** @typedef {HTMLElement & { range: number[] }} Ranged */

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [ruler, lines, said] = find(root, ".ruler", ".lines", ".said");
  const self = { header: /** @type {BoundariesHeader} */ (/** @type {unknown} */ (null)), bytes: new Uint8Array(), signs: /** @type {string[]} */ ([]),
    bars: /** @type {Ranged[]} */ ([]), glyphs: /** @type {Ranged[]} */ ([]) };

  // Widths in pixels of all graphemes, as this browser draws them.
  function measure() {
    const spans = self.signs.map((sign) => element("span", {}, sign));
    ruler.replaceChildren(...spans);
    const widths = spans.map((span) => Math.max(span.getBoundingClientRect().width, 9));
    ruler.replaceChildren();
    return widths;
  }

  // Graphemes from..to of each line: as many as fit, broken after a space where there is one, and after a line end.
  function wrap(/** @type {number[]} */ widths, /** @type {number} */ room) {
    const found = [];
    for (let from = 0; from < widths.length; ) {
      let [to, width, space] = [from, 0, 0];
      while (to < widths.length && (to === from || width + widths[to] <= room)) {
        width += widths[to];
        if (self.signs[to++] === "↵") break;
        if (self.signs[to - 1] === "·") space = to;
      }
      if (to < widths.length && space > from && self.signs[to - 1] !== "↵") to = space;
      found.push([from, to]);
      from = to;
    }
    return found;
  }

  function draw() {
    const width = lines.clientWidth - 22;
    if (width <= 0 || !self.header) return;
    const label = width < 480 ? 74 : 112;
    lines.style.setProperty("--label", `${label}px`);
    const widths = measure();
    [self.bars, self.glyphs] = [[], []];
    lines.replaceChildren(...wrap(widths, width - label).map(([from, to]) => line(from, to, widths)));
  }

  function line(/** @type {number} */ from, /** @type {number} */ to, /** @type {number[]} */ widths) {
    const { ends, rows } = self.header;
    const begin = (/** @type {number} */ i) => (i ? ends[i - 1] : 0);
    const lefts = [0];
    for (let i = from; i < to; i++) lefts.push(lefts[lefts.length - 1] + widths[i]);
    const place = (/** @type {number} */ byte) => {
      let i = from;
      while (i < to - 1 && byte >= ends[i]) i++;
      const share = (byte - begin(i)) / (ends[i] - begin(i));
      return lefts[i - from] + widths[i] * Math.min(share, 1);
    };
    const glyphs = Array.from({ length: to - from }, (_, n) => {
      const sign = self.signs[from + n];
      const kind = "·↵⇥".includes(sign) ? "mark" : null;
      const glyph = element("span", { class: kind, style: { left: `${lefts[n]}px`, width: `${widths[from + n]}px` } }, sign);
      return Object.assign(glyph, { range: [begin(from + n), ends[from + n]] });
    });
    self.glyphs.push(...glyphs);
    const [first, last] = [begin(from), ends[to - 1]];
    const tracks = rows.flatMap((row) => {
      const here = row.pieces.filter(([start, end]) => start < last && end > first);
      const bars = here.map((piece) => {
        const left = place(Math.max(piece[0], first));
        const right = piece[1] >= last ? lefts[lefts.length - 1] : place(piece[1]);
        const kind = piece[2] < 0 ? "unknown" : row.pieces.indexOf(piece) % 2 ? "odd" : null;
        const style = { left: `${left + 0.5}px`, width: `${Math.max(right - left - 1, 1)}px` };
        return Object.assign(element("b", { class: kind, style }), { range: piece });
      });
      self.bars.push(...bars);
      const words = `${row.title}: ${here.map(([start, end]) => spell(start, end)).join(" | ")}`;
      const track = element("div", { class: "track", role: "img", "aria-label": words }, ...bars);
      return [element("div", { class: "name", title: row.title }, row.title), track];
    });
    const heading = [element("div", { class: "name" }), element("div", { class: "glyphs" }, ...glyphs)];
    return element("div", { class: "line" }, ...heading, ...tracks);
  }

  const spell = (/** @type {number} */ start, /** @type {number} */ end) => {
    const bytes = self.bytes.subarray(start, end);
    const text = decode(bytes);
    return text === null ? hex(bytes) : seen(text);
  };

  function light(/** @type {Ranged | null} */ node) {
    const range = node?.range;
    const overlaps = (/** @type {number[]} */ other) => range && other[0] < range[1] && other[1] > range[0];
    lines.classList.toggle("hovering", Boolean(range));
    for (const bar of self.bars) bar.classList.toggle("lit", Boolean(overlaps(bar.range)));
    for (const glyph of self.glyphs) glyph.classList.toggle("lit", Boolean(overlaps(glyph.range)));
    if (!range) return (said.textContent = forHand(HINT));
    const found = self.header.rows.map((row) => {
      const parts = row.pieces.filter(overlaps).map(([start, end, id]) => spell(start, end) + (id < 0 ? " (not in the list)" : ""));
      return `${row.title}: ${parts.length > 8 ? `${parts.length} tokens` : parts.join(" | ") || "nothing"}`;
    });
    said.textContent = found.join("   ");
  }

  lines.addEventListener("pointerover", (/** @type {any} */ event) => light(event.target.range ? event.target : null));
  lines.addEventListener("pointerleave", () => light(null));
  lines.tabIndex = 0;
  const unwatch = onThemeChange(root, () => applyTheme(root));
  let known = 0;
  const sizes = new ResizeObserver(() => {
    if (Math.abs(lines.clientWidth - known) < 2) return;
    known = lines.clientWidth;
    draw();
  });
  sizes.observe(lines);
  document.fonts?.ready.then(draw);
  function show(/** @type {BoundariesHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ bytes) {
    applyTheme(root);
    self.header = header;
    self.bytes = bytes;
    self.signs = header.ends.map((end, i) => seen(decodeAnyway(bytes.subarray(i ? header.ends[i - 1] : 0, end))));
    lines.setAttribute("aria-label", header.title);
    draw();
    light(null);
  }
  return Object.assign(self, { show, destroy: ending(unwatch, () => sizes.disconnect()) });
}

export default component(build);
