// @ts-check
// Where the words lie: boxes, the nearest one, the walk by arrow keys.

/**
 * The box that some of n words fill at step s: its centre and half its width along each axis; in 3-D, a ball around 0.
 * @param {Float32Array} points
 * @param {number} n
 * @param {number} dims
 * @param {number} s
 * @param {Iterable<number>} some
 * @param {number} aside the part of the words that may lie outside on each side, in 2-D
 */
export function boxOf(points, n, dims, s, some, aside = 0) {
  const spots = [...some].map((i) => points.subarray((s * n + i) * dims, (s * n + i + 1) * dims));
  if (dims === 3) {
    const radius = Math.max(1e-9, ...spots.map((p) => Math.hypot(...p)));
    return [0, 0, radius, radius];
  }
  const left = Math.floor(aside * spots.length);
  const sides = [0, 1].map((k) => Float32Array.from(spots, (p) => p[k]).sort());
  const ends = sides.map((side) => [side[left], side[side.length - 1 - left]]);
  return [...ends.map(([low, high]) => (low + high) / 2), ...ends.map(([low, high]) => (high - low) / 2 || 1e-9)];
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
