// @ts-check
// Texts side by side, with what was taken out, what was put in, and what the labels say is there. All of it is text.
/** @import { PassagesHeader } from "../headers.js" */

import { element, find } from "../shared/elements.js";
import { component } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [legend, columns] = find(root, ".legend", ".columns");

  function piece(/** @type {string[]} */ [kind, text]) {
    if (kind === "same") return document.createTextNode(text);
    if (kind === "gone" || kind === "new") return element(kind === "gone" ? "del" : "ins", {}, text);
    return element("mark", { title: kind }, text);
  }
  function column(/** @type {PassagesHeader["columns"][number]} */ { title, note, pieces }) {
    const text = element("div", { class: "text", tabindex: 0, role: "region", "aria-label": title }, ...pieces.map(piece));
    return element("section", {}, element("h3", {}, title), element("p", { class: "note" }, note), text);
  }
  function show(/** @type {PassagesHeader} */ header) {
    columns.setAttribute("aria-label", header.title);
    columns.style.setProperty("--text-height", `${header.height ?? 340}px`);
    columns.replaceChildren(...header.columns.map(column));
    legend.replaceChildren(...header.legend.map(([kind, words]) => element(kind === "marked" ? "mark" : "span", { class: kind }, words)));
    applyTheme(root);
  }
  return { show, destroy: onThemeChange(root, () => applyTheme(root)) };
}

export default component(build);
