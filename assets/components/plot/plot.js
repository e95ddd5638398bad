// @ts-check
// A plotly figure, redrawn in place with Plotly.react: the node, the zoom and the hover survive a change of data.
/** @import { PlotHeader } from "../headers.js" */

import { find } from "../shared/elements.js";
import { announceHover, listenPin, settlePin } from "../shared/events.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { rested } from "../shared/pace.js";
import { loadPlotly } from "../shared/server.js";
import { THEME, applyTheme, isDark, onThemeChange } from "../shared/theme.js";
import { followKeys } from "./keys.js";
import { offer } from "./save.js";

const PLOTTED = 0.85; // the part of a figure's width that its axes have, about
const SLANTED = 16; // px that a slanted label needs

// Figures are drawn with the light palette; in the dark each of its colours becomes its dark counterpart.
function translator(/** @type {boolean} */ dark) {
  if (!dark) return (/** @type {any} */ value) => value;
  const pairs = new Map();
  /** @param {any} a @param {any} b */
  const walk = (a, b) => {
    if (typeof a === "string") pairs.set(a.toLowerCase(), b);
    else for (const k of Object.keys(a)) walk(a[k], b[k]);
  };
  walk(THEME.light, THEME.dark);
  /** @type {(value: any) => any} */
  const swap = (value) => {
    if (typeof value === "string") return (value[0] === "#" && pairs.get(value.toLowerCase())) || value;
    if (Array.isArray(value)) return value.map(swap);
    if (value && typeof value === "object" && !ArrayBuffer.isView(value))
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === "bdata" ? v : swap(v)]));
    return value;
  };
  return swap;
}

/** @param {any} layout @param {import("../shared/theme.js").Theme} theme */
function dress(layout, theme) {
  const axis = { automargin: true, gridcolor: theme.line, zerolinecolor: theme.line, linecolor: theme.line, tickcolor: theme.line };
  const dressed = {
    ...layout,
    autosize: true,
    colorway: layout.colorway || theme.categories,
    width: undefined,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: THEME.fonts.text, size: 13, ...layout.font, color: theme.text },
    hoverlabel: {
      bgcolor: theme.text, bordercolor: theme.text, align: "left", ...layout.hoverlabel,
      font: { family: THEME.fonts.text, size: 13, color: theme.background },
    },
  };
  for (const name of Object.keys(layout))
    if (/^[xy]axis\d*$/.test(name)) dressed[name] = { ...axis, ...layout[name] };
  for (const name of ["xaxis", "yaxis"]) dressed[name] = { ...axis, ...layout[name] };
  if (layout.scene) {
    dressed.scene = { ...layout.scene };
    for (const name of ["xaxis", "yaxis", "zaxis"])
      dressed.scene[name] = { ...axis, backgroundcolor: "rgba(0,0,0,0)", ...layout.scene[name] };
  }
  return dressed;
}

// Slanted labels stand upright where they would run into one another, as on a phone.
function fit(/** @type {any} */ layout, /** @type {number} */ width) {
  for (const [name, axis] of Object.entries(layout)) {
    if (!/^xaxis\d*$/.test(name) || !(axis.tickangle < 0) || !Array.isArray(axis.tickvals)) continue;
    const [from, to] = axis.domain ?? [0, 1];
    const room = (PLOTTED * width * (to - from)) / axis.tickvals.length;
    if (room < SLANTED) Object.assign(axis, { tickangle: -90, tickfont: { ...axis.tickfont, size: Math.max(8, Math.min(12, room)) } });
  }
}

// The frame around the column of the pinned token, where the figure has a column for each token.
/**
 * @param {any} figure
 * @param {number | null | undefined} position
 * @param {import("../shared/theme.js").Theme} theme
 */
function frame(figure, position, theme) {
  if (typeof position !== "number" || !(position < figure.layout?.meta?.columns)) return [];
  const line = { color: theme.roles.token, width: 2 };
  return [{ type: "rect", x0: position - 0.5, x1: position + 0.5, y0: 0, y1: 1, yref: "y domain", line }];
}

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [node, message, spoken, menu] = find(root, ".gb-plot", ".gb-plot-message", ".gb-plot-spoken", ".gb-plot-save div");
  const self = {
    figure: /** @type {any} */ (null), header: /** @type {PlotHeader} */ (/** @type {unknown} */ (null)), cursor: /** @type {number | null | undefined} */ (null),
    pointed: /** @type {any} */ (null), bound: false, pointAgain: () => {}, send: nowhere, drawing: Promise.resolve(),
  };

  async function draw() {
    const Plotly = await loadPlotly();
    const { header, figure } = self;
    const theme = applyTheme(root);
    const swap = translator(theme === THEME.dark);
    const layout = { ...dress(swap(figure.layout || {}), theme), height: header.height, uirevision: header.key };
    fit(layout, node.offsetWidth);
    if (layout.meta?.columns) layout.shapes = frame(figure, self.cursor, theme);
    const config = { displaylogo: false, responsive: true, displayModeBar: header.modebar ? "hover" : false,
      scrollZoom: false, doubleClick: "reset", modeBarButtonsToRemove: ["sendDataToCloud", "lasso2d", "select2d"] };
    await Plotly.react(node, swap(figure.data || []), layout, config);
    message.hidden = true;
    if (self.bound) self.pointAgain();
    else bind();
  }

  // One drawing at a time: two Plotly.react calls on one node must not interleave.
  const redraw = () => {
    self.drawing = self.drawing.then(draw).catch((error) => {
      message.hidden = false;
      message.textContent = `This figure could not be drawn: ${error.message}`;
    });
  };

  const report = rested((point) => self.send("hover", describe(point)), 80);
  function bind() {
    self.bound = true;
    offer(menu, node, () => self.header.title, () => (isDark(root) ? THEME.dark : THEME.light).background);
    node.on("plotly_click", (/** @type {any} */ event) => self.send("click", describe(event.points[0])));
    self.pointAgain = followKeys(node, spoken, () => self.header.clickable && self.pointed && self.send("click", describe(self.pointed)));
    node.on("plotly_hover", (/** @type {any} */ event) => {
      const point = (self.pointed = event.points[0]);
      const axis = self.header.cursor_axis;
      if (axis) announceHover(Number(Array.isArray(point.pointIndex) ? point.pointIndex[axis === "x" ? 1 : 0] : point.pointIndex));
      if (self.header.hover) report(point);
    });
    node.on("plotly_unhover", () => self.header.cursor_axis && announceHover(null));
  }

  /** @type {(value: any) => any} */
  const plain = (value) => {
    if (["number", "string", "boolean"].includes(typeof value)) return value;
    return Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(/** @type {ArrayLike<any>} */ (value), plain) : null;
  };
  const describe = (/** @type {any} */ point) => ({
    x: plain(point.x), y: plain(point.y), z: plain(point.z),
    point: plain(point.pointIndex ?? point.pointNumber), curve: point.curveNumber, customdata: plain(point.customdata),
  });

  const unwatch = onThemeChange(root, () => self.figure && redraw());
  const unfollow = listenPin((position) => {
    self.cursor = position;
    if (!self.bound || !self.figure.layout?.meta?.columns) return;
    const theme = isDark(root) ? THEME.dark : THEME.light;
    const move = () => globalThis.Plotly.relayout(node, { shapes: frame(self.figure, self.cursor, theme) });
    requestAnimationFrame(move); // after the pin is sent; 0.4 ms, and a new drawing would take 30
  });
  const sizes = new ResizeObserver(() => node.offsetWidth && self.bound && globalThis.Plotly.Plots.resize(node));
  sizes.observe(node);
  function show(/** @type {PlotHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
    self.header = header;
    self.figure = JSON.parse(new TextDecoder().decode(payload));
    settlePin(self, header);
    node.style.minHeight = `${header.height}px`;
    node.style.minWidth = `${header.least_width}px`;
    node.setAttribute("role", "figure");
    node.setAttribute("aria-label", `${header.title}. Arrow keys go from point to point${header.clickable ? ", Enter chooses one" : ""}.`);
    redraw();
  }
  const purge = () => globalThis.Plotly?.purge(node);
  return Object.assign(self, { show, destroy: ending(report.cancel, unwatch, unfollow, () => sizes.disconnect(), purge) });
}

export default component(build);
