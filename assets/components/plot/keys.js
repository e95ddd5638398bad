// @ts-check
// A figure by keyboard: the arrows go to the next point in their direction, Enter clicks it, Escape leaves.

import { arrow } from "../shared/keys.js";
import { rested } from "../shared/pace.js";

/** @typedef {{ place: number[], subplot: string }} Point */

// Every point of a drawn figure that can be pointed at: where it is in pixels, and in which subplot.
/**
 * @param {any} node drawn by plotly: where its traces and axes lie is known to plotly alone
 * @returns {Point[]}
 */
function pointsOf(node) {
  return node._fullData.flatMap((/** @type {any} */ trace, /** @type {number} */ curve) => {
    if (trace.visible !== true || trace.hoverinfo === "skip" || !trace.xaxis) return [];
    const [xaxis, yaxis] = ["x", "y"].map((name) => node._fullLayout[trace[`${name}axis`].replace(name, `${name}axis`)]);
    const every = (/** @type {number} */ length, /** @type {(i: number) => Point[]} */ point) => Array.from({ length }, (_, i) => point(i)).flat();
    const at = (/** @type {number[]} */ [x, y]) => {
      const place = [xaxis._offset + x, yaxis._offset + y];
      return place.every(Number.isFinite) ? [{ place, subplot: trace.xaxis + trace.yaxis }] : [];
    };
    const point = (/** @type {any} */ x, /** @type {any} */ y) => at([xaxis.d2p(x), yaxis.d2p(y)]);
    const bar = (/** @type {Record<string, number>} */ { x, y }) => at(trace.orientation === "h" ? [xaxis.c2p(x / 2), yaxis.c2p(y)] : [xaxis.c2p(x), yaxis.c2p(y / 2)]); // its middle
    const cell = (/** @type {number} */ row, /** @type {number} */ column) => (Number.isFinite(trace.z[row][column]) ? point(trace.x?.[column] ?? column, trace.y?.[row] ?? row) : []);
    if (trace.z) return every(trace.z.length, (row) => every(trace.z[row].length, (column) => cell(row, column)));
    if (trace.type === "bar") return every(trace._length, (i) => bar(node.calcdata[curve][i]));
    return every(trace._length ?? 0, (i) => point(trace.x?.[i] ?? i, trace.y?.[i] ?? i));
  });
}

// The point that costs the least to reach from `place` along `arrow`; the sideways way counts three times.
/**
 * @param {Point[]} points
 * @param {number[]} place
 * @param {number[]} arrow
 */
function nextPoint(points, place, [right, down]) {
  let best = /** @type {Point | null} */ (null), least = Infinity;
  for (const point of points) {
    const [x, y] = [point.place[0] - place[0], point.place[1] - place[1]];
    const along = x * right + y * down;
    const cost = along + 3 * Math.abs(x * down - y * right);
    if (along > 0.5 && cost < least) [best, least] = [point, cost];
  }
  return best;
}

// The point that lies the least way, across and down together, from a place.
/**
 * @param {Point[]} points
 * @param {number[]} place
 */
function nearest(points, [x, y]) {
  const away = (/** @type {Point} */ { place }) => Math.abs(place[0] - x) + Math.abs(place[1] - y);
  return points.reduce((best, point) => (best && away(best) <= away(point) ? best : point), /** @type {Point | null} */ (null));
}

// Listens on `node`; `click` is called for Enter at a point. What the label of a point says is read out by `spoken`. Returns
// what points again at the same place, for a figure that was drawn anew.
/**
 * @param {any} node
 * @param {HTMLElement} spoken
 * @param {() => void} click
 */
export function followKeys(node, spoken, click) {
  let place = /** @type {number[] | null} */ (null), layer = /** @type {Element | null} */ (null), box = new DOMRect();
  const mouse = (/** @type {string} */ kind) => {
    if (!place) return;
    box = node.getBoundingClientRect();
    const [clientX, clientY] = [box.left + place[0], box.top + place[1]];
    layer?.dispatchEvent(new MouseEvent(kind, { clientX, clientY, bubbles: true })); // as plotly hears of the pointer
  };
  const pointAt = (/** @type {Point | null} */ point) => {
    if (!point) return;
    place = point.place;
    layer = node.querySelector(`.nsewdrag[data-subplot="${point.subplot}"]`);
    mouse("mousemove");
    check();
  };
  // Plotly may take its time, and looks where the figure is then: a page that has moved meanwhile is pointed at anew.
  const check = rested(() => {
    const now = node.getBoundingClientRect();
    if (place && (now.top !== box.top || now.left !== box.left)) again();
  }, 100);
  const leave = () => {
    if (place) mouse("mouseout");
    place = null;
  };
  node.tabIndex = 0;
  node.addEventListener("blur", leave);
  node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = arrow(event);
    if (event.key === "Escape" && place) leave();
    else if (event.key === "Enter" && place) click();
    else if (way && node._fullData) {
      const points = pointsOf(node);
      pointAt(place ? nextPoint(points, place, way) : nearest(points, [0, 0]));
    } else return;
    event.preventDefault();
  });
  const lines = () => [...node.querySelectorAll(".hoverlayer text")].flatMap((text) => (text.children.length ? [...text.children] : [text]));
  const read = () => (spoken.textContent = lines().map((line) => line.textContent).join(", "));
  node.on("plotly_hover", () => place && requestAnimationFrame(read)); // the label comes after the event
  const again = () => place && pointAt(nearest(pointsOf(node), place));
  node.on("plotly_unhover", again); // a resting pointer has left, because something moved under it
  return again;
}
