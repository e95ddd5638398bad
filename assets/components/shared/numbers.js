// @ts-check
// Numbers as they are written everywhere.

/**
 * Per cent with two significant digits: 0.4321 -> "43 %", 0.000123 -> "0.012 %". core/figures/labels.py writes the same.
 * @param {number} p
 */
export function percent(p) {
  const x = 100 * p;
  if (x === 0) return "0 %";
  if (x < 0.001) return "< 0.001 %";
  if (x >= 99.5 && x < 100) return "> 99 %";
  return x >= 9.95 ? `${Math.round(x)} %` : `${x.toPrecision(2)} %`;
}

/**
 * A whole number with its thousands apart: 50257 -> "50,257".
 * @param {number} n
 */
export const whole = (n) => n.toLocaleString("en");

/**
 * A text with a true minus.
 * @param {string} text
 */
export const minus = (text) => text.replaceAll("-", "−");
