// @ts-check
// What the curves say in words: how a run is doing, and its numbers at a step.
/** @import { CurvesRun, MetricsRow } from "../headers.js" */

import { element } from "../shared/elements.js";
import { percent, whole } from "../shared/numbers.js";
import { clock, compact, nearest, number, short, speed, upTo } from "./numbers.js";

/** @typedef {CurvesRun & { rows: MetricsRow[], position?: number | null }} ShownRun */

const NOTHING = { step: 0, done: 0, seconds_left: null, tokens_per_second: null, utilisation: null, beaten: null }; // before the first answer

export const dot = (/** @type {string} */ colour) => element("span", { class: "gb-dot", style: { background: colour } });

// Name, progress and speed of one run.
/** @param {ShownRun} run */
export function progress(run) {
  const { step, done, seconds_left, tokens_per_second, utilisation, beaten } = run.summary ?? NOTHING;
  const bar = element("progress", { max: 1, value: run.live ? done : 1, "aria-label": `progress of ${run.label}` });
  const words = [run.state === "running" && !run.rows.length ? "preparing its tokenizer and documents" : run.state];
  if (run.state === "queued" && run.position) words.push(run.position === 1 ? "next in the queue" : `number ${run.position} in the queue`);
  if (run.rows.length) words.push(`step ${whole(step)}`);
  if (run.state === "running" && seconds_left !== null) words.push(`${clock(seconds_left)} left`);
  const mean = number(run.since) ? speed(run) : tokens_per_second; // of this stage, or of the whole life
  if (mean) words.push(`${compact.format(mean)} tokens/s on average`);
  if (run.live && utilisation) words.push(`${percent(utilisation)} of this machine's peak`);
  if (beaten && !number(run.since)) words.push(`better than the ${beaten.name} ${beaten.again ? "again " : ""}since step ${whole(beaten.since)}`);
  const why = !run.live && run.rows.at(-1)?.message;
  const parts = [element("b", {}, run.label), bar, element("span", {}, words.join(" · "))];
  return element("div", { class: "gb-state" }, ...parts, ...(why ? [element("span", { class: "gb-why" }, why)] : []));
}

// The numbers of one run at a step, after a dot of its colour where there are several; `chosen`: a click opens this one.
/**
 * @param {ShownRun} run
 * @param {number} now
 * @param {string} colour
 * @param {boolean} chosen
 */
export function values(run, now, colour, chosen) {
  const made = element("div");
  const [row, scored] = [upTo(run, now, (row) => number(row.loss_per_token)), upTo(run, now, (row) => number(row.val_loss_per_token))];
  if (!row && !scored) return null;
  if (colour) made.append(dot(colour));
  made.classList.toggle("gb-chosen", chosen);
  const pair = (/** @type {string} */ name, /** @type {string} */ value) => {
    made.append(element("span", {}, `${name} `, element("b", {}, value)));
  };
  const at = (nearest(run, now) ?? row ?? scored ?? { step: now }).step;
  const away = (/** @type {{ step: number }} */ seen) => (seen.step === at ? "" : ` (step ${whole(seen.step)})`);
  pair("step", whole(at));
  if (number(run.forked_at) && at <= run.forked_at) made.append(element("span", {}, `one run with its parent until step ${whole(run.forked_at)}`));
  if (row) pair(row.statistics ? "objective of its feedback" : "training", Number(row.loss_per_token).toFixed(3) + away(row));
  if (scored) pair("held out", Number(scored.val_loss_per_token).toFixed(3) + away(scored));
  if (number(scored?.floor_per_document) && number(scored.val_loss_per_document)) pair(run.mixed ? "Tinyland above its floor" : "above the floor", `${percent(scored.val_loss_per_document / scored.floor_per_document - 1)}`);
  if (number(row?.lr)) pair("learning rate", short(row.lr));
  if (number(row?.grad_norm)) pair("gradient norm", short(row.grad_norm));
  if (number(row?.tokens)) pair("tokens read", compact.format(row.tokens));
  if (number(row?.seconds)) pair("after", clock(row.seconds));
  if (number(row?.tokens_per_second)) pair("tokens/s", compact.format(row.tokens_per_second));
  if (number(row?.utilisation)) pair("of peak speed", percent(row.utilisation));
  return made;
}
