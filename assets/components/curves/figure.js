// @ts-check
// The figures of the curves: rows in, plotly's traces, axes and marks out. `self` holds `runs`, `view` (the chosen axes) and
// `documents` (whether losses per document are known).
/** @import { MetricsRow } from "../headers.js" */
/** @import { Mini } from "./numbers.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @import { ShownRun } from "./words.js" */

import { THEME, mix } from "../shared/theme.js";
import { AXES, EVENTS, MINIS, STATISTICS, baselines, lossOf, nearest, number, short, statistic } from "./numbers.js";

/** @typedef {{ axis: string, x: string, y: string, unit: string }} View */
/** @typedef {{ runs: ShownRun[], view: View, documents: boolean, zero: number, share: (x: number) => number }} Shown */
/** @typedef {(row: MetricsRow) => number | null | undefined} Of */

/** Where a row stands across. @param {Pick<Shown, "view">} self @param {MetricsRow} row @param {ShownRun} run */
export const at = (self, row, run) => AXES[self.view.axis].of(row, run);

/** The same, on the axis: step 0 of a logarithmic one stands at its left end. @param {Shown} self @param {MetricsRow} row @param {ShownRun} run */
export const across = (self, row, run) => Math.max(Number(at(self, row, run)), self.zero);

// A logarithmic axis has no zero: step 0 stands half the smallest distance to the left, and its tick says 0.
export function axis(/** @type {Shown} */ self) {
  const all = self.runs.flatMap((run) => run.rows.map((row) => at(self, row, run))).filter(number);
  const positive = all.filter((x) => x > 0);
  const [low, high] = [Math.min(...positive, 1e15), Math.max(...positive, 0)];
  const log = self.view.x === "log" && positive.length > 0;
  self.zero = log ? low / 2 : 0;
  self.share = (x) => (log ? Math.log(x / low) / Math.log(high / low) : x / high); // how far to the right: 0 to 1
  const of = self.runs.every((run) => number(run.since)) ? " of this stage" : "";
  const style = { title: { text: AXES[self.view.axis].title + of, standoff: 6 }, fixedrange: true, zeroline: false };
  if (!positive.length) return { ...style, range: [-0.1, 1], tickvals: [0] };
  if (!log) return { ...style, tickformat: "~s", rangemode: "tozero" };
  const powers = [];
  for (let p = Math.ceil(Math.log10(low)); 10 ** p <= high * 1.001; p++) powers.push(10 ** p);
  const every = Math.ceil(powers.length / 7);
  const shown = powers.filter((_, i) => i % every === 0);
  const zero = all.includes(0) ? [self.zero] : [];
  const range = [Math.log10(zero.length ? self.zero * 0.9 : low), Math.log10(high * 1.05)];
  return { ...style, type: "log", range, tickvals: [...zero, ...shown], ticktext: [...zero.map(() => "0"), ...shown.map(short)] };
}

/**
 * @param {Shown} self
 * @param {ShownRun} run
 * @param {Of} value
 * @param {object} style
 */
function line(self, run, value, style) {
  const rows = run.rows.filter((row) => !row.event && number(value(row)) && number(at(self, row, run)));
  const x = rows.map((row) => across(self, row, run));
  return { type: "scatter", mode: "lines", hoverinfo: "skip", meta: self.runs.indexOf(run), x, y: rows.map((row) => Number(value(row))), ...style };
}

/** @param {Shown} self @param {Theme} theme */
export function traces(self, theme) {
  const many = self.runs.length > 1;
  const perDocument = self.view.unit === "document" && self.documents;
  return self.runs.flatMap((run, i) => {
    const own = theme.categories[(many ? i : 1) % theme.categories.length];
    const name = (/** @type {string} */ text) => (many ? `${run.label}, ${text}` : text);
    const held = (/** @type {MetricsRow} */ row) => (perDocument ? row.val_loss_per_document : row.val_loss_per_token);
    const floor = (/** @type {MetricsRow} */ row) => (perDocument ? row.floor_per_document : run.mixed ? null : row.floor_per_token);
    const floorName = run.mixed ? "entropy floor of Tinyland" : "entropy floor";
    const minimised = number(run.since) && run.rows.some((row) => row.statistics) ? "objective of its feedback" : "training";
    const training = { name: name(minimised), opacity: many ? 0.45 : 1, line: { color: many ? own : theme.categories[0], width: 1.3 } };
    return [
      ...(perDocument ? [] : [line(self, run, lossOf(run), training)]),
      line(self, run, held, { name: name("held out"), mode: "lines+markers", line: { color: own, width: 2 }, marker: { color: own, size: 5 } }),
      ...(i ? [] : [line(self, run, floor, { name: floorName, meta: undefined, line: { color: theme.muted, width: 1.5, dash: "dash" } })]),
    ];
  }).filter((trace) => trace.x.length);
}

// Level lines: what simpler ways of guessing score on the same held-out text; and marks: what was changed on the way.
/** @param {Shown} self @param {Theme} theme */
export function levels(self, theme) {
  const perDocument = self.view.unit === "document" && self.documents;
  const [shapes, annotations] = [/** @type {object[]} */ ([]), /** @type {{ y: number, text: string, [name: string]: unknown }[]} */ ([])];
  const side = self.view.x === "log" ? { x: 0, xanchor: "left" } : { x: 1, xanchor: "right" }; // where no curve runs
  const scale = (/** @type {number} */ nats) => (self.view.y === "log" ? Math.log10(nats) : nats);
  const seen = self.runs.flatMap((run) => run.rows.flatMap((row) => [lossOf(run)(row) ?? 0, row.val_loss_per_token ?? 0])).filter((nats) => nats > 0).map(scale);
  const near = 0.055 * (Math.max(...seen) - Math.min(0, ...seen)); // names of closer lines would lie over one another
  for (const [name, nats] of perDocument ? [] : baselines(self.runs[0])) {
    shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: nats, y1: nats, line: { color: theme.muted, width: 1, dash: "dot" } });
    const y = scale(nats);
    const close = annotations.find((other) => Math.abs(other.y - y) < near);
    if (close) close.text += `, ${name}`;
    else annotations.push({ xref: "paper", ...side, y, yanchor: "bottom", showarrow: false, text: name,
      font: { size: 11, color: theme.muted }, bgcolor: theme.background, borderpad: 0 });
  }
  self.runs.forEach((run, i) => {
    const color = theme.categories[(self.runs.length > 1 ? i : 6) % theme.categories.length];
    for (const [k, row] of run.rows.filter((row) => String(row.event) in EVENTS).entries()) {
      const x = across(self, row, run);
      shapes.push({ type: "line", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color, width: 1, dash: "dashdot" } });
      annotations.push({ x: self.zero > 0 ? Math.log10(x) : x, yref: "paper", y: 1, yanchor: "top", yshift: -14 * (k % 4),
        xanchor: self.share(x) > 0.75 ? "right" : "left", showarrow: false, text: ` ${EVENTS[String(row.event)](row)} `, font: { size: 11, color },
        bgcolor: theme.background });
    }
    for (const step of run.kept ?? []) {
      if (!run.rows.length) break;
      if (step < (run.since ?? 0)) continue;
      const x = Math.max(self.view.axis === "steps" ? Number(at(self, { step }, run)) : Number(at(self, /** @type {MetricsRow} */ (nearest(run, step)), run)), self.zero);
      shapes.push({ type: "line", yref: "paper", x0: x, x1: x, y0: 0, y1: 0.025, line: { color: theme.primary, width: 2 } });
    }
  });
  return { shapes, annotations };
}

/**
 * @param {Theme} theme
 * @param {object} xaxis
 * @param {number} height
 * @param {{ yaxis: object, [name: string]: unknown }} extra
 */
export function layout(theme, xaxis, height, extra) {
  const axis = { automargin: true, gridcolor: theme.line, zerolinecolor: theme.line, linecolor: theme.line, tickcolor: theme.line, fixedrange: true };
  const { yaxis, ...rest } = extra;
  return { height, autosize: true, hovermode: false, dragmode: false, showlegend: false, margin: { l: 46, r: 8, t: 6, b: 34 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: THEME.fonts.text, size: 12, color: theme.text },
    xaxis: { ...axis, ...xaxis }, yaxis: { ...axis, ...yaxis }, ...rest };
}

// The lines of a small plot; update ratios have one for each part of the model.
/** @param {Shown} self @param {Mini} name @param {Theme} theme */
export function smallLines(self, name, theme) {
  const many = self.runs.length > 1;
  if (name in STATISTICS) return statistics(self, name, theme);
  return self.runs.flatMap((run, i) => {
    const color = theme.categories[many ? i : 6];
    if (name !== "update_ratio") return [line(self, run, (row) => row[/** @type {Exclude<keyof typeof MINIS, "update_ratio">} */ (name)], { line: { color, width: 1.4 } })];
    const colours = partColours(run, theme);
    return [...colours].map(([part, tone]) =>
      line(self, run, (row) => row.update_ratio?.[part], { line: { color: many ? color : tone, width: 1.3 } }));
  }).filter((trace) => trace.x.length);
}

// The lines of a small plot of preference tuning.
/** @param {Shown} self @param {Mini} name @param {Theme} theme */
function statistics(self, name, theme) {
  const many = self.runs.length > 1;
  return self.runs.flatMap((run, i) => Object.entries(STATISTICS[name].lines).map(([key, called], k) => {
    return line(self, run, statistic(run, key), { name: called, line: { color: theme.categories[many ? i : k], width: 1.4, dash: many && k ? "dot" : "solid" } });
  })).filter((trace) => trace.x.length);
}

// The colour of each part of the model, from the first to the last.
/** @param {ShownRun} run @param {Theme} theme */
export function partColours(run, theme) {
  const place = (/** @type {string} */ part) => (part === "embed" ? -1 : part === "final" ? Infinity : Number(part));
  const parts = Object.keys(run?.rows.findLast((row) => row.update_ratio)?.update_ratio ?? {}).sort((a, b) => place(a) - place(b));
  const tone = (/** @type {number} */ i) => `rgb(${mix(theme.sequential, 0.3 + (0.7 * (i + 1)) / (parts.length + 1))})`;
  return new Map(parts.map((part, i) => [part, tone(i)])); // an object would put the numbers first
}
