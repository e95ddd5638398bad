// @ts-check
// Helpers of the map of words: boxes, names that do not cover one another, the walk by arrow keys.

import { THEME } from "../shared/theme.js";

/**
 * The box that some of n words fill at step s: its centre and half its width along each axis; in 3-D, a ball around 0.
 * @param {Float32Array} points
 * @param {number} n
 * @param {number} dims
 * @param {number} s
 * @param {Iterable<number>} some
 */
export function boxOf(points, n, dims, s, some) {
  const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  let radius = 1e-9;
  for (const i of some) {
    const p = points.subarray((s * n + i) * dims, (s * n + i + 1) * dims);
    radius = Math.max(radius, Math.hypot(...p));
    for (const k of [0, 1]) [low[k], high[k]] = [Math.min(low[k], p[k]), Math.max(high[k], p[k])];
  }
  if (dims === 3) return [0, 0, radius, radius];
  return [...[0, 1].map((k) => (low[k] + high[k]) / 2), ...[0, 1].map((k) => (high[k] - low[k]) / 2 || 1e-9)];
}

/**
 * Rings and names for [word, weight, must] triples, most important first; a name that would cover another is left out.
 * @param {CanvasRenderingContext2D} pen
 * @param {Iterable<[number, number, boolean?]>} wanted
 * @param {number | null} at
 * @param {ArrayLike<number>} places
 * @param {string[]} words
 * @param {number} room
 * @param {import("../shared/theme.js").Theme} theme
 */
export function nameThem(pen, wanted, at, places, words, room, theme) {
  const taken = /** @type {number[][]} */ ([]);
  const seen = new Set();
  for (const [i, weight, must] of wanted) {
    if (seen.has(i)) continue;
    seen.add(i);
    const [x, y] = [places[3 * i], places[3 * i + 1]];
    pen.strokeStyle = theme.text;
    pen.lineWidth = i === at ? 2.2 : 1.2;
    pen.beginPath();
    pen.arc(x, y, i === at ? 8 : 5.5, 0, 7);
    if (weight > 400) pen.stroke();
    pen.font = `${weight} ${i === at ? 14 : 12}px ${THEME.fonts.text}`;
    const wide = pen.measureText(words[i]).width;
    const left = Math.min(Math.max(x - wide / 2, 3), room - wide - 3);
    const box = [left - 2, y - 24, left + wide + 2, y - 8];
    if (!must && taken.some((o) => box[0] < o[2] && o[0] < box[2] && box[1] < o[3] && o[1] < box[3])) continue;
    taken.push(box);
    pen.lineWidth = 4;
    pen.lineJoin = "round";
    pen.strokeStyle = theme.background;
    pen.strokeText(words[i], left, y - 11);
    pen.fillStyle = theme.text;
    pen.fillText(words[i], left, y - 11);
  }
}

/**
 * A dotted line through the spots [x, y].
 * @param {CanvasRenderingContext2D} pen
 * @param {[number, number][]} spots
 * @param {string} colour
 */
export function dotted(pen, spots, colour) {
  pen.beginPath();
  for (const spot of spots) pen.lineTo(...spot);
  pen.setLineDash([2, 4]);
  pen.strokeStyle = colour;
  pen.globalAlpha = 0.55;
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

/**
 * The nearest of `some` words to a place on the screen, at most `most` pixels away, or null.
 * @param {number} x
 * @param {number} y
 * @param {number} most
 * @param {ArrayLike<number>} places
 * @param {Iterable<number>} some
 */
export function nearestAt(x, y, most, places, some) {
  let best = /** @type {number | null} */ (null), least = most * most;
  for (const i of some) {
    const d = (places[3 * i] - x) ** 2 + (places[3 * i + 1] - y) ** 2;
    if (d < least) [best, least] = [i, d];
  }
  return best;
}

// 1, 2 or 5 times a power of ten, at most `length`.
export function roundLength(/** @type {number} */ length) {
  const power = 10 ** Math.floor(Math.log10(length));
  return [1, 2, 5, 10].map((f) => f * power).filter((f) => f <= length * 1.01).pop() ?? power;
}

/**
 * The nearest of `some` words that lies in the direction `way` of the word `from`, or null.
 * @param {number[]} way
 * @param {number} from
 * @param {ArrayLike<number>} places
 * @param {Iterable<number>} some
 */
export function towards(way, from, places, some) {
  const [x, y] = [places[3 * from], places[3 * from + 1]];
  let best = /** @type {number | null} */ (null), least = Infinity;
  for (const i of some) {
    const [dx, dy] = [places[3 * i] - x, places[3 * i + 1] - y];
    const [along, aside] = [dx * way[0] + dy * way[1], Math.abs(dx * way[1]) + Math.abs(dy * way[0])];
    if (i === from || along <= 0.5) continue;
    if (along + 2 * aside < least) [best, least] = [i, along + 2 * aside];
  }
  return best;
}
