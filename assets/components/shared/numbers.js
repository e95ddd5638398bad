// @ts-check
// Numbers as they are written everywhere.

// Per cent with two significant digits: 0.4321 -> "43 %", 0.000123 -> "0.012 %".
export function percent(p) {
  const x = 100 * p;
  if (x === 0) return "0 %";
  if (x < 0.001) return "< 0.001 %";
  if (x >= 99.5 && x < 100) return "> 99 %";
  return x >= 9.95 ? `${Math.round(x)} %` : `${x.toPrecision(2)} %`;
}
