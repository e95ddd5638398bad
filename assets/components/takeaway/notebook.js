// @ts-check
// A page as a notebook (nbformat 4.5): the code of each figure, with its sentence, under the titles of the sections.

import { lines } from "../shared/lines.js";

const MADE_BY = "Made by Glassbox. It runs where Glassbox is installed: `pip install -e .` in its folder.";

/** Words as a comment in Python, as wide as a cell: a sentence may quote a visitor, so it is no Markdown. @param {string} words */
const comment = (words) =>
  (words.replace(/[\s\p{Cc}]+/gu, " ").match(/.{1,94}(?: |$)|\S{95}/gu) ?? []).map((line) => `# ${line.trim()}\n`).join("");

/** @param {Element} main the content of the page */
export function notebook(main) {
  const cells = /** @type {object[]} */ ([]);
  const add = (/** @type {"markdown" | "code"} */ kind, /** @type {string} */ source) => {
    const ran = kind === "code" ? { execution_count: null, outputs: [] } : {};
    cells.push({ id: `cell-${cells.length}`, cell_type: kind, metadata: {}, source, ...ran });
  };
  let title = ""; // of a section, written before its first line
  for (const node of main.querySelectorAll("*")) {
    const line = lines.get(node);
    if (node.localName === "h1") add("markdown", `# ${node.textContent}\n\n${MADE_BY}`);
    else if (node.localName === "h2") title = `## ${node.textContent}`;
    else if (line) {
      if (title) add("markdown", title);
      title = "";
      add("code", comment(line.sentence) + line.code);
    }
  }
  const metadata = { kernelspec: { name: "python3", display_name: "Python 3", language: "python" } };
  return JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }, null, 1);
}
