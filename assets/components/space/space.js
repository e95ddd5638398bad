// @ts-check
// The words as points, at every kept step of training: all coordinates come once, the rest happens here.
// Hover names a word, click chooses it, drag moves (2-D) or turns (3-D), Play runs through the steps.
/** @import { SpaceHeader } from "../headers.js" */

import { floats } from "../shared/bytes.js";
import { penOn } from "../shared/canvas.js";
import { find } from "../shared/elements.js";
import { announceHover, listenHover } from "../shared/events.js";
import { arrow } from "../shared/keys.js";
import { component, ending, focusedIn, nowhere } from "../shared/mount.js";
import { framed } from "../shared/pace.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { dotted, nameThem } from "./draw.js";
import { legendOf } from "./legend.js";
import { boxOf, nearestAt, roundLength, towards } from "./places.js";
import { timeline } from "./time.js";

const ASIDE = 0.005; // the part of the words on each side for which the others are not made small

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [canvas, tip, ruler, outside, search] = find(root, "canvas", ".tip", ".ruler", ".outside", "input[type=search]");
  const [frame, legend, said, alone, fixed, zooms] = find(root, ".frame", ".legend", ".said", ".alone", ".fixed", ".zoom");
  const self = {
    header: /** @type {SpaceHeader} */ (/** @type {unknown} */ (null)), points: new Float32Array(), at: 0, hidden: /** @type {Set<number>} */ (new Set()),
    hover: /** @type {number | null} */ (null), found: /** @type {Set<number> | null} */ (null), places: new Float32Array(),
    boxes: /** @type {number[][]} */ ([]), largest: [0, 0, 1, 1], kin: /** @type {Set<number>} */ (new Set()),
    theme: /** @type {import("../shared/theme.js").Theme} */ (/** @type {unknown} */ (null)), unit: 1, centre: [0, 0], speaking: false, send: nowhere,
  };
  const view = { zoom: 1, x: 0, y: 0, yaw: 0.6, pitch: 0.35, all: false }; // all: also the few words that lie far from the others

  // ---- where things are ----

  function measure() {
    const { steps, words, dims } = self.header;
    const everyone = [...words.keys()];
    self.boxes = steps.map((_, s) => boxOf(self.points, words.length, dims, s, everyone, view.all ? 0 : ASIDE));
    const [right, up] = [0, 1].map((k) => Math.max(...self.boxes.map((b) => Math.abs(b[k]) + b[2 + k])));
    self.largest = [0, 0, right, up];
  }

  // Screen places (x, y, depth) of every word at the time self.at, a number between two steps.
  function place() {
    const { words, dims, steps } = self.header;
    const n = words.length;
    const a = Math.min(Math.floor(self.at), steps.length - 1);
    const b = Math.min(a + 1, steps.length - 1);
    const t = self.at - a;
    const lone = isolated() ? [...family()] : null;
    const [from, to] = lone ? [boxOf(self.points, n, dims, a, lone), boxOf(self.points, n, dims, b, lone)] : [self.boxes[a], self.boxes[b]];
    const box = fixed.checked && !lone ? self.largest : from.map((v, k) => v + (to[k] - v) * t);
    const [w, h] = [canvas.clientWidth, canvas.clientHeight];
    self.unit = Math.min((w / 2 - 40) / box[2], (h / 2 - 28) / box[3]) * view.zoom; // pixels per unit
    self.centre = [box[0] - view.x, box[1] - view.y];
    const [cy, sy, cp, sp] = [Math.cos(view.yaw), Math.sin(view.yaw), Math.cos(view.pitch), Math.sin(view.pitch)];
    if (self.places.length !== 3 * n) self.places = new Float32Array(3 * n);
    for (let i = 0; i < n; i++) {
      const [p, q] = [(a * n + i) * dims, (b * n + i) * dims];
      const value = (/** @type {number} */ k) => self.points[p + k] + (self.points[q + k] - self.points[p + k]) * t;
      let [x, y, z] = [value(0), value(1), dims === 3 ? value(2) : 0];
      if (dims === 3) {
        [x, z] = [x * cy - z * sy, x * sy + z * cy];
        [y, z] = [y * cp - z * sp, y * sp + z * cp];
      }
      self.places[3 * i] = w / 2 + (x - self.centre[0]) * self.unit;
      self.places[3 * i + 1] = h / 2 - (y - self.centre[1]) * self.unit;
      self.places[3 * i + 2] = z / box[2];
    }
  }

  const index = (/** @type {number | null} */ id) => (id === null ? -1 : self.header.ids.indexOf(id));
  const family = () => new Set([self.header.chosen, ...self.header.near].map(index).filter((i) => i >= 0));
  const isolated = () => alone.checked && index(self.header.chosen) >= 0;
  const visible = (/** @type {number} */ i) => (isolated() ? self.kin.has(i) : !self.hidden.has(self.header.groups[i]));

  // ---- drawing ----

  function draw() {
    if (!self.header || !canvas.clientWidth) return;
    const theme = self.theme;
    self.kin = family();
    place();
    const { pen } = penOn(canvas);
    const { words, groups, colours, dims, near, chosen } = self.header;
    const order = [...words.keys()].filter(visible);
    if (dims === 3) order.sort((i, j) => self.places[3 * i + 2] - self.places[3 * j + 2]);
    const ring = new Set(near.map(index));
    const match = self.found;
    const few = words.length < 900 ? 4 : 2.5;
    for (const i of order) {
      const faint = match && !match.has(i);
      pen.globalAlpha = faint ? 0.12 : 0.82;
      pen.fillStyle = theme.categories[colours[groups[i]]];
      const size = (dims === 3 ? few * (1 + 0.35 * self.places[3 * i + 2]) : few) + (match && !faint ? 1.5 : 0);
      pen.beginPath();
      pen.arc(self.places[3 * i], self.places[3 * i + 1], Math.max(size, 1), 0, 7);
      pen.fill();
    }
    pen.globalAlpha = 1;
    const at = index(chosen);
    if (at >= 0) {
      trail(pen, at);
      pen.strokeStyle = theme.muted;
      pen.lineWidth = 1;
      for (const j of ring) {
        if (j < 0 || !visible(j)) continue;
        pen.beginPath();
        pen.moveTo(self.places[3 * at], self.places[3 * at + 1]);
        pen.lineTo(self.places[3 * j], self.places[3 * j + 1]);
        pen.globalAlpha = 0.45;
        pen.stroke();
        pen.globalAlpha = 1;
      }
    }
    label(pen, at, ring);
    measureStick();
    const away = view.zoom === 1 && !view.x && !view.y && !isolated() ? order.filter((i) => !inFrame(i)).length : 0;
    outside.textContent = away ? `${away} far from all others: ⤢ shows ${away === 1 ? "it" : "them"}` : "";
  }

  // Where the chosen word has been at the last few steps.
  /** @param {CanvasRenderingContext2D} pen @param {number} i */
  function trail(pen, i) {
    const { dims, words } = self.header;
    if (dims !== 2 || self.at < 0.01 || !visible(i)) return;
    const spots = /** @type {[number, number][]} */ ([]);
    for (let s = Math.max(0, Math.floor(self.at) - 4); s <= self.at; s++) {
      const [x, y] = self.points.subarray((s * words.length + i) * dims);
      spots.push([canvas.clientWidth / 2 + (x - self.centre[0]) * self.unit, canvas.clientHeight / 2 - (y - self.centre[1]) * self.unit]);
    }
    dotted(pen, [...spots, [self.places[3 * i], self.places[3 * i + 1]]], self.theme.text);
  }

  const inFrame = (/** @type {number} */ i, top = 0) => {
    const [x, y] = [self.places[3 * i], self.places[3 * i + 1]];
    return x > 0 && y > top && x < canvas.clientWidth && y < canvas.clientHeight;
  };

  // Names, most important first; all of them when zoomed in, or when some stand alone; one that would cover another is left out.
  /** @param {CanvasRenderingContext2D} pen @param {number} at @param {Set<number>} ring */
  function label(pen, at, ring) {
    const { words, mine } = self.header;
    const wanted = /** @type {[number, number, boolean][]} */ ([]);
    if (self.hover !== null) wanted.push([self.hover, 600, true]);
    if (at >= 0) wanted.push([at, 700, true]);
    if (self.found && self.found.size <= 60) for (const i of self.found) wanted.push([i, 500, false]);
    for (const j of ring) if (j >= 0) wanted.push([j, 500, false]);
    for (const id of mine) wanted.push([index(id), 500, false]);
    const close = view.zoom >= 2.5 || isolated() || self.hidden.size ? [...words.keys()].filter((i) => inFrame(i, 12)) : []; // a name needs room above
    for (const i of close) wanted.push([i, 400, false]);
    nameThem(pen, wanted.filter(([i]) => i >= 0 && visible(i)), at, self.places, words, canvas.clientWidth, self.theme);
  }

  // A ruler in the units of the vectors, for PCA; the other maps have no units.
  function measureStick() {
    ruler.hidden = !self.header.units;
    if (ruler.hidden) return;
    const nice = roundLength(70 / self.unit);
    ruler.querySelector("i").style.width = `${nice * self.unit}px`;
    ruler.querySelector("span").textContent = `distance ${Number(nice.toPrecision(1))}`;
  }

  const redraw = framed(draw);

  const time = timeline(root, self, redraw);

  // ---- hands ----

  /** @param {number} x @param {number} y */
  const nearestTo = (x, y, most = 14) => nearestAt(x, y, most, self.places, [...self.header.words.keys()].filter(visible));
  function hover(/** @type {number | null} */ i, quiet = false) {
    self.hover = i;
    canvas.classList.toggle("over", i !== null);
    tip.hidden = i === null;
    if (i !== null) {
      const { words, groups, names } = self.header;
      tip.textContent = `${words[i]} · ${names[groups[i]]}`;
      const [x, y] = [self.places[3 * i], self.places[3 * i + 1]];
      tip.style.left = `${Math.min(Math.max(x + 12, 4), canvas.clientWidth - tip.offsetWidth - 4)}px`;
      tip.style.top = `${Math.min(y + 12, canvas.clientHeight - 32)}px`;
    }
    if (!quiet) {
      const position = i === null ? -1 : self.header.mine.indexOf(self.header.ids[i]);
      self.speaking = true; // this map hears itself too
      announceHover(position >= 0 ? position : null);
      self.speaking = false;
    }
    redraw();
  }
  function choose(/** @type {number | null} */ i) {
    const id = i === null || self.header.ids[i] === self.header.chosen ? null : self.header.ids[i];
    said.textContent = i === null ? "" : `${self.header.words[i]}, ${self.header.names[self.header.groups[i]]}`;
    self.send("pick", { id });
  }

  let drag = /** @type {{ x: number, y: number, moved: number } | null} */ (null);
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    drag = { x: event.offsetX, y: event.offsetY, moved: 0 };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (!drag) return hover(nearestTo(event.offsetX, event.offsetY));
    const [dx, dy] = [event.offsetX - drag.x, event.offsetY - drag.y];
    drag.moved += Math.abs(dx) + Math.abs(dy);
    if (drag.moved < 5) return;
    canvas.classList.add("grab");
    if (self.header.dims === 3) {
      view.yaw += dx / 140;
      view.pitch = Math.min(Math.max(view.pitch + dy / 140, -1.5), 1.5);
    } else {
      view.x += dx / self.unit;
      view.y -= dy / self.unit;
    }
    Object.assign(drag, { x: event.offsetX, y: event.offsetY });
    redraw();
  });
  canvas.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => {
    canvas.classList.remove("grab");
    if (drag && drag.moved < 5) {
      const i = nearestTo(event.offsetX, event.offsetY, 18);
      if (i !== null) choose(i);
    }
    drag = null;
  });
  canvas.addEventListener("pointercancel", () => (drag = null));
  canvas.addEventListener("pointerleave", () => !drag && hover(null));
  canvas.addEventListener("dblclick", () => {
    alone.checked = !alone.checked && self.header.chosen !== null;
    redraw();
  });
  // The wheel scrolls the page; with Ctrl, or when the map has been clicked into, it zooms.
  canvas.addEventListener("wheel", (/** @type {WheelEvent} */ event) => {
    if (!event.ctrlKey && focusedIn(root) !== canvas) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
  }, { passive: false });
  function zoom(/** @type {number} */ factor) {
    view.zoom = Math.min(Math.max(view.zoom * factor, 0.5), 30);
    redraw();
  }
  zooms.addEventListener("click", (/** @type {any} */ event) => {
    const what = event.target.closest("button")?.dataset.do;
    if (what === "fit") {
      Object.assign(view, { zoom: 1, x: 0, y: 0, yaw: 0.6, pitch: 0.35, all: true });
      measure();
    }
    zoom(what === "in" ? 1.4 : what === "out" ? 1 / 1.4 : 1);
  });

  // Arrow keys walk to the nearest word in that direction; Enter chooses it, Escape lets go.
  canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = arrow(event);
    if (event.key === "Escape") {
      hover(null);
      if (self.header.chosen !== null) self.send("pick", { id: null });
    } else if (event.key === "Enter" && self.hover !== null) choose(self.hover);
    else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 1.3 : 1 / 1.3);
    else if (event.key === " ") time.toggle();
    else if (way) {
      const from = self.hover ?? Math.max(index(self.header.chosen), 0);
      const best = towards(way, from, self.places, [...self.header.words.keys()].filter(visible));
      if (best !== null) {
        hover(best);
        said.textContent = `${self.header.words[best]}, ${self.header.names[self.header.groups[best]]}. Enter chooses it.`;
      }
    } else return;
    event.preventDefault();
  });

  // ---- search and legend ----

  function lookFor() {
    const text = search.value.trim().toLowerCase();
    const hits = [...self.header.words.keys()].filter((i) => self.header.words[i].toLowerCase().includes(text));
    // words that begin with the text come first
    const begins = (/** @type {number} */ i) => Number(self.header.words[i].toLowerCase().startsWith(text));
    hits.sort((i, j) => begins(j) - begins(i));
    self.found = text ? new Set(hits) : null;
    const found = hits.length ? `${hits.length} of ${self.header.words.length} words match; Enter chooses the first.` : `No word on the map has “${text}” in it.`;
    said.textContent = text ? found : "";
    search.setAttribute("aria-invalid", String(Boolean(text) && !hits.length));
    redraw();
  }
  search.addEventListener("input", lookFor);
  search.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && self.found?.size) {
      const first = [...self.found][0];
      search.value = "";
      lookFor();
      if (self.header.ids[first] !== self.header.chosen) choose(first);
    } else if (event.key === "Escape") {
      search.value = "";
      lookFor();
    }
  });

  const listKinds = legendOf(legend, self, redraw);
  alone.addEventListener("change", redraw);
  fixed.addEventListener("change", redraw);

  // ---- life ----

  const hush = listenHover((position) => {
    if (!self.header || self.speaking || canvas.matches(":hover")) return;
    const i = position === null ? -1 : index(self.header.mine[position]);
    hover(i >= 0 ? i : null, true);
    tip.hidden = true;
  });
  function recolour() {
    self.theme = applyTheme(root);
    listKinds();
    redraw();
  }
  const unwatch = onThemeChange(root, () => self.header && recolour());
  const sizes = new ResizeObserver(redraw);
  sizes.observe(canvas);
  function show(/** @type {SpaceHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
    const points = floats(payload);
    const first = !self.header;
    const changed = first || header.kind !== self.header.kind || points.length !== self.points.length;
    const before = first ? null : self.header.at;
    self.header = header;
    self.points = points;
    measure();
    if (changed) {
      Object.assign(view, { zoom: 1, x: 0, y: 0 });
      self.hidden = first ? self.hidden : new Set([...self.hidden].filter((g) => g < header.names.length));
    }
    canvas.style.setProperty("--height", `${header.height}px`);
    canvas.setAttribute("aria-label", header.title);
    frame.classList.toggle("single", header.steps.length < 2);
    alone.disabled = header.chosen === null;
    if (header.chosen === null) alone.checked = false;
    time.follow(before);
    recolour();
  }
  return Object.assign(self, { show, destroy: ending(time.leave, redraw.cancel, hush, unwatch, () => sizes.disconnect()) });
}

export default component(build);
