// @ts-check
// One token's attention, from q, k and v to z.

/**
 * Every number of the table, computed here from q, k and v as the model had them, and how far they are from the model's own.
 * @param {import("../heads/store.js").Store} store
 * @param {number} layer
 * @param {number} head
 * @param {number} query
 */
export function compute(store, layer, head, query) {
  const { length } = store.header;
  const { size } = store.made;
  const of = (/** @type {"q" | "k" | "v" | "z"} */ name) => store.vectors(name, layer, head);
  const vectors = { q: of("q"), k: of("k"), v: of("v"), z: of("z") };
  const at = (/** @type {"q" | "k" | "v" | "z"} */ name, /** @type {number} */ i) => vectors[name].subarray(i * size, (i + 1) * size);
  const q = at("q", query);
  const dots = Array.from({ length }, (_, k) => at("k", k).reduce((sum, x, j) => sum + x * q[j], 0));
  const scaled = dots.map((dot) => dot / Math.sqrt(size));
  const masked = scaled.map((score, k) => (k > query ? -Infinity : score));
  const most = Math.max(...masked);
  const parts = masked.map((score) => Math.exp(score - most));
  const total = parts.reduce((a, b) => a + b, 0);
  const weights = parts.map((part) => part / total);
  const z = Array.from({ length: size }, (_, j) => weights.reduce((sum, w, k) => sum + w * at("v", k)[j], 0));
  const given = store.given(layer, head, query);
  /** @param {number[]} a @param {number[]} b */
  const off = (a, b) => a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i])), 0);
  const errors = [off([...given], weights), off([...at("z", query)], z)];
  return { layer, head, query, size, length, at, q, dots, scaled, masked, most, parts, total, weights, z, errors };
}
