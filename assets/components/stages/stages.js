// @ts-check
// The stages of a model's life under its step slider: each as wide as its part of the slider. A click goes to where one ended.
/** @import { StagesHeader } from "../headers.js" */

import { element, find } from "../shared/elements.js";
import { component, nowhere } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [list] = find(root, "ol");
  const self = { send: nowhere };

  function part(/** @type {StagesHeader["parts"][number]} */ { name, title, step, share, current }) {
    const button = element("button", { title, "aria-current": current ? "step" : null, onclick: () => self.send("go", { step }) }, name);
    return element("li", { style: { "flex-grow": String(share) } }, button);
  }
  function show(/** @type {StagesHeader} */ header) {
    list.setAttribute("aria-label", "Stages of the model's life");
    list.replaceChildren(...header.parts.map(part));
    applyTheme(root);
  }
  return Object.assign(self, { show, destroy: onThemeChange(root, () => applyTheme(root)) });
}

export default component(build);
