// @ts-check
// The likeliest next tokens after the token under the pointer, else after the pinned one, else after the last.

import { unpack } from "../shared/bytes.js";
import { listenHover, listenPin, settlePin } from "../shared/events.js";
import { once } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root } = component;
  const guesses = once(root, () => build(root));
  guesses.show(unpack(data).header);
  return guesses.stop;
}

function build(root) {
  const list = root.querySelector("ol");
  const after = root.querySelector(".after");
  const self = { header: null, cursor: null, hovered: null };

  function draw() {
    const { rows, labels } = self.header;
    const pinned = self.cursor ?? rows.length - 1;
    const at = self.hovered !== null && self.hovered < rows.length ? self.hovered : pinned;
    const where = at === rows.length - 1 ? "the last token" : at === pinned ? "the pinned token" : "this token";
    const label = document.createElement("b");
    label.textContent = labels[at];
    after.replaceChildren(`After ${where}, `, label);
    const most = rows[at][0][1];
    while (list.children.length < rows[at].length) list.append(row());
    rows[at].forEach(([token, probability], i) => {
      const [name, bar] = list.children[i].children;
      name.textContent = token;
      bar.firstChild.style.width = `${(80 * probability) / most}%`; // the rest is for the number
      bar.lastChild.textContent = percent(probability);
    });
  }

  function row() {
    const made = document.createElement("li");
    const bar = document.createElement("div");
    bar.append(document.createElement("i"), document.createElement("span"));
    made.append(document.createElement("b"), bar);
    return made;
  }

  const hush = listenHover((position) => {
    self.hovered = position;
    if (self.header) draw();
  });
  const unfollow = listenPin((position) => {
    self.cursor = position;
    self.hovered = null; // a key may have pinned, with the pointer resting on some token
    draw();
  });
  const unwatch = onThemeChange(root, () => applyTheme(root));
  self.show = (header) => {
    self.header = header;
    settlePin(self, header);
    list.setAttribute("aria-label", header.title);
    applyTheme(root);
    draw();
  };
  self.destroy = () => {
    hush();
    unfollow();
    unwatch();
  };
  return self;
}
