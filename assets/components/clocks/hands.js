// @ts-check
// The arithmetic of the clocks.

import { whole } from "../shared/numbers.js";

/**
 * The length of a clock's hand: the more weight the head puts on this pair, the longer. A head that puts none anywhere has
 * short hands only.
 * @param {number[]} shares
 * @param {number} i
 */
export const reach = (shares, i) => 8 + 26 * Math.sqrt(shares[i] / (Math.max(...shares) || 1));

/**
 * How many tokens a turn takes.
 * @param {number} period
 */
export const turns = (period) => (period < 10 ? period.toFixed(1) : Number.isFinite(period) ? whole(Math.round(period)) : "∞");
