// @ts-check
// The formula of a cell with its numbers, where its inputs are in the browser; sums over weights come with a click.
/** @import { TensorFacts } from "../headers.js" */

import { minus, percent } from "../shared/numbers.js";

/**
 * A number as the readout says it: three decimals, a true minus.
 * @param {number} x
 */
export function written(x) {
  if (!Number.isFinite(x)) return x < 0 ? "−∞" : String(x);
  return minus(x !== 0 && Math.abs(x) < 0.0005 ? x.toExponential(1) : x.toFixed(3));
}

/**
 * @typedef {object} Place
 * @property {string} name the tensor
 * @property {number[]} index [i] of a vector, [head, i] of a matrix
 * @property {number} position of the token
 * @property {TensorFacts} spec
 * @property {number} width numbers of a head's query
 * @property {(name: string, position: number, index: number[]) => number} cell
 * @property {(position: number) => string} label
 */

/** @type {Record<string, (place: Place) => string>} */
const FORMULAS = {
  resid_mid: added,
  resid_post: added,
  norm1: normed,
  norm2: normed,
  resid_pre: ({ name, position, index, cell }) => written(cell(name, position, index)),

  attn_scores({ position, index: [head, key], width, cell }) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += cell("q", position, [head, i]) * cell("k", key, [head, i]);
    return `${written(sum)} ÷ √${width} = ${written(sum / Math.sqrt(width))}`;
  },

  pattern({ position, index: [head, key], cell }) {
    const score = (/** @type {number} */ k) => cell("attn_scores", position, [head, k]);
    const scores = Array.from({ length: position + 1 }, (_, k) => score(k));
    const largest = Math.max(...scores);
    const total = scores.reduce((sum, s) => sum + Math.exp(s - largest), 0);
    const part = Math.exp(score(key) - largest);
    return `e^(score − largest) = ${written(part)}; ÷ ${written(total)} = ${percent(part / total)}`;
  },

  z({ position, index, cell, label }) {
    const weight = (/** @type {number} */ k) => cell("pattern", position, [index[0], k]);
    const parts = Array.from({ length: position + 1 }, (_, k) => weight(k) * cell("v", k, index));
    const best = parts.reduce((most, part, k) => (Math.abs(part) > Math.abs(parts[most]) ? k : most), 0);
    const sum = parts.reduce((a, b) => a + b, 0);
    return `${written(sum)}; most from ${label(best)}: ${percent(weight(best))} × ${written(cell("v", best, index))}`;
  },

  mlp_post({ position, index, spec, cell }) {
    return spec.reads.map((other) => `${other} = ${written(cell(other, position, index))}`).join(", ");
  },
};

/** @param {Place} place */
function added({ name, position, index, spec, cell }) {
  const [first, second] = spec.reads.map((other) => written(cell(other, position, index)));
  return `${first} + ${second} = ${written(cell(name, position, index))}`;
}

/** @param {Place} place */
function normed({ name, position, index, spec, cell }) {
  return `x = ${written(cell(spec.reads[0], position, index))} → ${written(cell(name, position, index))}`;
}

/**
 * What the readout says of a cell's making.
 * @param {Place} place
 */
export function arithmetic(place) {
  return FORMULAS[place.name]?.(place) ?? `sum of ${place.spec.terms} products; click for all of them`;
}
