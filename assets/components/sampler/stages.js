// @ts-check
// The arithmetic of sampling, in float64 over the whole vocabulary: core/generation/stages.py in the browser's language.
// Pure functions and no page: tests/components and tests/browser/test_sampling_arithmetic.py compare every one with Python.
//
// A "row" is what is left to draw from, the likeliest token first and the lower id first among equals:
//   ids (n), logits (n), weights (n) = exp(logit - the largest), total = their sum. Tokens that were cut are not in it.

/**
 * @typedef {object} Row
 * @property {Uint32Array} ids
 * @property {Float64Array} logits
 * @property {Float64Array} weights
 * @property {number} total
 */
/** @typedef {{ name: string, value: number | null, row: Row }} Stage */

/**
 * @param {Uint32Array} ids
 * @param {Float64Array} logits
 * @returns {Row}
 */
function weighted(ids, logits) {
  const weights = new Float64Array(ids.length);
  let total = 0;
  for (let i = 0; i < ids.length; i++) total += weights[i] = Math.exp(logits[i] - logits[0]);
  return { ids, logits, weights, total };
}

/**
 * The model's own row: sorted once, when the logits arrive. logits (V), -Infinity where impossible.
 * @param {Float32Array | Float64Array} logits
 */
export function rawRow(logits) {
  const ids = Uint32Array.from(logits.keys()).filter((id) => logits[id] > -Infinity);
  ids.sort((a, b) => logits[b] - logits[a] || a - b);
  return weighted(ids, Float64Array.from(ids, (id) => logits[id]));
}

/**
 * How often each token stands in the context.
 * @param {Iterable<number>} context
 * @returns {Map<number, number>}
 */
export function countIds(context) {
  const counts = new Map();
  for (const id of context) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/**
 * A row whose seen tokens got other logits: they are taken out, sorted and merged back, so the rest is never sorted again.
 * @param {Row} row
 * @param {Map<number, number>} counts
 * @param {(logit: number, count: number) => number} change
 */
function penalised(row, counts, change) {
  const n = row.ids.length;
  /** @type {[number, number][]} */
  const moved = [];
  const [ids, logits] = [new Uint32Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const count = counts.get(row.ids[i]);
    if (count) moved.push([row.ids[i], change(row.logits[i], count)]);
  }
  if (!moved.length) return row;
  moved.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  let [next, out] = [0, 0];
  for (let i = 0; i < n; i++) {
    const id = row.ids[i];
    if (counts.has(id)) continue;
    for (; next < moved.length && before(moved[next], id, row.logits[i]); next++) [ids[out], logits[out++]] = moved[next];
    ids[out] = id;
    logits[out++] = row.logits[i];
  }
  for (; next < moved.length; next++) [ids[out], logits[out++]] = moved[next];
  return weighted(ids, logits);
}
/** @param {[number, number]} moved @param {number} otherId @param {number} other */
const before = ([id, logit], otherId, other) => logit > other || (logit === other && id < otherId);

/** The first `n` of a row. @param {Row} row @param {number} n */
function headOfRow(row, n) {
  if (n >= row.ids.length) return row;
  return summed(row.ids.subarray(0, n), row.logits.subarray(0, n), row.weights.subarray(0, n));
}

/** @param {Uint32Array} ids @param {Float64Array} logits @param {Float64Array} weights @returns {Row} */
function summed(ids, logits, weights) {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i];
  if (weights[0] !== 1) return weighted(ids, logits); // the likeliest was cut: measure from the new one
  return { ids, logits, weights, total };
}

/** The rule of each stage, by its name. @type {Record<string, (row: Row, value: number, counts: Map<number, number>) => Row>} */
export const RULES = {
  repetition_penalty: (row, value, counts) => penalised(row, counts, (l) => (l < 0 ? l * value : l / value)),
  presence_penalty: (row, value, counts) => penalised(row, counts, (l) => l - value),
  frequency_penalty: (row, value, counts) => penalised(row, counts, (l, count) => l - value * count),

  temperature: (row, value) => (value === 0 ? headOfRow(row, 1) : weighted(row.ids, row.logits.map((l) => l / value))),

  top_k: (row, value) => {
    const border = row.logits[Math.min(value, row.ids.length) - 1];
    let n = row.ids.length;
    while (row.logits[n - 1] < border) n--;
    return headOfRow(row, n);
  },

  // From the least likely upwards, as long as what is cut sums to at most 1 - p; one always stays.
  top_p: (row, value) => {
    let [n, sum] = [row.ids.length, 0];
    for (; n > 1; n--) {
      sum += row.weights[n - 1] / row.total;
      if (!(sum <= 1 - value)) break;
    }
    return headOfRow(row, n);
  },

  min_p: (row, value) => {
    const border = value * (row.weights[0] / row.total);
    let n = row.ids.length;
    while (n > 1 && row.weights[n - 1] / row.total < border) n--;
    return headOfRow(row, n);
  },

  // The surprise grows along the row, so the nearest to the entropy are found by walking outwards from where they meet.
  typical_p: (row, value) => {
    const n = row.ids.length;
    const [log, entropy] = [Math.log(row.total), rowEntropy(row)];
    const distance = (/** @type {number} */ i) => Math.abs(row.logits[0] - row.logits[i] + log - entropy);
    let right = 0;
    while (right < n && row.logits[0] - row.logits[right] + log < entropy) right++;
    let [left, sum, last] = [right - 1, 0, 0];
    do {
      const i = right >= n || (left >= 0 && distance(left) <= distance(right)) ? left-- : right++;
      last = distance(i);
      sum += row.weights[i] / row.total;
    } while (sum < value && (left >= 0 || right < n));
    while (left >= 0 && distance(left) <= last) left--; // exactly as near as the last: they stay too
    while (right < n && distance(right) <= last) right++;
    return summed(row.ids.subarray(left + 1, right), row.logits.subarray(left + 1, right), row.weights.subarray(left + 1, right));
  },
};

/**
 * The model's row, then a row for each setting of `settings`, in the order of its keys. counts: from countIds.
 * @param {Row} raw
 * @param {Map<number, number>} counts
 * @param {Record<string, number>} settings those that are on
 * @returns {Stage[]}
 */
export function stagesOf(raw, counts, settings) {
  /** @type {Stage[]} */
  const made = [{ name: "raw", value: null, row: raw }];
  for (const [name, value] of Object.entries(settings))
    made.push({ name, value, row: RULES[name](made[made.length - 1].row, value, counts) });
  return made;
}

/** In nats; its exponential is the effective vocabulary. @param {Row} row */
export function rowEntropy(row) {
  let sum = 0;
  for (let i = 0; i < row.ids.length; i++) if (row.weights[i] > 0) sum += row.weights[i] * (row.logits[0] - row.logits[i]);
  return Math.max(0, sum / row.total + Math.log(row.total));
}

/** A row as probabilities over the whole vocabulary: (V), 0 where cut. @param {Row} row @param {number} size */
export function spread(row, size) {
  const probs = new Float64Array(size);
  for (let i = 0; i < row.ids.length; i++) probs[row.ids[i]] = row.weights[i] / row.total;
  return probs;
}

/** The place in the row that u in [0, 1) chooses: the tokens are laid end to end, each as long as its probability. @param {Row} row @param {number} u */
export function drawFrom(row, u) {
  let sum = 0;
  const target = u * row.total;
  for (let i = 0; i < row.ids.length; i++) {
    sum += row.weights[i];
    if (target < sum) return i;
  }
  let last = row.ids.length - 1; // rounding only; never a token of probability 0
  while (last > 0 && row.weights[last] === 0) last--;
  return last;
}

/** n draws with the numbers of `random`: how often each place of the row came. @param {Row} row @param {number} n @param {() => number} random */
export function drawMany(row, n, random) {
  const ends = new Float64Array(row.ids.length);
  let sum = 0;
  for (let i = 0; i < ends.length; i++) ends[i] = sum += row.weights[i];
  const counts = new Uint32Array(ends.length);
  for (let k = 0; k < n; k++) {
    const target = random() * sum;
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] > target) high = middle;
      else low = middle + 1;
    }
    counts[low]++;
  }
  return counts;
}

/**
 * Pearson's chi-square of counts against a row. Tokens expected fewer than 5 times are pooled with their neighbours until a
 * pool is expected 5 times, as the test demands. p is null for a single cell.
 * @param {Row} row
 * @param {Uint32Array} counts
 * @param {number} n
 */
export function chiSquare(row, counts, n) {
  const cells = [];
  let pool = [0, 0];
  for (let i = 0; i < counts.length; i++) {
    pool = [pool[0] + (n * row.weights[i]) / row.total, pool[1] + counts[i]];
    if (pool[0] < 5) continue;
    cells.push(pool);
    pool = [0, 0];
  }
  const last = cells.pop(); // what is left joins it
  if (last) cells.push(last.map((value, i) => value + pool[i]));
  const statistic = cells.reduce((sum, [expected, seen]) => sum + (seen - expected) ** 2 / expected, 0);
  const freedom = Math.max(cells.length - 1, 0);
  return { statistic, freedom, p: freedom ? gammaQ(freedom / 2, statistic / 2) : null };
}

/**
 * The regularised upper incomplete gamma function: a series below a + 1, Lentz's continued fraction above.
 * (Press et al., Numerical Recipes, 6.2; log-gamma by Lanczos, 1964.)
 * @param {number} a
 * @param {number} x
 */
export function gammaQ(a, x) {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let k = 1; k < 1000 && term > sum * 1e-16; k++) sum += term *= x / (a + k);
    return 1 - front * sum;
  }
  let [b, c, d] = [x + 1 - a, 1e300, 1 / (x + 1 - a)];
  let h = d;
  for (let k = 1; k < 1000; k++) {
    const an = -k * (k - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * h;
}

/** @param {number} x */
function logGamma(x) {
  const lanczos = [676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7];
  const y = x - 1;
  const t = y + 7.5;
  let sum = 0.9999999999998099;
  lanczos.forEach((c, i) => (sum += c / (y + i + 1)));
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(sum);
}
