// @ts-check
// A text, and under each of its lines a track for every tokenizer: a bar from where a token begins to where it ends.

import { unpack } from "../shared/bytes.js";
import { once } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root } = component;
  const view = once(root, () => build(root));
  const { header, payload } = unpack(data);
  view.show(header, payload);
  return view.stop;
}

const HINT = "Point at a bar or a letter: every tokenizer's token there lights up.";
const MARKS = { " ": "·", "\n": "↵", "\t": "⇥" };
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const seen = (text) => text.replace(/[ \n\t]/g, (c) => MARKS[c]).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "␣");

function build(root) {
  const [ruler, lines, said] = [".ruler", ".lines", ".said"].map((c) => root.querySelector(c));
  const self = { header: null, bytes: null, bars: [], glyphs: [] };

  // Widths in pixels of all graphemes, as this browser draws them.
  function measure() {
    const spans = self.signs.map((sign) => {
      const span = document.createElement("span");
      span.textContent = sign;
      return span;
    });
    ruler.replaceChildren(...spans);
    const widths = spans.map((span) => Math.max(span.getBoundingClientRect().width, 9));
    ruler.replaceChildren();
    return widths;
  }

  // Graphemes from..to of each line: as many as fit, broken after a space where there is one, and after a line end.
  function wrap(widths, room) {
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

  function line(from, to, widths) {
    const { ends, rows } = self.header;
    const begin = (i) => (i ? ends[i - 1] : 0);
    const lefts = [0];
    for (let i = from; i < to; i++) lefts.push(lefts.at(-1) + widths[i]);
    const place = (byte) => {
      let i = from;
      while (i < to - 1 && byte >= ends[i]) i++;
      const share = (byte - begin(i)) / (ends[i] - begin(i));
      return lefts[i - from] + widths[i] * Math.min(share, 1);
    };
    const made = div("line");
    made.append(div("name"));
    const glyphs = made.appendChild(div("glyphs"));
    for (let i = from; i < to; i++) {
      const span = document.createElement("span");
      span.textContent = self.signs[i];
      if ("·↵⇥".includes(self.signs[i])) span.className = "mark";
      span.style.cssText = `left:${lefts[i - from]}px;width:${widths[i]}px`;
      span.range = [begin(i), ends[i]];
      glyphs.append(span);
      self.glyphs.push(span);
    }
    const [first, last] = [begin(from), ends[to - 1]];
    for (const row of rows) {
      const name = made.appendChild(div("name"));
      name.textContent = name.title = row.title;
      const track = made.appendChild(div("track"));
      const here = row.pieces.filter(([start, end]) => start < last && end > first);
      track.setAttribute("role", "img");
      track.setAttribute("aria-label", `${row.title}: ${here.map(([start, end]) => spell(start, end)).join(" | ")}`);
      for (const piece of here) {
        const bar = document.createElement("b");
        const left = place(Math.max(piece[0], first));
        const right = piece[1] >= last ? lefts.at(-1) : place(piece[1]);
        bar.style.cssText = `left:${left + 0.5}px;width:${Math.max(right - left - 1, 1)}px`;
        if (piece[2] < 0) bar.className = "unknown";
        else if (row.pieces.indexOf(piece) % 2) bar.className = "odd";
        bar.range = piece;
        bar.row = row;
        track.append(bar);
        self.bars.push(bar);
      }
    }
    return made;
  }

  function div(name) {
    const made = document.createElement("div");
    made.className = name;
    return made;
  }

  const spell = (start, end) => {
    const text = decoder.decode(self.bytes.subarray(start, end));
    return text.includes("\ufffd")
      ? [...self.bytes.subarray(start, end)].map((b) => b.toString(16).toUpperCase().padStart(2, "0")).join(" ")
      : seen(text);
  };

  function light(node) {
    const range = node?.range;
    const overlaps = (other) => range && other[0] < range[1] && other[1] > range[0];
    lines.classList.toggle("hovering", Boolean(range));
    for (const bar of self.bars) bar.classList.toggle("lit", Boolean(overlaps(bar.range)));
    for (const glyph of self.glyphs) glyph.classList.toggle("lit", Boolean(overlaps(glyph.range)));
    if (!range) return (said.textContent = HINT);
    const found = self.header.rows.map((row) => {
      const parts = row.pieces.filter(overlaps).map(([start, end, id]) => spell(start, end) + (id < 0 ? " (not in the list)" : ""));
      return `${row.title}: ${parts.length > 8 ? `${parts.length} tokens` : parts.join(" | ") || "nothing"}`;
    });
    said.textContent = found.join("   ");
  }

  lines.addEventListener("pointerover", (event) => light(event.target.range ? event.target : null));
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
  self.show = (header, bytes) => {
    applyTheme(root);
    self.header = header;
    self.bytes = bytes;
    self.signs = header.ends.map((end, i) => seen(decoder.decode(bytes.subarray(i ? header.ends[i - 1] : 0, end))));
    lines.setAttribute("aria-label", header.title);
    draw();
    light(null);
  };
  self.destroy = () => {
    unwatch();
    sizes.disconnect();
  };
  return self;
}
