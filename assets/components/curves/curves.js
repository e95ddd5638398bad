// The curves of one or more runs. Rows come with the data, or are fetched from the run's own route while it goes on; Python
// hears only of a pinned or hovered step, of a new snapshot and of a run that ended.
export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const curves = once(root, () => build(root));
  curves.send = (name, value) => setTriggerValue(name, value);
  curves.show(unpack(data).header);
  return curves.stop;
}

const POLL = 1000; // ms between two questions for new rows
const LIVE = ["queued", "running", "paused"];
const SILENCE = 15_000; // ms without a row after which Python looks whether the process is still there
const AXES = {
  steps: { title: "step", of: (row) => row.step },
  tokens: { title: "tokens read", of: (row) => row.tokens },
  time: { title: "seconds of training", of: (row) => row.seconds },
  FLOPs: { title: "floating-point operations", of: (row, run) => row.flops ?? row.tokens * run.flops_per_token },
};
const MINIS = {
  lr: "Learning rate",
  grad_norm: "Gradient norm",
  tokens_per_second: "Tokens per second",
  utilisation: "Share of peak speed",
  update_ratio: "Update ÷ weights",
};
const DECADES = Array.from({ length: 16 }, (_, i) => 10 ** (i - 9));
const FINE = [-5, -4, -3, -2, -1, 0, 1, 2, 3].flatMap((p) => [1, 2, 3, 5].map((n) => n * 10 ** p));
const LOG_TICKS = { tickvals: FINE, ticktext: FINE.map((x) => String(Number(x.toPrecision(1)))) };
const SCALES = {
  lr: { rangemode: "tozero" },
  grad_norm: { type: "log", tickvals: DECADES, tickformat: "~g" },
  tokens_per_second: { rangemode: "tozero", tickformat: "~s" },
  utilisation: { rangemode: "tozero", tickformat: "~%" },
  update_ratio: { type: "log", tickvals: DECADES, tickformat: "~g" },
};
const EVENTS = { lr: (row) => `rate ${short(row.was)} → ${short(row.lr)}`, paused: () => "paused" };
const number = (value) => typeof value === "number" && Number.isFinite(value);
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en");
const short = (x) => (x === 0 ? "0" : Math.abs(x) < 0.01 ? x.toExponential(1) : Math.abs(x) < 1000 ? String(Number(x.toPrecision(3))) : compact.format(x));
const clock = (s) => (s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`);
const baselines = (run) => Object.entries(run?.rows.findLast((row) => row.baselines)?.baselines ?? {});
const perToken = (row) => (row.floor && row.val_document_loss ? (row.floor * row.val_loss) / row.val_document_loss : null);

function element(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

function build(root) {
  const part = (name) => root.querySelector(`.gb-${name}`);
  const [frame, bar, states, main, read, minis, samples, alert] =
    ["curves", "bar", "states", "main", "read", "minis", "samples", "alert"].map(part);
  const self = { header: null, runs: [], hovered: null, send: () => {}, drawing: Promise.resolve() };
  const kept = JSON.parse(sessionStorage.getItem("glassbox:curves") || "{}");
  const view = { axis: "steps", x: "log", y: "linear", unit: "token", ...kept };

  // Plots follow the width of their boxes; their cursor lines follow them.
  const sizes = new ResizeObserver((seen) => {
    for (const { target } of seen) {
      const node = target.querySelector(".gb-plotted");
      if (node._fullLayout && node.offsetWidth) globalThis.Plotly.Plots.resize(node);
    }
  });
  sizes.observe(main);

  // ---- rows ----

  function take(run, { rows, offset, file = 0, restarted = false }) {
    if (restarted || offset < run.offset) run.rows = [];
    const last = run.rows.at(-1)?.step ?? -1;
    if (rows.length && rows[0].step < last) run.rows = run.rows.filter((row) => row.step < rows[0].step); // an earlier state
    run.rows.push(...rows);
    if (!self.documents && rows.some((row) => number(row.val_document_loss))) toolbar();
    [run.offset, run.file] = [offset, file];
    if (rows.length) run.heard = performance.now();
    const step = run.rows.at(-1)?.step ?? 0;
    const due = (run.planned ?? []).filter((n) => n > run.told && n < step);
    if (due.length) run.told = Math.max(...due);
    if (due.length) self.send("change", { run: run.id, kind: "snapshot", step });
  }

  // What the run is doing, when the server says so; else a last row or a long silence tells.
  function judge(run, { rows, status }) {
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

  async function poll(run) {
    if (self.gone || run.gone || run.asking) return;
    let wait = POLL;
    run.asking = true;
    try {
      if (!document.hidden) {
        const answer = await fetch(new URL(`runs/${run.id}/metrics?offset=${run.offset}&file=${run.file}`, serverAt()));
        if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
        const news = await answer.json();
        if (run.gone) return;
        take(run, news);
        judge(run, news);
        alert.hidden = true;
        if (news.rows.length) redraw();
        else say();
      }
    } catch (error) {
      wait = 5 * POLL;
      alert.hidden = false;
      alert.textContent = `No new points for now (${error.message}). The run goes on; asking again.`;
    } finally {
      run.asking = false;
    }
    if (run.live) run.timer = setTimeout(() => poll(run), wait);
  }

  // ---- axes ----

  function options(name, title, choices) {
    const set = element("fieldset");
    set.append(element("legend", "", title));
    for (const [value, label] of choices) {
      const button = element("button", "", label);
      button.type = "button";
      button.setAttribute("aria-pressed", view[name] === value);
      button.addEventListener("click", () => {
        view[name] = value;
        sessionStorage.setItem("glassbox:curves", JSON.stringify(view));
        document.dispatchEvent(new CustomEvent("glassbox:axes", { detail: view }));
      });
      set.append(button);
    }
    return set;
  }

  function toolbar() {
    const axes = Object.keys(AXES).filter((name) => name !== "FLOPs" || self.runs.every((run) => number(run.flops_per_token)));
    if (!axes.includes(view.axis)) view.axis = "steps";
    const documents = self.runs.some((run) => run.rows.some((row) => number(row.val_document_loss)));
    const focus = [...bar.querySelectorAll("button")].indexOf(document.activeElement);
    const scale = [["linear", "linear"], ["log", "log"]];
    bar.replaceChildren(
      options("axis", "Across", axes.map((name) => [name, name])),
      options("x", "Across is", scale),
      options("y", "Up is", scale),
      ...(documents ? [options("unit", "Loss per", [["token", "token"], ["document", "document"]])] : []),
    );
    if (focus >= 0) bar.querySelectorAll("button")[focus]?.focus();
    self.documents = documents;
  }

  const at = (row, run) => AXES[view.axis].of(row, run);

  // A logarithmic axis has no zero: step 0 stands half the smallest distance to the left, and its tick says 0.
  function axis() {
    const all = self.runs.flatMap((run) => run.rows.map((row) => at(row, run))).filter(number);
    const positive = all.filter((x) => x > 0);
    const [low, high] = [Math.min(...positive, 1e15), Math.max(...positive, 0)];
    self.zero = view.x === "log" && positive.length ? low / 2 : 0;
    const style = { title: { text: AXES[view.axis].title, standoff: 6 }, fixedrange: true, zeroline: false };
    if (view.x !== "log" || !positive.length) return { ...style, tickformat: "~s", rangemode: "tozero" };
    const powers = [];
    for (let p = Math.ceil(Math.log10(low)); 10 ** p <= high * 1.001; p++) powers.push(10 ** p);
    const every = Math.ceil(powers.length / 7);
    const shown = powers.filter((_, i) => i % every === 0);
    const zero = all.includes(0) ? [self.zero] : [];
    const range = [Math.log10(zero.length ? self.zero * 0.9 : low), Math.log10(high * 1.05)];
    return { ...style, type: "log", range, tickvals: [...zero, ...shown], ticktext: [...zero.map(() => "0"), ...shown.map(short)] };
  }

  // ---- drawing ----

  function line(run, value, style) {
    const rows = run.rows.filter((row) => !row.event && number(value(row)) && number(at(row, run)));
    const x = rows.map((row) => Math.max(at(row, run), self.zero));
    return { type: "scatter", mode: "lines", hoverinfo: "skip", x, y: rows.map(value), ...style };
  }

  function traces(theme) {
    const many = self.runs.length > 1;
    const perDocument = view.unit === "document" && self.documents;
    return self.runs.flatMap((run, i) => {
      const own = theme.categories[(many ? i : 1) % theme.categories.length];
      const name = (text) => (many ? `${run.label}, ${text}` : text);
      const held = (row) => (perDocument ? row.val_document_loss : row.val_loss);
      const floor = perDocument ? (row) => row.floor : perToken;
      const training = { name: name("training"), opacity: many ? 0.45 : 1, line: { color: many ? own : theme.categories[0], width: 1.3 } };
      return [
        ...(perDocument ? [] : [line(run, (row) => row.loss, training)]),
        line(run, held, { name: name("held out"), mode: "lines+markers", line: { color: own, width: 2 }, marker: { color: own, size: 5 } }),
        ...(i ? [] : [line(run, floor, { name: "entropy floor", line: { color: theme.muted, width: 1.5, dash: "dash" } })]),
      ];
    }).filter((trace) => trace.x.length);
  }

  // Level lines: what simpler ways of guessing score on the same held-out text; and marks: what was changed on the way.
  function levels(theme) {
    const perDocument = view.unit === "document" && self.documents;
    const [shapes, annotations] = [[], []];
    for (const [name, nats] of perDocument ? [] : baselines(self.runs[0])) {
      shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: nats, y1: nats, line: { color: theme.muted, width: 1, dash: "dot" } });
      const y = view.y === "log" ? Math.log10(nats) : nats;
      const close = annotations.find((other) => Math.abs(other.nats - nats) < 0.4); // their names would lie over one another
      if (close) close.text += `, ${name}`;
      else annotations.push({ nats, xref: "paper", x: 1, xanchor: "right", y, yanchor: "bottom", showarrow: false, text: name,
        font: { size: 11, color: theme.muted } });
    }
    self.runs.forEach((run, i) => {
      const color = theme.categories[(self.runs.length > 1 ? i : 6) % theme.categories.length];
      for (const row of run.rows.filter((row) => row.event in EVENTS)) {
        const x = Math.max(at(row, run), self.zero);
        shapes.push({ type: "line", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color, width: 1, dash: "dashdot" } });
        annotations.push({ x: view.x === "log" ? Math.log10(x) : x, yref: "paper", y: 1, yanchor: "top", xanchor: "left", showarrow: false,
          text: ` ${EVENTS[row.event](row)}`, font: { size: 11, color } });
      }
      for (const step of run.kept ?? []) {
        if (!run.rows.length) break;
        const x = Math.max(view.axis === "steps" ? step : at(nearest(run, step), run), self.zero);
        shapes.push({ type: "line", yref: "paper", x0: x, x1: x, y0: 0, y1: 0.025, line: { color: theme.primary, width: 2 } });
      }
    });
    return { shapes, annotations };
  }

  function layout(theme, xaxis, height, extra) {
    const axis = { automargin: true, gridcolor: theme.line, zerolinecolor: theme.line, linecolor: theme.line, tickcolor: theme.line, fixedrange: true };
    const { yaxis, ...rest } = extra;
    return { height, autosize: true, hovermode: false, dragmode: false, showlegend: false, margin: { l: 46, r: 8, t: 6, b: 34 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: THEME.fonts.text, size: 12, color: theme.text },
      xaxis: { ...axis, ...xaxis }, yaxis: { ...axis, ...yaxis }, ...rest };
  }

  async function draw() {
    const Plotly = await loadPlotly();
    if (self.gone || !self.header) return;
    const theme = applyTheme(frame);
    const xaxis = axis();
    const config = { displayModeBar: false, doubleClick: false };
    const unit = view.unit === "document" && self.documents ? "document" : "token";
    const legend = { orientation: "h", y: 1, yanchor: "bottom", x: 0, itemclick: "toggle", itemdoubleclick: "toggleothers" };
    const style = { ...levels(theme), showlegend: true, legend, uirevision: "kept", margin: { l: 46, r: 8, t: 30, b: 40 },
      yaxis: { type: view.y, title: { text: `nats per ${unit}` }, ...(view.y === "log" ? LOG_TICKS : { rangemode: "tozero" }) } };
    await Plotly.react(part("plotted"), traces(theme), layout(theme, xaxis, self.header.height, style), config);
    watch(part("plotted"));
    const drawn = Object.entries(MINIS).map(([name, title]) => mini(name, title, theme)); // all have their place before any is drawn
    for (const one of drawn) if (one) await one(Plotly, xaxis, config);
    place();
    say();
  }

  // The place of a small plot, and what draws it there; nothing where no run has such numbers.
  function mini(name, title, theme) {
    const many = self.runs.length > 1;
    const lines = self.runs.flatMap((run, i) => {
      const color = theme.categories[many ? i : 6];
      if (name !== "update_ratio") return [line(run, (row) => row[name], { line: { color, width: 1.4 } })];
      const parts = Object.keys(run.rows.findLast((row) => row.update_ratio)?.update_ratio ?? {});
      const tone = (i) => (many ? color : `rgb(${mix(theme.sequential, 0.3 + (0.7 * (i + 1)) / (parts.length + 1))})`);
      return parts.map((part, i) => line(run, (row) => row.update_ratio?.[part], { line: { color: tone(i), width: 1.3 } }));
    }).filter((trace) => trace.x.length);
    let box = minis.querySelector(`[data-name="${name}"]`);
    if (!box && !lines.length) return null;
    if (!box) {
      box = element("div", "gb-mini");
      box.dataset.name = name;
      box.setAttribute("role", "img");
      box.append(element("div", "gb-name", title), element("div", "gb-plotted"), element("i", "gb-line"));
      minis.append(box);
      sizes.observe(box);
      follow(box);
    }
    box.hidden = !lines.length;
    box.setAttribute("aria-label", `${title} against ${AXES[view.axis].title}`);
    const values = lines.flatMap((one) => one.y).filter((y) => y > 0);
    const narrow = Math.max(...values) < 20 * Math.min(...values); // too few powers of ten for a scale
    const scale = SCALES[name].type === "log" && narrow ? { ...SCALES[name], tickvals: FINE } : SCALES[name];
    const style = { margin: { l: 40, r: 6, t: 4, b: 20 }, yaxis: { ...scale, nticks: 4 } };
    const node = box.querySelector(".gb-plotted");
    return async (Plotly, xaxis, config) => {
      await Plotly.react(node, lines, layout(theme, { ...xaxis, title: undefined, nticks: 5 }, 104, style), config);
      watch(node);
    };
  }

  // A plot that has changed its size moves its cursor line.
  function watch(node) {
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

  // Nearest as on a logarithmic axis: of steps 10 and 300, step 100 is nearer to 300.
  function nearest(run, step, has = () => true) {
    const far = (row) => Math.abs(Math.log1p(row.step) - Math.log1p(step));
    let best = null;
    for (const row of run.rows) if (has(row) && (!best || far(row) < far(best))) best = row;
    return best;
  }
  const step = () => self.hovered ?? self.header.mark ?? self.runs[0]?.rows.at(-1)?.step ?? null;

  function place() {
    const [now, run] = [step(), self.runs[0]];
    for (const box of [main, ...minis.children]) {
      const [stick, node] = [box.querySelector(".gb-line"), box.querySelector(".gb-plotted")];
      const plot = node._fullLayout;
      const row = run && now !== null ? nearest(run, now) : null;
      stick.hidden = !plot || !row || (self.hovered === null && self.header.mark === null);
      if (stick.hidden) continue;
      const x = Math.max(at(row, run), self.zero);
      stick.classList.toggle("pinned", self.hovered === null);
      stick.style.left = `${plot.xaxis._offset + plot.xaxis.d2p(x)}px`;
      stick.style.top = `${node.offsetTop + plot.yaxis._offset}px`;
      stick.style.height = `${plot.yaxis._length}px`;
    }
  }

  function hover(value, mine = true) {
    if (value === self.hovered) return;
    self.hovered = value;
    place();
    say();
    if (!mine) return;
    document.dispatchEvent(new CustomEvent("glassbox:step", { detail: { from: self, group: self.header.group, step: value } }));
    if (self.header.hover) report(value);
  }
  const report = rested((value) => self.send("hover", { run: self.runs[0]?.id, step: value }), 250);

  function stepUnder(event, box) {
    const node = box.querySelector(".gb-plotted");
    const [plot, run] = [node._fullLayout, self.runs[0]];
    if (!plot || !run?.rows.length) return null;
    const x = plot.xaxis.p2d(event.clientX - node.getBoundingClientRect().left - plot.xaxis._offset);
    const scale = (value) => (view.x === "log" ? Math.log(Math.max(value, self.zero)) : value);
    let best = run.rows[0];
    for (const row of run.rows) if (Math.abs(scale(at(row, run)) - scale(x)) < Math.abs(scale(at(best, run)) - scale(x))) best = row;
    return best.step;
  }

  function pin(value) {
    const run = self.runs[0];
    if (run && value !== null) self.send("pick", { run: run.id, step: value });
  }

  function follow(box) {
    box.addEventListener("pointermove", (event) => hover(stepUnder(event, box)));
    box.addEventListener("pointerleave", () => hover(null));
    box.addEventListener("click", (event) => !event.target.closest?.(".legend") && pin(stepUnder(event, box)));
  }
  follow(main);
  main.addEventListener("keydown", (event) => {
    const run = self.runs[0];
    const steps = [...new Set((run?.rows ?? []).filter((row) => number(row.val_loss)).map((row) => row.step))];
    if (event.key === "Escape") return hover(null);
    if (event.key === "Enter" && self.hovered !== null) return pin(self.hovered);
    const move = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!move || !steps.length) return;
    event.preventDefault();
    const from = steps.indexOf(nearest({ rows: steps.map((n) => ({ step: n })) }, step())?.step);
    hover(steps[Math.min(Math.max(from + move, 0), steps.length - 1)]);
  });
  main.addEventListener("blur", () => hover(null));
  const hear = ({ detail }) => detail.from !== self && detail.group && detail.group === self.header?.group && hover(detail.step, false);
  document.addEventListener("glassbox:step", hear);
  const turn = ({ detail }) => {
    Object.assign(view, detail); // all curves on a page have the same axes
    if (!self.header) return;
    toolbar();
    redraw();
  };
  document.addEventListener("glassbox:axes", turn);

  // ---- words ----

  const dot = (i) => {
    const made = element("span", "gb-dot");
    const { categories } = applyTheme(frame);
    made.style.background = categories[self.runs.length > 1 ? i % categories.length : 1];
    return made;
  };

  function say() {
    if (!self.header) return;
    const now = step();
    main.setAttribute("aria-label", `${self.header.title}. Arrow keys move through the evaluations, Enter opens that step on every page.`);
    main.setAttribute("aria-valuenow", now ?? 0);
    main.setAttribute("aria-valuemax", Math.max(0, ...self.runs.map((run) => run.rows.at(-1)?.step ?? 0)));
    states.replaceChildren(...self.runs.map(progress));
    read.replaceChildren(...(now === null ? [] : self.runs.map((run, i) => values(run, i, now)).filter(Boolean)));
    main.setAttribute("aria-valuetext", read.textContent);
    write(now);
  }

  function progress(run) {
    const made = element("div", "gb-state");
    const last = run.rows.findLast((row) => number(row.seconds)) ?? { step: 0, seconds: 0 };
    const done = Math.min(1, Math.max(run.steps ? last.step / run.steps : 0, run.seconds ? last.seconds / run.seconds : 0));
    const bar = Object.assign(element("progress"), { max: 1, value: run.live ? done : 1 });
    bar.setAttribute("aria-label", `progress of ${run.label}`);
    const speed = run.rows.findLast((row) => number(row.tokens_per_second))?.tokens_per_second;
    const words = [run.state === "running" && !run.rows.length ? "preparing its tokenizer and documents" : run.state];
    if (run.state === "queued" && run.position) words.push(run.position === 1 ? "next in the queue" : `number ${run.position} in the queue`);
    if (run.rows.length) words.push(`step ${whole.format(last.step)}`);
    if (run.state === "running" && done > 0) words.push(`${clock((last.seconds * (1 - done)) / done)} left`);
    if (speed) words.push(`${compact.format(speed)} tokens/s`);
    const used = run.live && run.rows.findLast((row) => number(row.utilisation))?.utilisation;
    if (used) words.push(`${percent(used)} of this machine's peak`);
    const beaten = ladder(run);
    if (beaten) words.push(beaten);
    made.append(element("b", "", run.label), bar, element("span", "", words.join(" · ")));
    return made;
  }

  // "better than the bigram since step 120": the best of the simple guessers that the held-out loss is below.
  function ladder(run) {
    const scored = run.rows.filter((row) => number(row.val_loss));
    const last = scored.at(-1);
    const beaten = baselines(run).filter(([, nats]) => last && last.val_loss < nats).sort((a, b) => a[1] - b[1])[0];
    if (!beaten) return "";
    const since = scored.find((row, i) => scored.slice(i).every((later) => later.val_loss < beaten[1]));
    return `better than the ${beaten[0]} since step ${whole.format(since.step)}`;
  }

  function values(run, i, now) {
    const made = element("div");
    const [row, scored] = [nearest(run, now, (row) => number(row.loss)), nearest(run, now, (row) => number(row.val_loss))];
    if (!row && !scored) return null;
    if (self.runs.length > 1) made.append(dot(i));
    const pair = (name, value) => {
      const span = element("span", "", `${name} `);
      span.append(element("b", "", value));
      made.append(span);
    };
    pair("step", whole.format((nearest(run, now) ?? row ?? scored).step));
    if (row) pair("training", row.loss.toFixed(3));
    const away = scored && scored.step !== now ? ` (step ${whole.format(scored.step)})` : "";
    if (scored) pair("held out", scored.val_loss.toFixed(3) + away);
    if (number(scored?.floor) && number(scored.val_document_loss)) pair("above the floor", `${percent(scored.val_document_loss / scored.floor - 1)}`);
    if (number(row?.lr)) pair("learning rate", short(row.lr));
    if (number(row?.grad_norm)) pair("gradient norm", short(row.grad_norm));
    if (number(row?.tokens)) pair("tokens read", compact.format(row.tokens));
    if (number(row?.seconds)) pair("after", clock(row.seconds));
    return made;
  }

  function write(now) {
    const shown = self.runs.map((run) => (now === null ? null : nearest(run, now, (row) => typeof row.sample === "string")));
    while (samples.children.length > shown.length) samples.lastChild.remove();
    while (samples.children.length < shown.length) {
      const made = element("figure", "gb-sample");
      made.append(element("figcaption", "gb-name"), element("pre"));
      samples.append(made);
    }
    shown.forEach((row, i) => {
      const box = samples.children[i];
      box.hidden = !self.runs[i].rows.length && !row;
      const who = self.runs.length > 1 ? `${self.runs[i].label}, ` : "";
      box.firstChild.textContent = row ? `${who}what it wrote at step ${whole.format(row.step)}, asked for nothing` : `${who}its first words come with its first evaluation`;
      if (box.lastChild.textContent !== (row?.sample ?? "")) box.lastChild.textContent = row?.sample ?? "";
    });
  }

  // ---- life ----

  self.show = (header) => {
    self.header = header;
    bar.hidden = !header.bar;
    main.style.minHeight = `${header.height}px`;
    const before = new Map(self.runs.map((run) => [run.id, run]));
    self.runs = header.runs.map(({ rows, ...given }) => {
      if (rows) return { ...given, rows };
      const run = Object.assign(before.get(given.id) ?? { rows: [], offset: 0, file: 0, told: Math.max(-1, ...given.kept) }, given);
      before.delete(given.id);
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
    redraw();
  };
  const unwatch = onThemeChange(frame, () => self.header && redraw());
  self.destroy = () => {
    self.gone = true;
    for (const run of self.runs) clearTimeout(run.timer);
    report.cancel();
    unwatch();
    sizes.disconnect();
    document.removeEventListener("glassbox:step", hear);
    document.removeEventListener("glassbox:axes", turn);
    for (const node of frame.querySelectorAll(".gb-plotted")) globalThis.Plotly?.purge(node);
  };
  return self;
}

// Calls `send` when nothing new has come for `rest` milliseconds.
function rested(send, rest) {
  let timer = 0;
  const later = (value) => {
    clearTimeout(timer);
    timer = setTimeout(() => send(value), rest);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
