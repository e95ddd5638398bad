// @ts-check
// Arithmetic with the weights of heads, each a triangle: row q has q + 1 numbers, the rows one after another.

/** How many numbers the rows before row n have. @param {number} n */
export const triangle = (n) => (n * (n + 1)) / 2;

/**
 * The mean of triangles of one size.
 * @param {Float32Array[]} triangles
 */
export function average(triangles) {
  const sum = new Float32Array(triangles[0].length);
  for (const weights of triangles) for (let i = 0; i < sum.length; i++) sum[i] += weights[i];
  for (let i = 0; i < sum.length; i++) sum[i] /= triangles.length;
  return sum;
}

/**
 * Each row's other weights, divided by what they add up to, in place. A row that gave all to the first token has nothing left.
 * @param {Float32Array} weights
 * @param {number} length
 */
export function withoutFirst(weights, length) {
  for (let q = 0, at = 0; q < length; at += ++q) {
    let rest = 0;
    for (let k = 1; k <= q; k++) rest += weights[at + k];
    weights[at] = 0;
    for (let k = 1; k <= q; k++) weights[at + k] = rest > 1e-6 ? weights[at + k] / rest : 0;
  }
  return weights;
}
