// @ts-check
// Rotary positions as clock hands: each pair of numbers turns at a speed of its own. All computed here from the frequencies.

import { unpack } from "../shared/bytes.js";
import { announceHover, listenHover } from "../shared/events.js";
import { once } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root } = component;
  const clocks = once(root, () => build(root));
  clocks.show(unpack(data).header);
  return clocks.stop;
}

const SVG = "http://www.w3.org/2000/svg";

function build(root) {
  const $ = (selector) => root.querySelector(selector);
  const [play, range, faces, said, shown] = [".play", "input", ".faces", ".said", "output"].map($);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const self = { header: null, at: 0, timer: 0, picked: null };

  const make = (name, attributes, parent) => {
    const made = document.createElementNS(SVG, name);
    for (const [k, v] of Object.entries(attributes)) made.setAttribute(k, v);
    parent.appendChild(made);
    return made;
  };

  function face(i) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "face";
    const svg = make("svg", { viewBox: "-40 -40 80 80", "aria-hidden": "true" }, button);
    make("circle", { r: 36, fill: "none", "stroke-width": 1.2, class: "rim" }, svg);
    make("line", { x1: 0, y1: 0, y2: 0, "stroke-width": 2, "stroke-dasharray": "3 3", class: "other" }, svg);
    make("line", { x1: 0, y1: 0, "stroke-width": 3.2, "stroke-linecap": "round", class: "hand" }, svg);
    make("circle", { r: 2.6, class: "hub" }, svg);
    const small = document.createElement("small");
    button.appendChild(small);
    const tell = () => describe((self.picked = i));
    button.addEventListener("click", tell);
    button.addEventListener("focus", tell);
    button.addEventListener("pointerenter", tell);
    return button;
  }

  const period = (i) => (2 * Math.PI) / self.header.frequencies[i];
  const turns = (p) => (p < 10 ? p.toFixed(1) : Math.round(p).toLocaleString("en"));

  function describe(i) {
    const { frequencies, shares, labels, pinned, where } = self.header;
    const degrees = (frequencies[i] * 180) / Math.PI;
    const between = pinned === null || pinned >= labels.length ? "" :
      ` Between “${labels[pinned]}” and here: ${Math.round((degrees * (self.at - pinned)) * 10) / 10}°.`;
    said.textContent =
      `Pair ${i + 1} of ${frequencies.length}: ${degrees < 0.1 ? degrees.toFixed(4) : degrees.toFixed(2)}° for each token, ` +
      `a whole turn in ${turns(period(i))} tokens. ${where} puts ${percent(shares[i])} of its weight on it.${between}`;
  }

  function draw() {
    const { frequencies, shares, labels, pinned } = self.header;
    const theme = self.theme;
    while (faces.children.length > frequencies.length) faces.lastChild.remove();
    while (faces.children.length < frequencies.length) faces.appendChild(face(faces.children.length));
    const most = Math.max(...shares);
    frequencies.forEach((f, i) => {
      const button = faces.children[i];
      const point = (position, r) => [r * Math.sin(f * position), -r * Math.cos(f * position)];
      const part = (name) => button.querySelector(`.${name}`);
      part("rim").setAttribute("stroke", theme.line);
      part("hub").setAttribute("fill", theme.muted);
      const reach = 8 + 26 * Math.sqrt(shares[i] / most); // a longer hand: the head relies on this pair more
      const [x, y] = point(self.at, reach);
      Object.entries({ x2: x, y2: y, stroke: theme.roles.attention }).forEach(([k, v]) => part("hand").setAttribute(k, v));
      const [u, v] = point(pinned ?? 0, 34);
      Object.entries({ x2: u, y2: v, stroke: theme.muted, visibility: pinned === null ? "hidden" : "visible" }).forEach(([k, w]) =>
        part("other").setAttribute(k, w),
      );
      button.lastChild.textContent = `turns in ${turns(period(i))}`;
      button.setAttribute("aria-label", `pair ${i + 1}, a turn in ${turns(period(i))} tokens`);
    });
    range.max = self.header.length - 1;
    range.value = self.at;
    shown.textContent = `${self.at}${self.at < labels.length ? `  ${labels[self.at]}` : ""}`;
    range.setAttribute("aria-valuetext", shown.textContent);
    if (self.picked !== null) describe(self.picked);
    else said.textContent = "Point at a clock to read its speed. The dashed hand is the pinned token; the longer the hand, the more the head uses it.";
  }

  function stop() {
    clearInterval(self.timer);
    self.timer = 0;
    play.textContent = "▶ Play";
  }
  play.addEventListener("click", () => {
    if (self.timer) return stop();
    if (self.at >= self.header.length - 1) self.at = 0;
    play.textContent = "❚❚ Pause";
    self.timer = setInterval(() => {
      if (self.at >= self.header.length - 1) return stop();
      self.at += 1;
      draw();
    }, still ? 500 : 120);
  });
  range.addEventListener("input", () => {
    stop();
    self.at = Number(range.value);
    announceHover(self.at < self.header.labels.length ? self.at : null);
    draw();
  });
  range.addEventListener("change", () => announceHover(null));
  const hush = listenHover((position) => {
    if (!self.header || position === null || self.timer || root.activeElement === range || position === self.at) return;
    self.at = position;
    draw();
  });
  const recolour = () => {
    self.theme = applyTheme(root);
    draw();
  };
  const unwatch = onThemeChange(root, () => self.header && recolour());
  self.show = (header) => {
    if (!self.header) self.at = header.labels.length - 1;
    self.header = header;
    self.at = Math.min(self.at, header.length - 1);
    recolour();
  };
  self.destroy = () => {
    stop();
    hush();
    unwatch();
  };
  return self;
}
