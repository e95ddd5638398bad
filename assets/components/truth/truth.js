// @ts-check
// The line under a figure: a sentence in plain words; on demand the tensor, its shape, and the code that gives it.

import { unpack } from "../shared/bytes.js";
import { once } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { parts } from "./python.js";

export default function (component) {
  const { data, parentElement: root } = component;
  const truth = once(root, () => build(root));
  applyTheme(root);
  truth.show(unpack(data).header);
  return truth.stop;
}

function build(root) {
  const [sentence, toggle, origin] = ["p span", ".toggle", "section"].map((name) => root.querySelector(name));
  const [tensor, shape, code, copy, said] = [".tensor code", ".tensor span", "pre code", ".copy", "[role=status]"].map((name) => root.querySelector(name));

  const open = (wanted) => {
    origin.hidden = !wanted;
    toggle.setAttribute("aria-expanded", String(wanted));
    toggle.textContent = wanted ? "Hide code" : "Show code";
    said.textContent = "";
  };
  toggle.addEventListener("click", () => open(origin.hidden));
  root.querySelector("section").addEventListener("keydown", (event) => {
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
    show(header) {
      sentence.textContent = header.sentence;
      tensor.textContent = header.tensor;
      shape.textContent = header.shape;
      if (code.textContent === header.code) return;
      code.replaceChildren(...parts(header.code).map(([kind, text]) => Object.assign(document.createElement("span"), { className: kind, textContent: text })));
      said.textContent = "";
    },
    destroy: unwatch,
  };
}
