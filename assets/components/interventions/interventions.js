// @ts-check
// The changes inside the model as chips, each with a button that takes it out, and one for all.

import { unpack } from "../shared/bytes.js";
import { once } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const chips = once(root, () => build(root));
  chips.send = setTriggerValue;
  chips.show(unpack(data).header);
  return chips.stop;
}

function build(root) {
  const list = root.querySelector(".list");
  const self = { header: { items: [] }, send: () => {} };

  function button(text, label, press) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", press);
    return made;
  }

  function chip(item, index) {
    const made = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = item.label;
    made.title = item.label;
    made.append(name);
    if (item.note) {
      const note = document.createElement("small");
      note.textContent = item.note;
      made.append(note);
      made.className = "idle";
    }
    made.append(button("✕", `Take out: ${item.label}`, () => self.send("remove", { index })));
    return made;
  }

  self.show = (header) => {
    applyTheme(root);
    self.header = header;
    list.setAttribute("aria-label", header.title);
    const items = header.items.map(chip);
    if (items.length > 1) {
      const all = button("Take all out", "Take all changes out", () => self.send("clear", { all: true }));
      all.className = "clear";
      items.push(document.createElement("div"));
      items.at(-1).append(all);
    }
    if (!items.length) {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = "Nothing is changed: this is the model as it was trained.";
      items.push(none);
    }
    list.replaceChildren(...items);
  };
  const unwatch = onThemeChange(root, () => applyTheme(root));
  self.destroy = unwatch;
  return self;
}
