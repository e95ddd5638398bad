// @ts-check
// The merges of one chunk as a tree that grows: step, play or drag; each step names the pairs that could have been joined.

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

const [HEIGHT, BASE, BOX, LEAST, PACE] = [264, 30, 24, 13, 900];
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MARKS = { " ": "·", "\n": "↵", "\t": "⇥", "\x7f": "␡" };
const mark = (c) => MARKS[c] ?? (c < " " ? String.fromCodePoint(0x2400 + c.codePointAt(0)) : c);
const hidden = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\u0080-\u009f]/u;
const digits = (bytes) => [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

function label(bytes) {
  try {
    const text = strict.decode(bytes);
    if (hidden.test(text)) return digits(bytes);
    return (/^\p{M}/u.test(text) ? "◌" : "") + [...text].map(mark).join("");
  } catch {
    return digits(bytes);
  }
}

function build(root) {
  const [svg, range, play, back, on, count, said, why] = ["svg", "input", ".play", ".back", ".on", ".count", ".said", ".why"].map((c) =>
    root.querySelector(c),
  );
  const self = { header: null, bytes: null, step: 0, timer: 0, key: "" };
  const last = () => self.header.joins.length;

  // Every node of the finished tree: bytes from..to, its height above the bytes, its children, and the step that made it.
  function grow() {
    let row = [...self.bytes].map((_, i) => ({ from: i, to: i + 1, level: 0, children: [], made: 0 }));
    self.nodes = [...row];
    self.rows = [row];
    self.header.joins.forEach(([start, width, rank], step) => {
      const children = row.slice(start, start + width);
      const level = 1 + Math.max(...children.map((child) => child.level));
      const node = { from: children[0].from, to: children.at(-1).to, level, children, made: step + 1, rank };
      row = [...row.slice(0, start), node, ...row.slice(start + width)];
      self.nodes.push(node);
      self.rows.push(row);
    });
  }

  const name = (node) => label(self.bytes.subarray(node.from, node.to));

  function element(tag, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function draw() {
    const room = root.querySelector(".scroll").clientWidth;
    if (!room || !self.header) return;
    const unit = Math.min(Math.max(room / self.bytes.length, LEAST), 74);
    const width = Math.max(unit * self.bytes.length, room);
    const shift = (width - unit * self.bytes.length) / 2;
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    svg.style.width = `${width}px`;
    const levels = Math.max(1, ...self.nodes.map((node) => node.level));
    const rise = Math.min((HEIGHT - BASE - BOX - 16) / levels, 66);
    const x = (node) => shift + (unit * (node.from + node.to)) / 2;
    const y = (node) => HEIGHT - BASE - node.level * rise;
    const top = new Set(self.rows[self.step]);
    const shown = self.nodes.filter((node) => node.made <= self.step);
    const lines = shown.flatMap((node) =>
      node.children.map((child) => element("line", { x1: x(node), y1: y(node), x2: x(child), y2: y(child) })),
    );
    const boxes = shown.map((node) => box(node, x(node), y(node), unit, rise, top.has(node)));
    svg.replaceChildren(...lines, ...boxes);
    svg.setAttribute("aria-label", `${self.header.title}. After ${self.step} joins: ${self.rows[self.step].map(name).join(" | ")}`);
  }

  function box(node, x, y, unit, rise, isTop) {
    const text = name(node);
    const size = Math.min(13, ((node.to - node.from) * unit - 4) / (0.62 * text.length));
    const wide = Math.min(Math.max(text.length * size * 0.62 + 12, 20), (node.to - node.from) * unit - 2);
    const tall = Math.min(BOX, rise - 3);
    const fresh = node.made === self.step && self.step > 0;
    const made = element("g", { class: [node.level ? "node" : "leaf", fresh ? "fresh" : "", isTop ? "top" : ""].join(" ") });
    made.append(element("rect", { x: x - wide / 2, y: y - tall / 2, width: wide, height: tall, rx: 5 }));
    made.append(element("text", { x, y, "font-size": Math.max(size, 5) }, text));
    if (!node.level && unit >= 20)
      made.append(element("text", { x, y: y + 22, class: "rank", "font-size": 10 }, digits(self.bytes.subarray(node.from, node.to))));
    if (node.level && rise >= 40) made.append(element("text", { x, y: y - 20, class: "rank", "font-size": 10 }, node.rank.toLocaleString("en")));
    return made;
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
    const learned = counts[rank] ? ` It was learned because the pair stood side by side ${counts[rank].toLocaleString("en")} times.` : "";
    const reason = width > 2 || !candidates.length ? "The whole chunk is in the list, so it is taken at once."
      : candidates.length === 1 ? "No other pair here is in the list." : `It has the lowest rank of the ${candidates.length} pairs that could be joined.`;
    if (self.step === 0) sentence("Only bytes so far. Next comes ", joined, ".");
    else sentence("", joined, ` became rank ${rank.toLocaleString("en")}. ${reason}${learned}${self.step === last() ? ` Then nothing more fits: ${end}.` : ""}`);
    const order = [...candidates].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
    why.replaceChildren(
      ...order.map(([i, r]) => {
        const chip = document.createElement("span");
        chip.className = i === start && width === 2 ? "won" : "";
        chip.textContent = `${name(row[i])} + ${name(row[i + 1])}  ${r.toLocaleString("en")}`;
        return chip;
      }),
    );
  }

  function sentence(before, joined, after) {
    said.replaceChildren(before);
    if (!joined) return;
    const code = document.createElement("code");
    code.textContent = joined.join(" + ");
    said.append(code, after);
  }

  function go(step) {
    self.step = Math.min(Math.max(step, 0), last());
    draw();
    tell();
  }

  function pause() {
    clearInterval(self.timer);
    self.timer = 0;
    play.textContent = "Play";
  }

  play.addEventListener("click", () => {
    if (self.timer) return pause();
    play.textContent = "Pause";
    go(self.step === last() ? 0 : self.step + 1);
    self.timer = setInterval(() => {
      if (self.step < last()) go(self.step + 1);
      if (self.step >= last()) pause();
    }, PACE);
  });
  back.addEventListener("click", () => (pause(), go(self.step - 1)));
  on.addEventListener("click", () => (pause(), go(self.step + 1)));
  range.addEventListener("input", () => (pause(), go(Number(range.value))));
  const unwatch = onThemeChange(root, () => applyTheme(root));
  const sizes = new ResizeObserver(draw);
  sizes.observe(root.querySelector(".scroll"));
  self.show = (header, bytes) => {
    applyTheme(root);
    const key = JSON.stringify(header) + digits(bytes);
    if (key === self.key) return;
    self.key = key;
    pause();
    self.header = header;
    self.bytes = bytes;
    range.max = header.joins.length;
    grow();
    go(header.joins.length);
  };
  self.destroy = () => {
    pause();
    unwatch();
    sizes.disconnect();
  };
  return self;
}
