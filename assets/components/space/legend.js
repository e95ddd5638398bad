// @ts-check
// Buttons for the kinds of words on the map.

import { element, keepChildren } from "../shared/elements.js";
import { adds } from "../shared/keys.js";

/**
 * A click shows one kind alone, another click on it all again; with Shift, or Ctrl, it hides or shows one. Returns what draws the buttons.
 * @param {HTMLElement} legend
 * @param {{ header: import("../headers.js").SpaceHeader, theme: import("../shared/theme.js").Theme, hidden: Set<number> }} self
 * @param {() => void} redraw
 */
export function legendOf(legend, self, redraw) {
  const make = (/** @type {number} */ g) => {
    const onclick = (/** @type {MouseEvent} */ event) => (adds(event) ? toggle(g) : event.detail < 2 && isolate(g));
    return element("button", { onclick }, element("i"), element("span"), element("small"));
  };
  function list() {
    const { names, colours, groups } = self.header;
    keepChildren(legend, names.length, make);
    names.forEach((name, g) => {
      const button = /** @type {HTMLElement} */ (legend.children[g]);
      button.style.setProperty("--colour", self.theme.categories[colours[g]]);
      button.children[1].textContent = name;
      button.children[2].textContent = String(groups.filter((k) => k === g).length);
      button.setAttribute("aria-pressed", String(!self.hidden.has(g)));
    });
  }
  function toggle(/** @type {number} */ g) {
    if (!self.hidden.delete(g)) self.hidden.add(g);
    list();
    redraw();
  }
  function isolate(/** @type {number} */ g) {
    const others = self.header.names.map((_, k) => k).filter((k) => k !== g);
    const alone = !self.hidden.has(g) && others.every((k) => self.hidden.has(k));
    self.hidden = new Set(alone ? [] : others);
    list();
    redraw();
  }
  return list;
}
