// @ts-check
// The line under a figure: a sentence in plain words; on demand the tensor, its shape, and the code that gives it.
/** @import { TruthHeader } from "../headers.js" */

import { element, find } from "../shared/elements.js";
import { component } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { parts } from "./python.js";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [sentence, toggle, origin] = find(root, "p span", ".toggle", "section");
  const [tensor, shape, code, copy, said] = find(root, ".tensor code", ".tensor span", "pre code", ".copy", "[role=status]");

  const open = (/** @type {boolean} */ wanted) => {
    origin.hidden = !wanted;
    toggle.setAttribute("aria-expanded", String(wanted));
    toggle.textContent = wanted ? "Hide code" : "Show code";
    said.textContent = "";
  };
  toggle.addEventListener("click", () => open(origin.hidden));
  origin.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    open(false);
    toggle.focus();
  });

  copy.addEventListener("click", async () => {
    const copied = await navigator.clipboard?.writeText(code.textContent).then(() => true, () => false);
    if (!copied) getSelection()?.selectAllChildren(code);
    said.textContent = copied ? "Copied." : "Selected: copy it with Ctrl+C or ⌘C.";
  });

  const unwatch = onThemeChange(root, () => applyTheme(root));
  return {
    show(/** @type {TruthHeader} */ header) {
      applyTheme(root);
      sentence.textContent = header.sentence;
      tensor.textContent = header.tensor;
      shape.textContent = header.shape;
      if (code.textContent === header.code) return;
      code.replaceChildren(...parts(header.code).map(([kind, text]) => element("span", { class: kind }, text)));
      said.textContent = "";
    },
    destroy: unwatch,
  };
}

export default component(build);
