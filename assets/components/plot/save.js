// @ts-check
// A figure taken home: as PNG or SVG, as it is drawn, with its title and address; or its numbers as CSV.

import { element } from "../shared/elements.js";
import { download } from "../shared/download.js";

const CAPTION = 44; // pixels below the figure for its title and address

/**
 * Words of an axis or a point as they are read: plotly's markup is taken away.
 * @param {unknown} label
 */
const read = (label) => new DOMParser().parseFromString(String(label), "text/html").documentElement.textContent ?? "";

/** Words that plotly shows as they are. @param {string} text */
const shown = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * What a table shows of a value; a word that a spreadsheet would take for a formula is kept a word.
 * @param {unknown} value
 */
function cell(value) {
  if (typeof value === "number" || value === null || value === undefined) return String(value ?? "");
  const text = read(value).replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * What stands at a place of an axis: its label, if it has one there, or the number itself.
 * @param {any} axis
 * @returns {(at: unknown) => unknown}
 */
function labelled(axis) {
  const { tickvals, ticktext } = axis ?? {};
  const names = new Map(ticktext ? Array.from(tickvals, (at, i) => [at, ticktext[i]]) : []);
  return (at) => names.get(at) ?? at;
}

/**
 * A row for each point or cell of a drawn figure: series, x, y, and the value where there is one.
 * @param {any} node
 */
export function table(node) {
  /** @type {unknown[][]} */
  const rows = [["series", "x", "y", "value"]];
  for (const trace of node._fullData) {
    const [x, y] = ["x", "y"].map((name) => labelled(node._fullLayout[(trace[`${name}axis`] ?? name).replace(name, `${name}axis`)]));
    const name = trace.name ?? "";
    if (Array.isArray(trace.z?.[0]) || ArrayBuffer.isView(trace.z?.[0]))
      trace.z.forEach((/** @type {number[]} */ row, /** @type {number} */ i) =>
        row.forEach((z, j) => rows.push([name, x(trace.x?.[j] ?? j), y(trace.y?.[i] ?? i), z])));
    else for (let i = 0; i < (trace._length ?? 0); i++) rows.push([name, x(trace.x?.[i] ?? i), y(trace.y?.[i] ?? i), trace.z?.[i] ?? ""]);
  }
  return rows.map((row) => row.map(cell).join(",")).join("\r\n");
}

/**
 * The figure on a ground of its own, with a caption below it.
 * @param {any} node
 * @param {string} title
 * @param {string} ground
 */
function captioned(node, title, ground) {
  const { _size: size, annotations } = node._fullLayout;
  const words = `${shown(title)}<br>${shown(location.href)}`;
  const caption = { text: words, showarrow: false, align: "left", xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "left", yanchor: "top",
    xshift: 8 - size.l, yshift: 4 - size.b, font: { size: 11 } };
  const margin = { ...node.layout.margin, l: size.l, r: size.r, t: size.t, b: size.b + CAPTION };
  const added = [...(node.layout.annotations ?? annotations ?? []), caption];
  return { ...node.layout, margin, annotations: added, paper_bgcolor: ground, plot_bgcolor: ground };
}

/**
 * Fills `menu` with the three ways to save the figure of `node`.
 * @param {Element} menu
 * @param {any} node
 * @param {() => string} title also the name of the file
 * @param {() => string} ground the colour to draw on
 */
export function offer(menu, node, title, ground) {
  const filename = () => title().toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "figure";
  const picture = (/** @type {"png" | "svg"} */ format) => {
    const size = { width: node.offsetWidth, height: node.offsetHeight + CAPTION, scale: format === "png" ? 2 : 1 };
    const figure = { data: node.data, layout: captioned(node, title(), ground()) };
    return globalThis.Plotly.downloadImage(figure, { format, filename: filename(), ...size });
  };
  const numbers = () => download(`${filename()}.csv`, "text/csv", "\ufeff", table(node)); // a mark that Excel needs
  const ways = { PNG: () => picture("png"), SVG: () => picture("svg"), CSV: numbers };
  menu.append(...Object.entries(ways).map(([name, way]) => element("button", { onclick: () => void way() }, name)));
}
