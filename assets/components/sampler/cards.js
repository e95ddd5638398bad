// @ts-check
// The list of stages: a card each, with its box, slider and handle. What is changed is changed in `settings`, and told to `changed`.
/** @import { SamplerSettings, StageKind } from "../headers.js" */

import { element } from "../shared/elements.js";
import { arrow } from "../shared/keys.js";
import { HINT, typeInto } from "../shared/typed.js";

/**
 * @typedef {object} Cards
 * @property {(stages: StageKind[], settings: SamplerSettings) => void} arrange puts the cards into the order of the settings
 * @property {(look: (kind: StageKind) => { on: boolean, colour: string, effect: string }) => void} paint
 */

/**
 * @param {HTMLElement} list
 * @param {(kind: StageKind, from?: number) => void} changed `from`: what its slider stood at
 * @returns {Cards}
 */
export function cardsIn(list, changed) {
  /** @typedef {{ kind: StageKind, made: HTMLElement, box: HTMLInputElement, output: HTMLElement, slider: HTMLInputElement, effect: HTMLElement }} Card */
  const cards = /** @type {Map<string, Card>} */ (new Map());
  const cardOf = (/** @type {string} */ name) => /** @type {Card} */ (cards.get(name));
  let settings = /** @type {SamplerSettings} */ (/** @type {unknown} */ (null));

  function card(/** @type {StageKind} */ kind) {
    const { name, title, hint } = kind;
    const [min, max, step] = kind.slider;
    const box = element("input", { type: "checkbox", "aria-label": `${title} on`, onchange: check });
    const output = element("output", { title: HINT, onclick: () => typeInto(slider, output) });
    const slider = element("input", { type: "range", min, max, step, "aria-label": title, oninput: slide, onkeydown: typed });
    const effect = element("div", { class: "effect" });
    const hands = { class: "handle", "aria-label": `Move ${title}: arrow keys`, onkeydown: walk, onpointerdown: take };
    const handle = element("button", hands, "⠿");
    const label = element("span", { class: "name", title: hint }, title);
    const made = element("li", { class: "stage", "data-name": name }, handle, box, label, output, slider, effect);

    function slide() {
      const from = settings.values[name];
      settings.values[name] = Number(slider.value);
      settings.off = settings.off.filter((n) => n !== name);
      changed(kind, from);
    }
    function typed(/** @type {KeyboardEvent} */ event) {
      if (!/^[\d.,]$/.test(event.key) || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      typeInto(slider, output, event.key);
    }
    function check() {
      settings.off = settings.off.filter((n) => n !== name).concat(box.checked ? [] : [name]);
      changed(kind);
    }
    function walk(/** @type {KeyboardEvent} */ event) {
      const by = arrow(event)?.[1];
      if (!by) return;
      event.preventDefault();
      move(kind, settings.order.indexOf(name) + by);
      handle.focus();
    }
    function take() {
      made.classList.add("dragged");
      const others = settings.order.filter((n) => n !== name).map((n) => cardOf(n).made);
      const middle = (/** @type {HTMLElement} */ other) => other.getBoundingClientRect().top + other.offsetHeight / 2;
      const drag = (/** @type {PointerEvent} */ event) => move(kind, others.filter((other) => middle(other) < event.clientY).length);
      const drop = () => {
        made.classList.remove("dragged");
        window.removeEventListener("pointermove", drag);
      };
      window.addEventListener("pointermove", drag); // not on the handle: a card that moves in the list would lose it
      window.addEventListener("pointerup", drop, { once: true });
      window.addEventListener("pointercancel", drop, { once: true });
    }
    return { kind, made, box, output, slider, effect };
  }

  function move(/** @type {StageKind} */ kind, /** @type {number} */ to) {
    const order = settings.order.filter((n) => n !== kind.name);
    order.splice(Math.min(Math.max(to, 0), order.length), 0, kind.name);
    if (order.join() === settings.order.join()) return;
    settings.order = order;
    place();
    changed(kind);
  }

  function place() {
    settings.order.forEach((name, i) => {
      const { made } = cardOf(name);
      if (list.children[i] !== made) list.insertBefore(made, list.children[i] ?? null);
    });
  }

  return {
    arrange(stages, wanted) {
      settings = wanted;
      for (const kind of stages) if (!cards.has(kind.name)) cards.set(kind.name, card(kind));
      place();
    },
    paint(look) {
      for (const { kind, made, box, output, slider, effect } of cards.values()) {
        const { on, colour, effect: words } = look(kind);
        const value = settings.values[kind.name];
        made.classList.toggle("idle", !on);
        made.style.setProperty("--stage", colour);
        box.checked = !settings.off.includes(kind.name);
        slider.value = String(value);
        output.textContent = kind.named.find(([named]) => named === value)?.[1] ?? String(+value.toFixed(2));
        slider.setAttribute("aria-valuetext", output.textContent);
        effect.textContent = on ? words : box.checked ? "changes nothing" : "switched off";
      }
    },
  };
}
