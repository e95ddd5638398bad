// @ts-check
// The parts of the model as a grid of switches: each shows what switching it off does, and a press does it.
/** @import { PartCell, PartGridHeader } from "../headers.js" */

import { element, find } from "../shared/elements.js";
import { forHand } from "../shared/hand.js";
import { arrow } from "../shared/keys.js";
import { component, nowhere } from "../shared/mount.js";
import { applyTheme, inkOn, mix, onThemeChange, ramp } from "../shared/theme.js";

const signed = (/** @type {number} */ x) => (x < 0 ? "−" : "+") + Math.abs(x).toFixed(Math.abs(x) < 9.95 ? 2 : 1);
// More loss is orange, less is blue: the palette's diverging scale the other way round.
const scaleOf = (/** @type {import("../shared/theme.js").Theme} */ theme) => [...theme.diverging].reverse();

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [grid, said, ends, flips, name, bar] = find(root, ".grid", ".said", ".ends", ".flips", ".name", ".bar");
  const self = { header: /** @type {PartGridHeader} */ (/** @type {unknown} */ (null)), send: nowhere, focus: [0, 0] };
  const cells = () => [...grid.children].map((row) => [...row.querySelectorAll("button")]);
  const cellOf = (/** @type {HTMLElement} */ button) => self.header.rows[Number(button.dataset.row)].cells[Number(button.dataset.cell)];

  function describe(/** @type {PartCell} */ cell) {
    const { base, answer, how } = self.header;
    const flip = cell.answer === null ? "" : `; next comes ${cell.answer} instead of ${answer}`;
    const effect = cell.effect === null ? "" : `: ${base.toFixed(2)} → ${(base + cell.effect).toFixed(2)} nats a token (${signed(cell.effect)}${flip})`;
    return `${cell.words}, ${how}${effect}`;
  }

  function draw() {
    const { rows, limits } = self.header;
    const scale = scaleOf(applyTheme(root));
    grid.replaceChildren(
      ...rows.map((row, r) => {
        const label = element("div", { class: "label", "data-short": row.short }, row.name);
        const buttons = row.cells.map((cell, c) => button(cell, r, c, scale, limits[cell.group]));
        return element("div", { class: "row", style: { "--cells": row.cells.length } }, label, ...buttons);
      }),
    );
    ends.textContent = `heads ±${limits.head.toFixed(2)}, MLPs ±${limits.mlp.toFixed(2)}, layers ±${limits.layer.toFixed(2)}`;
    const flipped = rows.some((row) => row.cells.some((cell) => cell.answer !== null));
    flips.textContent = flipped ? `another word than ${self.header.answer} becomes the likeliest next one` : `no part alone changes the likeliest next word, ${self.header.answer}`;
    flips.classList.toggle("some", flipped);
    flips.hidden = !self.header.answer;
    name.textContent = self.header.name;
    bar.style.background = ramp(scale);
    rove();
  }

  /**
   * @param {PartCell} cell
   * @param {number} r
   * @param {number} c
   * @param {string[]} scale
   * @param {number} limit
   */
  function button(cell, r, c, scale, limit) {
    const { effect } = cell;
    const share = effect === null ? 0 : Math.sign(effect) * Math.sqrt(Math.min(Math.abs(effect) / limit, 1));
    const colour = mix(scale, 0.5 + 0.5 * share);
    return element(
      "button",
      {
        class: [cell.wide ? "wide" : "", cell.answer === null ? "" : "flip"].join(" ").trim(),
        style: { background: `rgb(${colour})`, color: inkOn(colour) },
        "data-row": r,
        "data-cell": c,
        "aria-pressed": cell.on,
        "aria-label": describe(cell),
      },
      element("b", {}, cell.label),
      element("span", {}, effect === null ? "" : signed(effect)),
    );
  }

  function rove() {
    const all = cells();
    self.focus = [Math.min(self.focus[0], all.length - 1), Math.min(self.focus[1], all[0].length - 1)];
    all.forEach((row, r) => row.forEach((one, c) => (one.tabIndex = r === self.focus[0] && c === self.focus[1] ? 0 : -1)));
  }

  const speak = (/** @type {HTMLElement | null} */ button) => (said.textContent = button ? describe(cellOf(button)) : forHand(self.header.hint));
  const buttonOf = (/** @type {any} */ event) => event.target.closest?.("button");
  grid.addEventListener("pointerover", (/** @type {PointerEvent} */ event) => buttonOf(event) && speak(buttonOf(event)));
  grid.addEventListener("pointerleave", () => speak(null));
  grid.addEventListener("focusin", (/** @type {FocusEvent} */ event) => {
    self.focus = [Number(buttonOf(event).dataset.row), Number(buttonOf(event).dataset.cell)];
    rove();
    speak(buttonOf(event));
  });
  grid.addEventListener("focusout", () => speak(null));
  grid.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const button = buttonOf(event);
    if (!button) return;
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true"); // at once; the server confirms
    self.send("press", { id: cellOf(button).id });
  });
  grid.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = arrow(event);
    if (!way) return;
    event.preventDefault();
    cells()[self.focus[0] + way[1]]?.[self.focus[1] + way[0]]?.focus();
  });

  function show(/** @type {PartGridHeader} */ header) {
    const focused = grid.contains(/** @type {ShadowRoot} */ (root).activeElement ?? document.activeElement);
    self.header = header;
    grid.setAttribute("aria-label", header.title);
    draw();
    if (focused) cells()[self.focus[0]]?.[self.focus[1]]?.focus();
    else speak(null);
  }
  return Object.assign(self, { show, destroy: onThemeChange(root, () => self.header && draw()) });
}

export default component(build);
