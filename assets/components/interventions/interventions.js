// @ts-check
// The changes inside the model as chips, each with a button that takes it out, and one for all.
/** @import { InterventionsHeader } from "../headers.js" */

import { element, find } from "../shared/elements.js";
import { component, nowhere } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

const NONE = "Nothing is changed: this is the model as it was trained.";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [list] = find(root, ".list");

  function chip(/** @type {InterventionsHeader["items"][number]} */ { label, note }, /** @type {number} */ index) {
    const remove = { "aria-label": `Remove: ${label}`, onclick: () => self.send("remove", { index }) };
    const words = [element("span", {}, label), ...(note ? [element("small", {}, note)] : [])];
    return element("li", { class: note ? "idle" : null, title: label }, ...words, element("button", remove, "✕"));
  }
  function clear() {
    const all = { class: "clear", "aria-label": "Remove all changes", onclick: () => self.send("clear", { all: true }) };
    return element("div", {}, element("button", all, "Remove all"));
  }

  const self = {
    send: nowhere,
    show(/** @type {InterventionsHeader} */ { items, title }) {
      applyTheme(root);
      list.setAttribute("aria-label", title);
      const shown = items.length ? items.map(chip) : [element("li", { class: "none" }, NONE)];
      list.replaceChildren(...shown, ...(items.length > 1 ? [clear()] : []));
    },
    destroy: onThemeChange(root, () => applyTheme(root)),
  };
  return self;
}

export default component(build);
