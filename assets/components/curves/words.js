// @ts-check
// What the curves say in words: how a run is doing, and its numbers at a step.

import { element } from "../shared/elements.js";
import { percent, whole } from "../shared/numbers.js";
import { baselines, clock, compact, nearest, number, short, upTo } from "./numbers.js";

export const dot = (colour) => element("span", { class: "gb-dot", style: { background: colour } });

// Name, progress and speed of one run.
export function progress(run) {
  const last = run.rows.findLast((row) => number(row.seconds)) ?? { step: 0, seconds: 0 };
  const done = Math.min(1, Math.max(run.steps ? last.step / run.steps : 0, run.seconds ? last.seconds / run.seconds : 0));
  const bar = element("progress", { max: 1, value: run.live ? done : 1, "aria-label": `progress of ${run.label}` });
  const speed = last.seconds > 0 && last.tokens / last.seconds;
  const words = [run.state === "running" && !run.rows.length ? "preparing its tokenizer and documents" : run.state];
  if (run.state === "queued" && run.position) words.push(run.position === 1 ? "next in the queue" : `number ${run.position} in the queue`);
  if (run.rows.length) words.push(`step ${whole(last.step)}`);
  if (run.state === "running" && done > 0) words.push(`${clock((last.seconds * (1 - done)) / done)} left`);
  if (speed) words.push(`${compact.format(speed)} tokens/s on average`);
  const used = run.live && run.rows.findLast((row) => number(row.utilisation))?.utilisation;
  if (used) words.push(`${percent(used)} of this machine's peak`);
  const beaten = ladder(run);
  if (beaten) words.push(beaten);
  const why = !run.live && run.rows.at(-1)?.message;
  const parts = [element("b", {}, run.label), bar, element("span", {}, words.join(" · "))];
  return element("div", { class: "gb-state" }, ...parts, ...(why ? [element("span", { class: "gb-why" }, why)] : []));
}

// "better than the bigram since step 120": the best of the simple guessers that the held-out loss is below.
function ladder(run) {
  const scored = run.rows.filter((row) => number(row.val_loss_per_token));
  const last = scored.at(-1);
  const beaten = baselines(run).filter(([, nats]) => last && last.val_loss_per_token < nats).sort((a, b) => a[1] - b[1])[0];
  if (!beaten) return "";
  const since = scored.find((row, i) => scored.slice(i).every((later) => later.val_loss_per_token < beaten[1]));
  return `better than the ${beaten[0]} since step ${whole(since.step)}`;
}

// The numbers of one run at a step, after a dot of its colour where there are several; `chosen`: a click opens this one.
export function values(run, now, colour, chosen) {
  const made = element("div");
  const [row, scored] = [upTo(run, now, (row) => number(row.loss_per_token)), upTo(run, now, (row) => number(row.val_loss_per_token))];
  if (!row && !scored) return null;
  if (colour) made.append(dot(colour));
  made.classList.toggle("gb-chosen", chosen);
  const pair = (name, value) => {
    made.append(element("span", {}, `${name} `, element("b", {}, value)));
  };
  const at = (nearest(run, now) ?? row ?? scored).step;
  const away = (seen) => (seen.step === at ? "" : ` (step ${whole(seen.step)})`);
  pair("step", whole(at));
  if (number(run.forked_at) && at <= run.forked_at) made.append(element("span", {}, `one run with its parent until step ${whole(run.forked_at)}`));
  if (row) pair("training", row.loss_per_token.toFixed(3) + away(row));
  if (scored) pair("held out", scored.val_loss_per_token.toFixed(3) + away(scored));
  if (number(scored?.floor_per_document) && number(scored.val_loss_per_document)) pair(run.mixed ? "Tinyland above its floor" : "above the floor", `${percent(scored.val_loss_per_document / scored.floor_per_document - 1)}`);
  if (number(row?.lr)) pair("learning rate", short(row.lr));
  if (number(row?.grad_norm)) pair("gradient norm", short(row.grad_norm));
  if (number(row?.tokens)) pair("tokens read", compact.format(row.tokens));
  if (number(row?.seconds)) pair("after", clock(row.seconds));
  if (number(row?.tokens_per_second)) pair("tokens/s", compact.format(row.tokens_per_second));
  if (number(row?.utilisation)) pair("of peak speed", percent(row.utilisation));
  return made;
}
