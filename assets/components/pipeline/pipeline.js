// @ts-check
// The stages of the data pipeline as a funnel: a row each, with its switch, a handle to move it, and a bar of what it kept and dropped.
/** @import { PipelineHeader, PipelineRow } from "../headers.js" */

import { element, find } from "../shared/elements.js";
import { arrow } from "../shared/keys.js";
import { component, focusedIn, nowhere } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [legend, list, said] = find(root, ".legend", ".rows", ".said");
  const self = { header: /** @type {PipelineHeader} */ (/** @type {unknown} */ (null)), order: /** @type {string[]} */ ([]),
    off: /** @type {Set<string>} */ (new Set()), rows: /** @type {Map<string, HTMLElement>} */ (new Map()), send: nowhere };
  const tell = () => self.send("arrange", { order: self.order, off: [...self.off] });
  const open = (/** @type {string} */ key) => self.send("open", { key });

  function row(/** @type {PipelineRow} */ about) {
    const { key, name, purpose, parts, words, time } = about;
    const bar = element("div", { class: "bar" }, ...parts.map(({ role, share, count }) =>
      element("i", { class: role, title: count, style: { "flex-basis": `${100 * share}%` } })));
    const numbers = element("div", { class: "words", title: words }, words, ...(time ? [" ", element("small", {}, time)] : []));
    if (!key) return element("li", { class: "row" }, element("span", { class: "name" }, name), bar, numbers);
    const box = element("input", { type: "checkbox", "aria-label": `${name} on`, onchange: () => check(key, box.checked) });
    box.checked = about.on;
    const handle = element("button", { class: "handle", "aria-label": `Move ${name}: arrow keys`, onkeydown: walk, onpointerdown: take }, "⠿");
    const pick = { class: "name", title: purpose, "aria-pressed": key === self.header.open, onclick: () => open(key), onfocus: () => say(purpose) };
    const made = element("li", { "data-key": key }, handle, box, element("button", pick, name), bar, numbers);
    made.className = `row${about.on ? "" : " off"}${key === self.header.open ? " open" : ""}`;
    made.addEventListener("pointerenter", () => say(purpose));
    bar.addEventListener("click", () => open(key));

    function walk(/** @type {KeyboardEvent} */ event) {
      const by = arrow(event)?.[1];
      if (!by) return;
      event.preventDefault();
      if (move(key, self.order.indexOf(key) + by)) tell();
      handle.focus();
    }
    function take() {
      made.classList.add("dragged");
      const before = self.order.join();
      const others = self.order.filter((other) => other !== key).map((other) => /** @type {HTMLElement} */ (self.rows.get(other)));
      const middle = (/** @type {HTMLElement} */ other) => other.getBoundingClientRect().top + other.offsetHeight / 2;
      const drag = (/** @type {PointerEvent} */ event) => void move(key, others.filter((other) => middle(other) < event.clientY).length);
      const drop = () => {
        made.classList.remove("dragged");
        window.removeEventListener("pointermove", drag);
        if (self.order.join() !== before) tell();
      };
      window.addEventListener("pointermove", drag);
      window.addEventListener("pointerup", drop, { once: true });
      window.addEventListener("pointercancel", drop, { once: true });
    }
    return made;
  }

  function say(/** @type {string} */ words) {
    said.textContent = words;
  }
  function check(/** @type {string} */ key, /** @type {boolean} */ on) {
    if (on) self.off.delete(key);
    else self.off.add(key);
    self.rows.get(key)?.classList.toggle("off", !on);
    tell();
  }
  function move(/** @type {string} */ key, /** @type {number} */ to) {
    const order = self.order.filter((other) => other !== key);
    order.splice(Math.min(Math.max(to, 0), order.length), 0, key);
    const changed = order.join() !== self.order.join();
    self.order = order;
    if (changed) for (const other of order) list.append(/** @type {HTMLElement} */ (self.rows.get(other)));
    return changed;
  }

  function show(/** @type {PipelineHeader} */ header) {
    const had = focusedIn(root)?.closest("li")?.getAttribute("data-key");
    const which = focusedIn(root)?.className ?? "";
    self.header = header;
    self.order = header.rows.filter(({ key }) => key).map(({ key }) => key);
    self.off = new Set(header.rows.filter(({ key, on }) => key && !on).map(({ key }) => key));
    const made = header.rows.map(row);
    self.rows = new Map(header.rows.map(({ key }, i) => [key, made[i]]));
    list.setAttribute("aria-label", header.title);
    list.classList.toggle("stale", header.stale);
    list.replaceChildren(...made);
    legend.replaceChildren(...header.legend.map(({ role, words }) => element("span", {}, element("i", { class: role }), words)));
    if (had) /** @type {HTMLElement | null | undefined} */ (self.rows.get(had)?.querySelector(which ? `.${which}` : "input"))?.focus();
    applyTheme(root);
  }
  return Object.assign(self, { show, destroy: onThemeChange(root, () => applyTheme(root)) });
}

export default component(build);
