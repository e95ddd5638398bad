// @ts-check
// The palette of assets/theme.json, which Streamlit's theme is in force, and colours between colours.

import { hostOf } from "./mount.js";
import { THEME } from "./palette.js";

export { THEME };

// True when Streamlit's background is dark: the theme is read, not guessed from the operating system.
export function isDark(root) {
  const colour = getComputedStyle(hostOf(root)).getPropertyValue("--st-background-color").trim();
  const canvas = isDark.canvas || (isDark.canvas = document.createElement("canvas").getContext("2d"));
  canvas.fillStyle = "#ffffff";
  canvas.fillStyle = colour || "#ffffff";
  const [r, g, b] = rgb(canvas.fillStyle);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

export function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

// Writes our palette as --gb-* variables on the component, and returns the palette.
export function applyTheme(root) {
  const theme = isDark(root) ? THEME.dark : THEME.light;
  const style = hostOf(root).style;
  for (const [name, colour] of Object.entries(theme.roles)) style.setProperty(`--gb-${name}`, colour);
  for (const name of ["background", "surface", "text", "muted", "line", "primary"])
    style.setProperty(`--gb-${name}`, theme[name]);
  style.setProperty("--gb-font", THEME.fonts.text);
  style.setProperty("--gb-code", THEME.fonts.code);
  return theme;
}

// Calls `redraw` when Streamlit switches theme. An invisible element whose colour is the background starts a transition then.
export function onThemeChange(root, redraw) {
  const probe = document.createElement("i");
  probe.setAttribute("aria-hidden", "true");
  probe.style.cssText =
    "position:absolute;width:0;height:0;overflow:hidden;color:var(--st-background-color);transition:color 1ms linear";
  const listener = () => redraw();
  probe.addEventListener("transitionend", listener);
  root.appendChild(probe);
  return () => {
    probe.removeEventListener("transitionend", listener);
    probe.remove();
  };
}

// A colour between the stops of a scale, for t in [0, 1].
export function mix(stops, t) {
  const x = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(x), stops.length - 2);
  const [a, b] = [rgb(stops[i]), rgb(stops[i + 1])];
  return a.map((v, k) => Math.round(v + (b[k] - v) * (x - i)));
}

// Black or white, whichever reads better on this colour.
export function inkOn([r, g, b]) {
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#16171a" : "#ffffff";
}
