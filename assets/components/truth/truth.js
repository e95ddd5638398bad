// @ts-check
// The line under a figure: a sentence in plain words; on demand the tensor, its shape, the code that gives it, and its numbers as a file.
/** @import { TruthHeader } from "../headers.js" */

import { download } from "../shared/download.js";
import { element, find } from "../shared/elements.js";
import { lines } from "../shared/lines.js";
import { component, hostOf, nowhere } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { parts } from "./python.js";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [sentence, toggle, origin] = find(root, "p span", ".toggle", "section");
  const [tensor, shape, code, copy, save, said] = find(root, ".tensor code", ".tensor span", "pre code", ".copy", ".save", "[role=status]");
  const self = { send: nowhere, asked: 0 };

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

  save.addEventListener("click", () => {
    self.asked = Date.now();
    self.send("save", { turn: self.asked });
    said.textContent = "Gathering the numbers …";
  });

  const unwatch = onThemeChange(root, () => applyTheme(root));
  return Object.assign(self, {
    show(/** @type {TruthHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
      applyTheme(root);
      lines.set(hostOf(root), header);
      if (self.asked && header.turn === self.asked) {
        self.asked = 0;
        if (payload.length) download(`${header.file}.npz`, "application/zip", payload);
        said.textContent = payload.length ? "Saved: numpy.load opens it." : "There are no numbers in it that a file could hold.";
      }
      sentence.textContent = header.sentence;
      tensor.textContent = header.tensor;
      shape.textContent = header.shape;
      if (code.textContent === header.code) return;
      code.replaceChildren(...parts(header.code).map(([kind, text]) => element("span", { class: kind }, text)));
      said.textContent = "";
    },
    destroy: unwatch,
  });
}

export default component(build);
