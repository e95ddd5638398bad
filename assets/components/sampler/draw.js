// @ts-check
// The canvases of the sampler: bars with a lane for each stage, the tokens laid end to end, and a slider's sweep.
/** @import { SamplerHeader, SamplerSettings } from "../headers.js" */
/** @import { Row, Stage } from "./stages.js" */
/** @import { Theme } from "../shared/theme.js" */

import { penOn } from "../shared/canvas.js";
import { percent } from "../shared/numbers.js";
import { clip } from "../shared/signs.js";
import { THEME } from "../shared/theme.js";

/**
 * What the settings make of the logits. Token ids are the places of `cutAt` (0: kept to the end; i: cut by stages[i]), `rank`
 * (−1: cut), `before` and `after`.
 * @typedef {{ stages: Stage[], last: Row, cutAt: Uint8Array, rank: Int32Array, before: Float64Array, after: Float64Array, shown: Uint32Array }} Picture
 */
/**
 * @typedef {object} Look
 * @property {Picture} now
 * @property {Theme} theme
 * @property {Record<string, string>} colours of the stages
 * @property {SamplerHeader} header
 * @property {SamplerSettings} settings
 * @property {Uint32Array | null} draws how often each place of the last row came in 1,000 draws
 * @property {number | null} lit the bar that is pointed at
 * @property {number} u
 * @property {number | undefined} chosen
 * @property {(id: number) => string} label
 * @property {() => boolean} logarithmic
 */
/** @typedef {{ id: number, from: number, to: number }} Found a token, and the values of a slider between which it is drawn */

const LANE = 9; // px of a stage's lane
const NAMES = 58; // px for the tokens' names, written upwards

// The bars of the likeliest tokens and, below, a lane for each stage that is on. Returns where the bars stand.
/**
 * @param {HTMLCanvasElement} canvas
 * @param {Look} look
 */
export function drawBars(canvas, { now, theme, colours, header, draws, lit, label, logarithmic }) {
  const lanes = header.stages.length;
  const { pen, width, height } = penOn(canvas, `11px ${THEME.fonts.code}`);
  const { shown, before, after, cutAt, rank, stages } = now;
  const left = 40;
  const step = (width - left) / shown.length;
  const base = height - LANE * lanes - NAMES;
  const log = logarithmic();
  const largest = Math.max(...Array.from(shown, (id) => Math.max(before[id], after[id])), 1e-9);
  const top = log ? 1 : Math.min(1, largest * 1.08);
  const y = (/** @type {number} */ p) => {
    const part = log ? 1 + Math.log10(Math.max(p, 1e-6)) / 6 : p / top;
    return base - (base - 8) * Math.min(Math.max(part, 0), 1);
  };
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const p of log ? [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5] : ticks(top)) {
    pen.fillStyle = theme.muted;
    pen.fillText(percent(p), left - 4, y(p));
    pen.fillStyle = theme.line;
    pen.fillRect(left, y(p), width - left, 1);
  }
  const [thick, gap] = [Math.max(step * 0.84, 0.7), step * 0.08];
  shown.forEach((id, i) => {
    const x = left + i * step + gap;
    const cut = cutAt[id];
    if (i === lit) bar(pen, theme.surface, left + i * step, 0, step, base);
    pen.globalAlpha = cut ? 0.35 : 1;
    bar(pen, cut ? colours[stages[cut].name] : theme.line, x, y(before[id]), thick, base - y(before[id]));
    pen.globalAlpha = 1;
    if (!cut) bar(pen, theme.roles.prediction, x + thick * 0.2, y(after[id]), thick * 0.6, base - y(after[id]));
    if (draws && !cut) {
      pen.fillStyle = theme.text;
      pen.beginPath();
      pen.arc(x + thick / 2, y(draws[rank[id]] / 1000), Math.min(3, 1 + thick / 6), 0, 7);
      pen.fill();
    }
    if (step >= 11) name(pen, clip(label(id), 8), x + thick / 2, base + 6, cut ? theme.muted : theme.text, id === header.actual);
  });
  const on = stages.slice(1);
  on.forEach((stage, k) => {
    const row = height - LANE * (lanes - k);
    shown.forEach((id, i) => {
      const cut = cutAt[id];
      if (cut && cut < k + 1) return; // an earlier stage had it
      pen.globalAlpha = cut === k + 1 ? 1 : 0.22;
      bar(pen, colours[stage.name], left + i * step + gap, row + 1, thick, LANE - 3);
    });
    pen.globalAlpha = 1;
    const border = shown.findIndex((id) => cutAt[id] === k + 1);
    const clean = border > 0 && shown.slice(border).every((id) => cutAt[id]) && shown.slice(0, border).every((id) => cutAt[id] !== k + 1);
    if (!clean) return;
    pen.strokeStyle = colours[stage.name];
    pen.setLineDash([4, 3]);
    pen.beginPath();
    pen.moveTo(left + border * step, 4);
    pen.lineTo(left + border * step, base);
    pen.stroke();
    pen.setLineDash([]);
  });
  const best = Array.from(shown.slice(0, 3), (id) => `${label(id)} ${percent(before[id])} to ${percent(after[id])}`);
  canvas.setAttribute("aria-label", `The likeliest tokens before and after the settings: ${best.join(", ")}`);
  return { left, step };
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {string} colour
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
function bar(pen, colour, x, y, width, height) {
  pen.fillStyle = colour;
  pen.fillRect(x, y, width, height);
}

function ticks(/** @type {number} */ top) {
  const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5].find((s) => top / s <= 5) ?? 0.5;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
}

// A token's name, written downwards; underlined when it is the one that really came.
/**
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} colour
 * @param {boolean} real
 */
function name(pen, text, x, y, colour, real) {
  pen.save();
  pen.translate(x, y);
  pen.rotate(Math.PI / 2);
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillStyle = colour;
  pen.fillText(text, 0, 0);
  if (real) pen.fillRect(0, 6, pen.measureText(text).width, 1.5);
  pen.restore();
}

// The tokens laid end to end, and u.
/**
 * @param {HTMLCanvasElement} canvas
 * @param {Pick<Look, "now" | "theme" | "u" | "label">} look
 * @param {number} chosen its place in the row
 */
export function drawCumulative(canvas, { now, theme, u, label }, chosen) {
  const { pen, width, height } = penOn(canvas, `12px ${THEME.fonts.code}`);
  const { last } = now;
  const bottom = height - 4;
  let x = 0;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let i = 0; i < last.ids.length; i++) {
    const part = (last.weights[i] / last.total) * width;
    if (part < 1.2 && i !== chosen) {
      x += part;
      continue;
    }
    const colour = i === chosen ? theme.roles.prediction : i % 2 ? theme.surface : theme.line;
    bar(pen, colour, x, 12, Math.max(part - 1, 1), bottom - 12);
    const text = clip(label(last.ids[i]), 12);
    if (pen.measureText(text).width < part - 6) {
      pen.fillStyle = i === chosen ? theme.background : theme.text;
      pen.fillText(text, x + part / 2, 12 + (bottom - 12) / 2);
    }
    x += part;
  }
  bar(pen, theme.text, Math.min(u * width, width - 2) - 1, 0, 2.5, height);
  canvas.setAttribute("aria-label", `Tokens laid end to end; u ${u.toFixed(4)} falls on ${label(last.ids[chosen])}`);
}

// Which token the same u draws along a slider: found is [{id, from, to}].
/**
 * @param {HTMLCanvasElement} canvas
 * @param {Pick<Look, "theme" | "label" | "settings" | "chosen">} look
 * @param {Found[]} found
 * @param {{ name: string, title: string }} slider
 * @param {number[]} ends of it
 */
export function drawSweep(canvas, { theme, label, settings, chosen }, found, { name, title }, [low, high]) {
  const { pen, width, height } = penOn(canvas, `12px ${THEME.fonts.code}`);
  const at = (/** @type {number} */ value) => ((value - low) / (high - low)) * width;
  pen.textBaseline = "middle";
  pen.textAlign = "center";
  found.forEach(({ id, from, to }, i) => {
    const end = i + 1 < found.length ? at((to + found[i + 1].from) / 2) : width;
    const begin = i ? at((found[i - 1].to + from) / 2) : 0;
    bar(pen, id === chosen ? theme.roles.prediction : i % 2 ? theme.surface : theme.line, begin, 2, Math.max(end - begin - 1, 1), 18);
    const text = clip(label(id), 12);
    if (pen.measureText(text).width < end - begin - 6) {
      pen.fillStyle = id === chosen ? theme.background : theme.text;
      pen.fillText(text, (begin + end) / 2, 11);
    }
  });
  bar(pen, theme.text, Math.min(Math.max(at(settings.values[name]) - 1, 0), width - 2), 0, 2.5, 22);
  pen.font = `11px ${THEME.fonts.text}`;
  pen.fillStyle = theme.muted;
  pen.textAlign = "left";
  pen.fillText(`what this u draws along ${title}, from ${low} to ${high}`, 0, height - 5);
  canvas.setAttribute("aria-label", `Along ${title}, the same u draws ${found.slice(0, 8).map((f) => label(f.id)).join(", then ")}`);
}
