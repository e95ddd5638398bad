// @ts-check
// The rows of runs, fetched from the server: again and again while one goes on, once where the training is over.
/** @import { CurvesRun, MetricsRow, RunSummary } from "../headers.js" */

import { serverAt } from "../shared/server.js";
import { isOf } from "./numbers.js";

/**
 * A run whose rows are fetched, and what is known of the fetching.
 * @typedef {CurvesRun & { rows: MetricsRow[], offset: number, file: number, reported: number, heard: number,
 *   position?: number | null, timer?: number, gone?: boolean, asking?: boolean }} FetchedRun
 */
/**
 * What the server answers: core/jobs/server.py, `read_since`.
 * @typedef {{ rows: MetricsRow[], offset: number, file?: number, restarted?: boolean, summary: RunSummary | null,
 *   status?: { state: string, position: number | null } }} Update
 */

const POLL = 1000; // ms between two questions for new rows
const EAGER = 250; // as long as there is none yet
const LIVE = ["queued", "running", "paused"];
const SILENCE = 15_000; // ms without a row after which Python looks whether the process is still there

/** @type {Map<string, MetricsRow[]>} */
const known = new Map(); // by address, where they never change, for as long as the page is open

/** Whether the rows of a run whose training is over have not come yet. @param {CurvesRun} run */
export const awaited = (run) => run.rows_at !== null && !known.has(run.rows_at);

/** @param {string} address */
async function ask(address) {
  const answer = await fetch(new URL(address, serverAt()));
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

// Returns `poll(run)`, which asks for new rows now and, while the run goes on, again and again. After each answer it calls
// `changed(error, fresh)`: what stood in the way, or null, and whether there were new rows. `self.send` reaches Python.
/**
 * @param {{ send: import("../shared/mount.js").Send, gone: boolean }} self
 * @param {(error: Error | null, fresh: boolean) => void} changed
 */
export function poller(self, changed) {
  function take(/** @type {FetchedRun} */ run, /** @type {Update} */ { rows, offset, file = 0, restarted = false, summary }) {
    if (restarted || offset < run.offset) run.rows = [];
    const last = run.rows.at(-1)?.step ?? -1;
    if (rows.length && rows[0].step < last) run.rows = run.rows.filter((row) => row.step < rows[0].step); // an earlier state
    run.rows.push(...rows.filter((row) => isOf(row, run.since)));
    [run.offset, run.file, run.summary] = [offset, file, summary];
    if (rows.length) run.heard = performance.now();
    const step = run.rows.at(-1)?.step ?? 0;
    const due = (run.planned ?? []).filter((n) => n > run.reported && n < step);
    if (due.length) run.reported = Math.max(...due);
    if (due.length) self.send("change", { run: run.id, kind: "snapshot", step });
  }

  // What the run is doing, when the server says so; else a last row or a long silence tells.
  function judge(/** @type {FetchedRun} */ run, /** @type {Update} */ { rows, status }) {
    const step = run.rows.at(-1)?.step ?? 0;
    const silent = run.live && !status && performance.now() - run.heard > SILENCE;
    if (silent) run.heard = performance.now();
    const last = rows.at(-1);
    const state = status?.state ?? last?.status ?? (last?.event === "paused" ? "paused" : run.state);
    run.position = status ? status.position : run.position;
    if (state === run.state && !silent) return;
    run.state = state;
    run.live = LIVE.includes(state);
    self.send("change", { run: run.id, kind: silent ? "silent" : run.live ? "state" : "ended", step });
  }

  /** @param {FetchedRun} run @param {string} address */
  async function load(run, address) {
    run.rows = known.get(address) ?? [];
    if (known.has(address)) return;
    run.asking = true;
    try {
      run.rows = await ask(address);
      known.set(address, run.rows);
      if (!run.gone) changed(null, true);
    } catch (error) {
      if (!run.gone) changed(/** @type {Error} */ (error), false);
      run.timer = setTimeout(() => poll(run), 5 * POLL);
    } finally {
      run.asking = false;
    }
  }

  async function poll(/** @type {FetchedRun} */ run) {
    if (self.gone || run.gone || run.asking) return;
    if (run.rows_at !== null) return load(run, run.rows_at);
    let rest = null;
    run.asking = true;
    try {
      if (!document.hidden) {
        const update = await ask(`runs/${run.id}/metrics?offset=${run.offset}&file=${run.file}`);
        if (run.gone) return;
        take(run, update);
        judge(run, update);
        changed(null, update.rows.length > 0);
      }
    } catch (error) {
      rest = 5 * POLL;
      changed(/** @type {Error} */ (error), false);
    } finally {
      run.asking = false;
    }
    if (run.live) run.timer = setTimeout(() => poll(run), rest ?? (run.rows.length || run.state === "queued" ? POLL : EAGER));
  }

  return poll;
}
