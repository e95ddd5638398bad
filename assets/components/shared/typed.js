// @ts-check
// A slider's value can be typed: a field over the number that it shows. Any <input type="range"> will do.

import { element } from "./elements.js";

export const HINT = "Click the number to type a value";
const [TRIES, PATIENCE] = [14, 60]; // of a slider whose places are names: how many are looked at, and ms for each to be shown

/**
 * The number that a text spells: "0,25", "17,000", "−3", "1e3"; null for none.
 * @param {string} text
 */
export function numberIn(text) {
  const plain = text.replaceAll("−", "-").replaceAll(/[\s_%×]/g, "");
  const thousands = /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain);
  const value = Number(thousands ? plain.replaceAll(",", "") : plain.replace(",", "."));
  return plain && Number.isFinite(value) ? value : null;
}

/**
 * The allowed value that is nearest to `wanted`.
 * @param {number} wanted @param {number} min @param {number} max @param {number} step
 */
export function nearest(wanted, min, max, step) {
  const bounded = Math.min(Math.max(wanted, min), max);
  const on = min + Math.round((bounded - min) / step) * step;
  return Number(Math.min(on, max).toFixed(10));
}

/**
 * A field in the place of `shown`, which says the slider's value. Enter or leaving it sets the value, Escape does not.
 * @param {HTMLInputElement} slider @param {HTMLElement} shown @param {string} [first] what was typed already
 */
export function typeInto(slider, shown, first = "") {
  const box = shown.getBoundingClientRect();
  const width = Math.max(box.width + 20, 64);
  const left = Math.min(Math.max(box.right - width + 8, 4), document.documentElement.clientWidth - width - 4);
  const field = element("input", { type: "text", inputmode: "decimal", value: first || shown.textContent, "aria-label": `${slider.getAttribute("aria-label") ?? "Value"}: type a value`, class: "gb-typed" });
  Object.assign(field.style, {
    position: "fixed", left: `${left}px`, top: `${box.top - 4}px`, width: `${width}px`, zIndex: "1000001", font: "500 14px system-ui, sans-serif",
    padding: "2px 6px", border: "1.5px solid", borderRadius: "6px", background: "Canvas", color: "CanvasText", boxSizing: "border-box",
  });
  field.style.colorScheme = getComputedStyle(slider).colorScheme;
  let over = false;
  const end = (/** @type {boolean} */ take) => {
    if (over) return;
    over = true;
    const value = numberIn(field.value);
    field.remove();
    slider.focus({ preventScroll: true });
    if (take && value !== null) void put(slider, value);
  };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") end(false);
    if (event.key !== "Enter") return;
    if (numberIn(field.value) === null) field.setAttribute("aria-invalid", "true");
    else end(true);
  });
  field.addEventListener("input", () => field.removeAttribute("aria-invalid"));
  field.addEventListener("blur", () => end(true));
  document.body.append(field);
  field.focus();
  if (!first) field.select();
  return field;
}

/** @param {HTMLInputElement} slider @param {number} value */
async function put(slider, value) {
  const [min, max, step] = [Number(slider.min), Number(slider.max), Number(slider.step) || 1];
  if (!places(slider)) return settle(slider, nearest(value, min, max, step));
  // Its places are named, and only the one at hand says its name: look for the last that is not above the value.
  let [low, high] = [min, max];
  /** @type {[number, number][]} */
  const seen = [];
  for (let i = 0; i < TRIES && low <= high; i++) {
    const middle = Math.floor((low + high) / 2);
    set(slider, middle);
    await new Promise((done) => setTimeout(done, PATIENCE));
    const here = numberIn(slider.getAttribute("aria-valuetext") ?? "") ?? middle;
    seen.push([Math.abs(here - value), middle]);
    if (here === value) break;
    if (here < value) low = middle + 1;
    else high = middle - 1;
  }
  settle(slider, seen.sort((a, b) => a[0] - b[0])[0][1]);
}

// To the value, the last step by an arrow key: Streamlit's sliders tell the server of what keys and hands do, and of nothing else.
function settle(/** @type {HTMLInputElement} */ slider, /** @type {number} */ value) {
  const step = Number(slider.step) || 1;
  const down = value + step <= Number(slider.max);
  if (slider.closest("[data-testid=stSlider]")) {
    set(slider, nearest(value + (down ? step : -step), Number(slider.min), Number(slider.max), step));
    const key = down ? "ArrowLeft" : "ArrowRight";
    for (const kind of ["keydown", "keyup"]) slider.dispatchEvent(new KeyboardEvent(kind, { key, code: key, bubbles: true, cancelable: true }));
  } else set(slider, value);
}

// Whether the slider counts places, and what it says is another number.
const places = (/** @type {HTMLInputElement} */ slider) => {
  const said = numberIn(slider.getAttribute("aria-valuetext") ?? slider.value);
  return said !== null && Math.abs(said - Number(slider.value)) > 1e-9 * Math.max(1, Math.abs(said)) && Number(slider.step) === 1;
};

// As a hand on the slider does: React hears of a value only when it is set past its own setter.
function set(/** @type {HTMLInputElement} */ slider, /** @type {number} */ value) {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(slider, String(value));
  for (const kind of ["input", "change"]) slider.dispatchEvent(new Event(kind, { bubbles: true }));
}
