// @ts-check
// Rotary positions as clock hands: each pair of numbers turns at a speed of its own. All computed here from the frequencies.
/** @import { ClocksHeader } from "../headers.js" */
/** @import { Theme } from "../shared/theme.js" */

import { forHand } from "../shared/hand.js";
import { drawn, element, find, keepChildren, set } from "../shared/elements.js";
import { announceHover, listenHover } from "../shared/events.js";
import { component, ending } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { player } from "../shared/pace.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { reach, turns } from "./hands.js";

const HINT = "Point at a clock to read its speed. The dashed hand is the pinned token; the longer the hand, the more the head uses it.";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [play, range, faces, said, shown] = find(root, ".play", "input", ".faces", ".said", "output");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const self = { header: /** @type {ClocksHeader} */ (/** @type {unknown} */ (null)), at: 0, picked: /** @type {number | null} */ (null), theme: /** @type {Theme} */ (/** @type {unknown} */ (null)) };

  function face(/** @type {number} */ i) {
    const tell = () => describe((self.picked = i));
    return element(
      "button",
      { class: "face", onclick: tell, onfocus: tell, onpointerenter: tell },
      drawn(
        "svg",
        { viewBox: "-40 -40 80 80", "aria-hidden": true },
        drawn("circle", { r: 36, fill: "none", "stroke-width": 1.2, class: "rim" }),
        drawn("line", { x1: 0, y1: 0, y2: 0, "stroke-width": 2, "stroke-dasharray": "3 3", class: "other" }),
        drawn("line", { x1: 0, y1: 0, "stroke-width": 3.2, "stroke-linecap": "round", class: "hand" }),
        drawn("circle", { r: 2.6, class: "hub" }),
      ),
      element("small"),
    );
  }

  const period = (/** @type {number} */ i) => (2 * Math.PI) / self.header.frequencies[i];

  function describe(/** @type {number} */ i) {
    const { frequencies, shares, labels, pinned, where } = self.header;
    const degrees = (frequencies[i] * 180) / Math.PI;
    const between = pinned === null || pinned >= labels.length ? "" :
      ` Between “${labels[pinned]}” and here: ${Math.round(degrees * (self.at - pinned) * 10) / 10}°.`;
    said.textContent =
      `Pair ${i + 1} of ${frequencies.length}: ${degrees < 0.1 ? degrees.toFixed(4) : degrees.toFixed(2)}° for each token, ` +
      `a whole turn in ${turns(period(i))} tokens. ${where} puts ${percent(shares[i])} of its weight on it.${between}`;
  }

  function draw() {
    const { frequencies, shares, labels, pinned } = self.header;
    const theme = self.theme;
    keepChildren(faces, frequencies.length, face);
    frequencies.forEach((f, i) => {
      const button = faces.children[i];
      const point = (/** @type {number} */ position, /** @type {number} */ r) => [r * Math.sin(f * position), -r * Math.cos(f * position)];
      const part = (/** @type {string} */ name) => button.querySelector(`.${name}`);
      set(part("rim"), { stroke: theme.line });
      set(part("hub"), { fill: theme.muted });
      const [x, y] = point(self.at, reach(shares, i));
      set(part("hand"), { x2: x, y2: y, stroke: theme.roles.attention });
      const [u, v] = point(pinned ?? 0, 34);
      set(part("other"), { x2: u, y2: v, stroke: theme.muted, visibility: pinned === null ? "hidden" : "visible" });
      button.lastChild.textContent = `turns in ${turns(period(i))}`;
      button.setAttribute("aria-label", `pair ${i + 1}, a turn in ${turns(period(i))} tokens`);
    });
    range.max = self.header.length - 1;
    range.value = self.at;
    shown.textContent = `${self.at}${self.at < labels.length ? `  ${labels[self.at]}` : ""}`;
    range.setAttribute("aria-valuetext", shown.textContent);
    if (self.picked !== null) describe(self.picked);
    else said.textContent = forHand(HINT);
  }

  function next() {
    if (self.at >= self.header.length - 1) return false;
    self.at += 1;
    draw();
    return true;
  }
  const playing = player(next, still ? 500 : 120, (running) => (play.textContent = running ? "❚❚ Pause" : "▶ Play"));
  play.addEventListener("click", () => {
    if (playing.running()) return playing.stop();
    if (self.at >= self.header.length - 1) self.at = 0;
    playing.start();
  });
  range.addEventListener("input", () => {
    playing.stop();
    self.at = Number(range.value);
    announceHover(self.at < self.header.labels.length ? self.at : null);
    draw();
  });
  range.addEventListener("change", () => announceHover(null));
  const hush = listenHover((position) => {
    if (!self.header || position === null || playing.running() || range.matches(":focus") || position === self.at) return;
    self.at = position;
    draw();
  });
  function recolour() {
    self.theme = applyTheme(root);
    draw();
  }
  const unwatch = onThemeChange(root, () => self.header && recolour());
  function show(/** @type {ClocksHeader} */ header) {
    if (!self.header) self.at = header.labels.length - 1;
    self.header = header;
    self.at = Math.min(self.at, header.length - 1);
    recolour();
  }
  return Object.assign(self, { show, destroy: ending(playing.stop, hush, unwatch) });
}

export default component(build);
