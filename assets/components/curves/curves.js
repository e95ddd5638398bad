// @ts-check
// The curves of one or more runs, whose rows are fetched (rows.js). Python hears only of a pinned or hovered step, of a new
// snapshot and of a run that ended.
/** @import { CurvesHeader, MetricsRow } from "../headers.js" */
/** @import { View } from "./figure.js" */
/** @import { Mini } from "./numbers.js" */
/** @import { FetchedRun } from "./rows.js" */
/** @import { ShownRun } from "./words.js" */
/** @typedef {ShownRun & Partial<Pick<FetchedRun, "timer" | "gone">>} Run */
/** @typedef {{ from: object, group: string, step: number | null }} Moved which component moved the cursor of a group, and where to */

import { element, find, keepChildren } from "../shared/elements.js";
import { channel } from "../shared/events.js";
import { arrow } from "../shared/keys.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { whole } from "../shared/numbers.js";
import { rested } from "../shared/pace.js";
import { loadPlotly } from "../shared/server.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { AXES, LOG_TICKS, MINIS, PARTS, SCALES, STATISTICS, nearest, number, short, ticks, upTo } from "./numbers.js";
import { awaited, poller } from "./rows.js";
import { dot, progress, values } from "./words.js";
import { across, at, axis, layout, levels, partColours, smallLines, traces } from "./figure.js";

// Curves of one group share a cursor; all curves on a page have the same axes.
/** @type {[(moved: Moved) => void, (handler: (moved: Moved) => void) => () => void]} */
const [announceStep, listenStep] = channel("glassbox:step");
/** @type {[(view: View) => void, (handler: (view: View) => void) => () => void]} */
const [announceAxes, listenAxes] = channel("glassbox:axes");

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [frame, bar, states, main, read, minis, list, samples, alert, plotted] =
    find(root, ...["curves", "bar", "states", "main", "read", "minis", "parts", "samples", "alert", "plotted"].map((name) => `.gb-${name}`));
  const kept = JSON.parse(sessionStorage.getItem("glassbox:curves") || "{}");
  /** @type {View} */
  const view = { axis: "steps", x: "log", y: "linear", unit: "token", ...kept };
  const self = {
    header: /** @type {CurvesHeader} */ (/** @type {unknown} */ (null)), runs: /** @type {Run[]} */ ([]), view, hovered: /** @type {number | null} */ (null),
    lead: 0, zero: 0, share: (/** @type {number} */ _x) => 0, documents: false,
    revealed: "", waiting: false, gone: false, drawing: Promise.resolve(), send: nowhere,
  };

  // Plots follow the width of their boxes; their cursor lines follow them.
  const sizes = new ResizeObserver((seen) => {
    for (const { target } of seen) {
      const node = /** @type {any} */ (target.querySelector(".gb-plotted"));
      if (node._fullLayout && node.offsetWidth) globalThis.Plotly.Plots.resize(node);
    }
  });
  sizes.observe(main);

  const poll = poller(self, (error, fresh) => {
    alert.hidden = !error;
    const live = self.runs.some((run) => run.live);
    if (error) alert.textContent = `No ${live ? "new " : ""}points for now (${error.message}). ${live ? "The run goes on; asking" : "Asking"} again.`;
    else if (!fresh) say();
    else {
      if (!self.documents && documented()) toolbar();
      redraw();
    }
  });

  // ---- axes ----

  const documented = () => self.runs.some((run) => run.rows.some((row) => number(row.val_loss_per_document)));

  /** @param {keyof View} name @param {string} title @param {string[][]} choices */
  function options(name, title, choices) {
    const choose = (/** @type {string} */ value) => {
      view[name] = value;
      sessionStorage.setItem("glassbox:curves", JSON.stringify(view));
      announceAxes(view);
    };
    const buttons = choices.map(([value, label]) =>
      element("button", { "aria-pressed": view[name] === value, onclick: () => choose(value) }, label),
    );
    return element("fieldset", {}, element("legend", {}, title), ...buttons);
  }

  function toolbar() {
    const counted = (/** @type {Run} */ run) => number(run.flops_per_token) || run.rows.every((row) => number(row.flops));
    const axes = Object.keys(AXES).filter((name) => name !== "FLOPs" || self.runs.every(counted));
    if (!axes.includes(view.axis)) view.axis = "steps";
    self.documents = documented();
    const focus = [...bar.querySelectorAll("button")].indexOf(document.activeElement);
    const scale = [["linear", "linear"], ["log", "log"]];
    bar.replaceChildren(
      options("axis", "Across", axes.map((name) => [name, name])),
      options("x", "Horizontal axis", scale),
      options("y", "Vertical axis", scale),
      ...(self.documents ? [options("unit", "Loss per", [["token", "token"], ["document", "document"]])] : []),
    );
    if (focus >= 0) bar.querySelectorAll("button")[focus]?.focus();
  }

  // ---- drawing ----

  async function draw() {
    const Plotly = await loadPlotly();
    if (self.gone || !self.header) return;
    const theme = applyTheme(frame);
    const xaxis = axis(self);
    const config = { displayModeBar: false, doubleClick: false };
    const unit = view.unit === "document" && self.documents ? "document" : "token";
    const legend = { orientation: "h", y: 1, yanchor: "bottom", x: 0, itemclick: "toggle", itemdoubleclick: "toggleothers" };
    const style = { ...levels(self, theme), showlegend: true, legend, uirevision: "kept", margin: { l: 46, r: 8, t: 30, b: 40 },
      yaxis: { type: view.y, title: { text: `nats per ${unit}` }, ...(view.y === "log" ? LOG_TICKS : { rangemode: "tozero" }) } };
    await Plotly.react(plotted, traces(self, theme), layout(theme, xaxis, self.header.height, style), config);
    watch(plotted);
    const small = [...Object.entries(MINIS), ...Object.entries(STATISTICS).map(([name, { title }]) => [name, title])];
    const drawn = small.map(([name, title]) => mini(/** @type {Mini} */ (name), title, theme)); // all have their place before any is drawn
    for (const one of drawn) if (one) await one(Plotly, xaxis, config);
    place();
    say();
  }

  // The place of a small plot, and what draws it there; nothing where no run has such numbers.
  /** @param {Mini} name @param {string} title @param {import("../shared/theme.js").Theme} theme */
  function mini(name, title, theme) {
    const lines = smallLines(self, name, theme);
    let box = minis.querySelector(`[data-name="${name}"]`);
    if (!box && !lines.length) return null;
    if (!box) {
      const parts = [element("div", { class: "gb-name" }, title), element("div", { class: "gb-plotted" }), element("i", { class: "gb-line" })];
      box = element("div", { class: "gb-mini", "data-name": name, role: "img" }, ...parts);
      minis.append(box);
      sizes.observe(box);
      follow(box);
    }
    box.hidden = !lines.length;
    if (name in STATISTICS && self.runs.length === 1 && Object.keys(STATISTICS[name].lines).length > 1) {
      const named = lines.map((/** @type {any} */ one) => element("span", { class: "gb-called" }, dot(one.line.color), one.name));
      box.querySelector(".gb-name").replaceChildren(title, ...named);
    }
    box.setAttribute("aria-label", `${title} against ${AXES[view.axis].title}`);
    const values = lines.flatMap((one) => one.y).filter((y) => y > 0);
    const marks = SCALES[name]?.type === "log" && { tickvals: ticks(Math.min(...values), Math.max(...values)) };
    const scale = { ...SCALES[name], ...marks };
    const style = { margin: { l: 40, r: 6, t: 4, b: 20 }, yaxis: { ...scale, nticks: 4 } };
    const node = box.querySelector(".gb-plotted");
    return async (/** @type {any} */ Plotly, /** @type {object} */ xaxis, /** @type {object} */ config) => {
      await Plotly.react(node, lines, layout(theme, { ...xaxis, title: undefined, nticks: 5, tickangle: 0 }, 104, style), config);
      watch(node);
    };
  }

  // A plot that has changed its size moves its cursor line.
  function watch(/** @type {any} */ node) {
    if (!node.dataset.watched) node.on("plotly_afterplot", place);
    node.dataset.watched = "yes";
  }

  // One drawing at a time, and never more than one waiting: two Plotly.react calls on one node must not interleave.
  function redraw() {
    if (self.waiting) return;
    self.waiting = true;
    self.drawing = self.drawing.then(() => {
      self.waiting = false;
      return draw();
    }).catch((error) => {
      alert.hidden = false;
      alert.textContent = `The curves could not be drawn: ${error.message}`;
    });
  }

  // ---- one cursor ----

  const lead = () => self.runs[self.lead] ?? self.runs[0]; // the run whose curve the pointer is nearest to
  const step = () => self.hovered ?? self.header.mark ?? self.runs[0]?.rows.at(-1)?.step ?? null;

  function place() {
    const [now, run] = [step(), lead()];
    for (const box of [main, ...minis.children]) {
      const [stick, node] = [box.querySelector(".gb-line"), box.querySelector(".gb-plotted")];
      const plot = node._fullLayout;
      const row = run && now !== null ? nearest(run, now) : null;
      const hidden = !plot || !row || (self.hovered === null && self.header.mark === null);
      stick.hidden = hidden;
      if (hidden) continue;
      const x = across(self, row, run);
      stick.classList.toggle("pinned", self.hovered === null);
      stick.style.left = `${plot.xaxis._offset + plot.xaxis.d2p(x)}px`;
      stick.style.top = `${node.offsetTop + plot.yaxis._offset}px`;
      stick.style.height = `${plot.yaxis._length}px`;
    }
  }

  function hover(/** @type {number | null} */ value, mine = true, nearest = 0) {
    if (value === self.hovered && nearest === self.lead) return;
    [self.hovered, self.lead] = [value, nearest];
    place();
    say();
    if (!mine) return;
    announceStep({ from: self, group: self.header.group, step: value });
    if (self.header.hover) report(value);
  }
  const report = rested((value) => self.send("hover", { run: lead()?.id, step: value }), 250);

  // Where the pointer is in a plot, in pixels of its axes.
  /** @param {MouseEvent} event @param {any} node */
  function pointer(event, node) {
    const [box, plot] = [node.getBoundingClientRect(), node._fullLayout];
    return [event.clientX - box.left - plot.xaxis._offset, event.clientY - box.top - plot.yaxis._offset];
  }

  // The number of the run that has the point nearest to the pointer.
  /** @param {MouseEvent} event @param {HTMLElement} box */
  function runUnder(event, box) {
    const node = /** @type {any} */ (box.querySelector(".gb-plotted"));
    const plot = node._fullLayout;
    if (!plot || self.runs.length < 2) return 0;
    const [x, y] = pointer(event, node);
    let [best, least] = [0, Infinity];
    for (const trace of node.data.filter((/** @type {any} */ one) => one.meta !== undefined && one.visible !== "legendonly")) {
      trace.x.forEach((/** @type {number} */ value, /** @type {number} */ i) => {
        const away = Math.hypot(plot.xaxis.d2p(value) - x, plot.yaxis.d2p(trace.y[i]) - y);
        if (away < least) [best, least] = [trace.meta, away];
      });
    }
    return best;
  }

  /** @param {MouseEvent} event @param {HTMLElement} box */
  function stepUnder(event, box) {
    const node = /** @type {any} */ (box.querySelector(".gb-plotted"));
    const [plot, run] = [node._fullLayout, self.runs[runUnder(event, box)]];
    if (!plot || !run?.rows.length) return null;
    const x = plot.xaxis.p2d(pointer(event, node)[0]);
    const scale = (/** @type {number} */ value) => (view.x === "log" ? Math.log(Math.max(value, self.zero)) : value);
    const away = (/** @type {MetricsRow} */ row) => Math.abs(scale(Number(at(self, row, run))) - scale(x));
    let best = run.rows[0];
    for (const row of run.rows) if (away(row) < away(best)) best = row;
    return best.step;
  }

  function pin(/** @type {number | null} */ value) {
    const run = lead();
    if (run && value !== null) self.send("pick", { run: run.id, step: value });
  }

  function follow(/** @type {HTMLElement} */ box) {
    const point = (/** @type {MouseEvent} */ event) => hover(stepUnder(event, box), true, runUnder(event, box));
    box.addEventListener("pointermove", point);
    box.addEventListener("pointerleave", () => hover(null));
    box.addEventListener("click", (/** @type {any} */ event) => {
      if (event.target.closest?.(".legend")) return;
      point(event); // the page may have moved under a pointer that rests
      pin(self.hovered);
    });
  }
  follow(main);
  main.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const run = self.runs[0];
    const steps = [...new Set((run?.rows ?? []).filter((row) => number(row.val_loss_per_token)).map((row) => row.step))];
    if (event.key === "Escape") return hover(null);
    if (event.key === "Enter" && self.hovered !== null) return pin(self.hovered);
    const way = arrow(event);
    if (!way || !steps.length) return;
    const move = way[0] - way[1];
    event.preventDefault();
    const from = steps.indexOf(Number(nearest({ rows: steps.map((n) => ({ step: n })) }, step() ?? 0)?.step));
    hover(steps[Math.min(Math.max(from + move, 0), steps.length - 1)]);
  });
  main.addEventListener("blur", () => hover(null));
  const hush = listenStep(({ from, group, step }) => from !== self && group && group === self.header?.group && hover(step, false));
  const unturn = listenAxes((axes) => {
    Object.assign(view, axes);
    if (!self.header) return;
    toolbar();
    redraw();
  });

  // ---- words ----

  function say() {
    if (!self.header) return;
    const now = step();
    const { categories } = applyTheme(frame);
    const colour = (/** @type {number} */ i) => (self.runs.length > 1 ? categories[i % categories.length] : "");
    main.setAttribute("aria-label", `${self.header.title}. Arrow keys move through the evaluations, Enter opens that step on every page.`);
    main.setAttribute("aria-valuenow", now ?? 0);
    main.setAttribute("aria-valuemax", Math.max(0, ...self.runs.map((run) => run.rows.at(-1)?.step ?? 0)));
    states.replaceChildren(...self.runs.map(progress));
    const chosen = (/** @type {number} */ i) => self.hovered !== null && self.runs.length > 1 && i === self.lead;
    read.replaceChildren(...(now === null ? [] : self.runs.map((run, i) => values(run, now, colour(i), chosen(i))).filter(Boolean)));
    parts(now);
    main.setAttribute("aria-valuetext", read.textContent);
    write(now);
  }

  // The lines of the update ratios by name, with their numbers at the cursor; those of several runs have the runs' colours.
  function parts(/** @type {number | null} */ now) {
    const run = self.runs[0];
    const row = self.runs.length === 1 && now !== null ? upTo(run, now, (row) => row.update_ratio) : null;
    list.hidden = !row;
    if (!row) return;
    const named = [...partColours(run, applyTheme(frame))].map(([name, colour]) => {
      return element("span", {}, dot(colour), PARTS[name] ?? `block ${name}`, element("b", {}, ` ${short(Number(row.update_ratio?.[name]))}`));
    });
    list.replaceChildren(element("span", {}, MINIS.update_ratio), ...named);
  }

  function write(/** @type {number | null} */ now) {
    const shown = self.runs.map((run) => (now === null ? null : upTo(run, now, (row) => typeof row.sample === "string")));
    keepChildren(samples, shown.length, () =>
      element("figure", { class: "gb-sample" }, element("figcaption", { class: "gb-name" }), element("pre", { tabindex: "0" })),
    );
    shown.forEach((row, i) => {
      const box = samples.children[i];
      box.hidden = !self.runs[i].rows.length && !row;
      const who = self.runs.length > 1 ? `${self.runs[i].label}, ` : "";
      box.firstChild.textContent = row ? `${who}what it wrote at step ${whole(row.step)}, from an empty prompt${row.sample ? "" : ": it ended at once"}` : `${who}its first words come with its first evaluation`;
      if (box.lastChild.textContent !== (row?.sample ?? "")) box.lastChild.textContent = row?.sample ?? "";
    });
  }

  // ---- life ----

  function show(/** @type {CurvesHeader} */ header) {
    self.header = header;
    bar.hidden = !header.bar;
    frame.classList.toggle("gb-paired", Boolean(header.group));
    main.style.minHeight = `${header.height}px`;
    const before = new Map(self.runs.map((run) => [run.id, run]));
    self.runs = header.runs.map(({ summary, ...given }) => {
      const fresh = { rows: [], summary, offset: 0, file: 0, reported: Math.max(-1, ...given.kept) };
      const old = before.get(given.id);
      const same = old?.rows_at === given.rows_at;
      const run = /** @type {FetchedRun} */ (Object.assign(same ? old : fresh, given));
      if (same) before.delete(given.id);
      run.heard = performance.now();
      clearTimeout(run.timer);
      poll(run);
      return run;
    });
    for (const old of before.values()) {
      old.gone = true;
      clearTimeout(old.timer);
    }
    toolbar();
    if (self.runs.some(awaited)) say();
    else redraw();
    if (header.reveal && header.reveal !== self.revealed) main.scrollIntoView({ block: "center" });
    self.revealed = header.reveal || self.revealed;
  }
  function leave() {
    self.gone = true;
    for (const run of self.runs) clearTimeout(run.timer);
    sizes.disconnect();
    for (const node of frame.querySelectorAll(".gb-plotted")) globalThis.Plotly?.purge(node);
  }
  const unwatch = onThemeChange(frame, () => self.header && redraw());
  return Object.assign(self, { show, destroy: ending(leave, report.cancel, unwatch, hush, unturn) });
}

export default component(build);
