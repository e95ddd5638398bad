// @ts-check
// The values of Streamlit's own sliders can be typed too: by a click on the number, or by typing while the slider has the keyboard.

import { component, ending } from "../shared/mount.js";
import { HINT, typeInto } from "../shared/typed.js";

const VALUE = "[data-testid=stSliderThumbValue]";

function build() {
  const sliderAt = (/** @type {Element | null} */ shown) => /** @type {HTMLInputElement | null} */ (shown?.parentElement?.querySelector('input[type="range"]') ?? null);
  const valueOf = (/** @type {EventTarget | null} */ target) => (target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(VALUE)) : null);
  const click = (/** @type {MouseEvent} */ event) => {
    const shown = valueOf(event.target);
    const slider = sliderAt(shown);
    if (shown && slider && !slider.disabled) typeInto(slider, shown);
  };
  const over = (/** @type {PointerEvent} */ event) => valueOf(event.target)?.setAttribute("title", HINT);
  const key = (/** @type {KeyboardEvent} */ event) => {
    const slider = event.target;
    if (!(slider instanceof HTMLInputElement) || slider.type !== "range" || !/^[\d.,−-]$/.test(event.key) || event.ctrlKey || event.metaKey) return;
    const shown = /** @type {HTMLElement | null} */ (slider.closest("[data-testid=stSlider]")?.querySelector(VALUE) ?? null);
    if (!shown || slider.disabled) return;
    event.preventDefault();
    typeInto(slider, shown, event.key);
  };
  document.addEventListener("click", click);
  document.addEventListener("pointerover", over);
  document.addEventListener("keydown", key);
  const leave = () => {
    document.removeEventListener("click", click);
    document.removeEventListener("pointerover", over);
    document.removeEventListener("keydown", key);
  };
  return { show() {}, destroy: ending(leave) };
}

export default component(build);
