// @ts-check
// The palette of assets/theme.json, which Streamlit's theme is in force, and colours between colours.

import { element } from "./elements.js";
import { hostOf } from "./mount.js";
import { THEME } from "./palette.js";

export { THEME };

/** @typedef {import("./palette.js").Theme} Theme */
/** @typedef {[number, number, number]} Rgb */
/** @typedef {ShadowRoot | HTMLElement} Root */

/** @type {CanvasRenderingContext2D | null} */
let reader = null;

/**
 * True when Streamlit's background is dark: the theme is read, not guessed from the operating system.
 * @param {Root} root
 */
export function isDark(root) {
  const colour = getComputedStyle(hostOf(root)).getPropertyValue("--st-background-color").trim();
  reader ??= /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  reader.fillStyle = "#ffffff";
  reader.fillStyle = colour || "#ffffff";
  return brightness(rgb(reader.fillStyle)) < 128;
}

/**
 * @param {string} hex "#rrggbb"
 * @returns {Rgb}
 */
function rgb(hex) {
  const part = (/** @type {number} */ i) => parseInt(hex.slice(i, i + 2), 16);
  return [part(1), part(3), part(5)];
}

/** @param {Rgb} colour */
const brightness = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b;

/**
 * Writes our palette as --gb-* variables on the component, and returns the palette.
 * @param {Root} root
 */
export function applyTheme(root) {
  const theme = isDark(root) ? THEME.dark : THEME.light;
  const { background, surface, text, muted, line, primary, roles } = theme;
  const style = hostOf(root).style;
  for (const [name, colour] of Object.entries({ background, surface, text, muted, line, primary, ...roles }))
    style.setProperty(`--gb-${name}`, colour);
  style.setProperty("--gb-font", THEME.fonts.text);
  style.setProperty("--gb-code", THEME.fonts.code);
  return theme;
}

/**
 * Calls `redraw` when Streamlit switches theme. An invisible element whose colour is the background starts a transition then.
 * @param {Root} root
 * @param {() => void} redraw
 */
export function onThemeChange(root, redraw) {
  const probe = element("i", { "aria-hidden": true, ontransitionend: () => redraw() });
  probe.style.cssText =
    "position:absolute;width:0;height:0;overflow:hidden;color:var(--st-background-color);transition:color 1ms linear";
  root.appendChild(probe);
  return () => probe.remove();
}

/**
 * A colour between the stops of a scale, for t in [0, 1].
 * @param {string[]} stops
 * @param {number} t
 * @returns {Rgb}
 */
export function mix(stops, t) {
  const x = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(x), stops.length - 2);
  const [a, b] = [rgb(stops[i]), rgb(stops[i + 1])];
  const part = (/** @type {number} */ k) => Math.round(a[k] + (b[k] - a[k]) * (x - i));
  return [part(0), part(1), part(2)];
}

/**
 * 256 colours of a scale, from its first stop to its last, as pixels of an image: RGBA, little-endian.
 * @param {string[]} stops
 */
export function pixelsOf(stops) {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = mix(stops, i / 255);
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

/**
 * A scale from left to right, or a part of it, as a CSS background.
 * @param {string[]} stops
 * @param {number} [from]
 * @param {number} [to]
 */
export function ramp(stops, from = 0, to = 1) {
  const shown = [0, 0.25, 0.5, 0.75, 1].map((t) => `rgb(${mix(stops, from + (to - from) * t)})`);
  return `linear-gradient(90deg, ${shown.join(",")})`;
}

/**
 * The relative luminance of a colour, from 0 to 1, as WCAG 2 defines it.
 * @param {Rgb} colour
 */
function luminance(colour) {
  const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * Black or white, whichever has more contrast with this colour: one of them always has at least 4.58 to 1.
 * @param {Rgb} colour
 */
export function inkOn(colour) {
  const light = luminance(colour) + 0.05;
  return light / 0.05 > 1.05 / light ? "#000000" : "#ffffff";
}
