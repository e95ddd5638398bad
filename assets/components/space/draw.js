// @ts-check
// What is drawn on the map of words: names that do not cover one another, dotted lines.

import { THEME } from "../shared/theme.js";

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
