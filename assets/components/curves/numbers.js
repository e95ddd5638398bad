// @ts-check
// What the curves know of a row: its axes, its small plots, and how its numbers are written.
/** @import { CurvesRun, MetricsRow } from "../headers.js" */

/** What an axis needs to know of a run. @typedef {Pick<CurvesRun, "flops_per_token"> & { since?: number | null, rows?: MetricsRow[] | null }} Counted */
/** A count of a life that goes on, from where this stage of it began. @param {keyof MetricsRow} name @param {Counted} run */
const before = (name, run) => (number(run.since) ? Number(run.rows?.[0]?.[name] ?? 0) : 0);
/** @type {(name: "step" | "tokens" | "seconds") => (row: MetricsRow, run: Counted) => number | undefined} */
const count = (name) => (row, run) => (number(row[name]) ? Number(row[name]) - before(name, run) : undefined);
/** @type {Record<string, { title: string, of: (row: MetricsRow, run: Counted) => number | undefined }>} */
export const AXES = {
  steps: { title: "step", of: count("step") },
  tokens: { title: "tokens read", of: count("tokens") },
  time: { title: "seconds of training", of: count("seconds") },
  FLOPs: { title: "floating-point operations", of: (row, run) => (row.flops ?? Number(row.tokens) * Number(run.flops_per_token)) - before("flops", run) },
};
/** @typedef {keyof typeof MINIS | keyof typeof STATISTICS} Mini a small plot, and what it shows of a row */
export const MINIS = {
  lr: "Learning rate",
  grad_norm: "Gradient norm",
  tokens_per_second: "Tokens per second",
  utilisation: "Share of peak speed",
  update_ratio: "Update ÷ weights",
};
/**
 * The small plots of preference tuning: the statistics that are their lines, by what these are called.
 * @type {Record<string, { title: string, lines: Record<string, string> }>}
 */
export const STATISTICS = {
  reward: { title: "Learned reward", lines: { reward: "reward" } },
  true_reward: { title: "The rater's reward", lines: { true_reward: "reward" } },
  grade: { title: "Grade", lines: { grade: "grade" } },
  kl: { title: "KL of a token, nats", lines: { kl: "exact", k1: "k1", k2: "k2", k3: "k3" } },
  kl_answer: { title: "KL of an answer, nats", lines: { kl_answer: "exact" } },
  entropy: { title: "Entropy, nats", lines: { entropy: "entropy" } },
  length: { title: "Length, tokens", lines: { length: "length" } },
  log_probs: { title: "Log-probability", lines: { log_probs_chosen: "chosen", log_probs_rejected: "rejected" } },
  held_log_probs: { title: "The same, held out", lines: { held_log_probs_chosen: "chosen", held_log_probs_rejected: "rejected" } },
  accuracy: { title: "Pairs in order", lines: { accuracy: "trained on", held_accuracy: "held out" } },
  groups_without_variance: { title: "Groups without variance", lines: { groups_without_variance: "share" } },
};
const FINE = [-5, -4, -3, -2, -1, 0, 1, 2, 3].flatMap((p) => [1, 2, 3, 5].map((n) => n * 10 ** p));
export const LOG_TICKS = { tickvals: FINE, ticktext: FINE.map((x) => String(Number(x.toPrecision(1)))) };
/** @type {Record<string, { type?: string, rangemode?: string, tickformat?: string }>} */
export const SCALES = {
  lr: { rangemode: "tozero" },
  grad_norm: { type: "log", tickformat: "~g" },
  tokens_per_second: { rangemode: "tozero", tickformat: "~s" },
  utilisation: { rangemode: "tozero", tickformat: "~%" },
  update_ratio: { type: "log", tickformat: "~g" },
  accuracy: { tickformat: "~%" },
  groups_without_variance: { rangemode: "tozero", tickformat: "~%" },
};
/** @type {Record<string, string>} */
export const PARTS = { embed: "embedding", final: "final" };
/** @type {Record<string, (row: MetricsRow) => string>} */
export const EVENTS = {
  lr: (row) => `rate ${short(Number(row.was))} → ${short(Number(row.lr))}`,
  target_loss: (row) => (number(row.value) ? `ends at loss ${short(row.value)}` : "no target"),
  patience: (row) => (number(row.value) ? `ends after ${row.value} evaluations no better` : "no patience"),
  fork: (row) => `fork: ${row.message}`,
  paused: () => "paused",
};
/** @param {unknown} value @returns {value is number} */
export const number = (value) => typeof value === "number" && Number.isFinite(value);
export const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
export const short = (/** @type {number} */ x) => (x === 0 ? "0" : Math.abs(x) < 0.01 ? x.toExponential(1) : Math.abs(x) < 1000 ? String(Number(x.toPrecision(3))) : compact.format(x));
export const clock = (/** @type {number} */ s) => (s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`);
/**
 * Where a small logarithmic scale is marked: at every power of ten, or at every second, third… if there are many.
 * @param {number} low
 * @param {number} high
 */
export function ticks(low, high) {
  if (high < 20 * low) return FINE; // too few powers of ten for a scale
  const first = Math.ceil(Math.log10(low)), span = Math.floor(Math.log10(high)) - first;
  const step = Math.ceil((span + 1) / 4);
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => Number(`1e${first + i * step}`));
}
/**
 * A statistic of a row: of the updates, or of the evaluations where only these measure it.
 * @param {{ rows: MetricsRow[] }} run
 * @param {string} name
 */
export function statistic(run, name) {
  const updates = run.rows.some((row) => number(row.loss_per_token) && number(row.statistics?.[name]));
  return (/** @type {MetricsRow} */ row) => (updates && !number(row.loss_per_token) ? null : row.statistics?.[name]);
}
/**
 * What an update lost, in nats per token of text. Preference tuning minimises something else, with another scale: it is
 * left out, unless a run shows nothing but that.
 * @param {{ since?: number | null }} run
 */
export const lossOf = (run) => (/** @type {MetricsRow} */ row) => (row.statistics && !number(run.since) ? null : row.loss_per_token);
/**
 * Whether a row is of what came from a step on: the update that led to that step was its parent's.
 * @param {MetricsRow} row
 * @param {number | null | undefined} since
 */
export const isOf = (row, since) => !number(since) || Boolean(row.status) || row.step > since || (row.step === since && !number(row.loss_per_token));
/**
 * Tokens a second, on the mean, from where the axes begin to count.
 * @param {Counted & { rows: MetricsRow[] }} run
 */
export function speed(run) {
  const last = run.rows.findLast((row) => number(row.seconds) && number(row.tokens));
  const seconds = last && AXES.time.of(last, run);
  return seconds ? Number(AXES.tokens.of(last, run)) / seconds : null;
}
/** @param {{ rows: MetricsRow[] } | undefined} run */
export const baselines = (run) => Object.entries(run?.rows.findLast((row) => row.baselines_per_token)?.baselines_per_token ?? {});

/**
 * The last row at a step or before it: what had happened by then. Of rows at one step the later one.
 * @param {{ rows: MetricsRow[] }} run
 * @param {number} step
 * @param {(row: MetricsRow) => unknown} [has] only rows of which this is true
 * @returns {MetricsRow | null}
 */
export function upTo(run, step, has = () => true) {
  return run.rows.findLast((row) => row.step <= step && has(row)) ?? null;
}

/**
 * The row whose step is nearest, as on a logarithmic axis: of steps 10 and 300, step 100 is nearer to 300.
 * @param {{ rows: MetricsRow[] }} run
 * @param {number} step
 * @param {(row: MetricsRow) => unknown} [has] only rows of which this is true
 * @returns {MetricsRow | null}
 */
export function nearest(run, step, has = () => true) {
  const far = (/** @type {MetricsRow} */ row) => Math.abs(Math.log1p(row.step) - Math.log1p(step));
  let best = /** @type {MetricsRow | null} */ (null);
  for (const row of run.rows) if (has(row) && (!best || far(row) < far(best))) best = row;
  return best;
}
