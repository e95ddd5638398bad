// @ts-check
// The likeliest next tokens after the token under the pointer, else after the pinned one, else after the last.
/** @import { GuessesHeader } from "../headers.js" */

import { element, find, keepChildren } from "../shared/elements.js";
import { listenHover, listenPin, settlePin } from "../shared/events.js";
import { component, ending } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [list, after] = find(root, "ol", ".after");
  const self = { header: /** @type {GuessesHeader} */ (/** @type {unknown} */ (null)), cursor: /** @type {number | null} */ (null), hovered: /** @type {number | null} */ (null) };

  function draw() {
    const { rows, labels } = self.header;
    const pinned = self.cursor ?? rows.length - 1;
    const at = self.hovered !== null && self.hovered < rows.length ? self.hovered : pinned;
    const where = at === rows.length - 1 ? "the last token" : at === pinned ? "the pinned token" : "this token";
    after.replaceChildren(`After ${where}, `, element("b", {}, labels[at]));
    const most = rows[at][0][1];
    keepChildren(list, rows[at].length, row);
    rows[at].forEach(([token, probability], i) => {
      const [name, bar] = list.children[i].children;
      name.textContent = token;
      bar.firstChild.style.width = `${(80 * probability) / most}%`; // the rest is for the number
      bar.lastChild.textContent = percent(probability);
    });
  }
  const row = () => element("li", {}, element("b"), element("div", {}, element("i"), element("span")));

  const destroy = ending(
    listenHover((position) => {
      self.hovered = position;
      if (self.header) draw();
    }),
    listenPin((position) => {
      self.cursor = position;
      self.hovered = null; // a key may have pinned, with the pointer resting on some token
      draw();
    }),
    onThemeChange(root, () => applyTheme(root)),
  );
  function show(/** @type {GuessesHeader} */ header) {
    self.header = header;
    settlePin(self, header);
    list.setAttribute("aria-label", header.title);
    applyTheme(root);
    draw();
  }
  return Object.assign(self, { show, destroy });
}

export default component(build);
