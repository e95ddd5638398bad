// @ts-check
// Every attention head as a thumbnail, layer by layer, drawn here from one typed array. Hover or walk to see one large.
// A linked grid (`header.view`) shares its numbers and what is open or pinned with the views beside it, without the server.
/** @import { HeadsHeader } from "../headers.js" */
/** @import { Head } from "./store.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @typedef {{ open: Head[], isolated: boolean }} Shown */

import { pictureOf } from "../shared/canvas.js";
import { element, find } from "../shared/elements.js";
import { forHand } from "../shared/hand.js";
import { adds, arrow } from "../shared/keys.js";
import { component, ending, focusedIn, nowhere } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";
import { applyTheme, onThemeChange, pixelsOf } from "../shared/theme.js";
import { Store, linkedStore } from "./store.js";

const RANKED = 6; // heads that are named of those that link two tokens
const THUMBNAIL = 96; // pixels a side; longer texts show the largest weight of each patch

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [grid, foot, ranking, enlarged, large, name, value, frame] =
    find(root, ".grid", ".foot", ".ranking", ".large", ".large canvas", ".large .name", ".large .value", ".frame");
  const self = {
    store: /** @type {Store} */ (/** @type {unknown} */ (null)), own: /** @type {Store | null} */ (null), hush: /** @type {(() => void) | null} */ (null),
    theme: /** @type {Theme} */ (/** @type {unknown} */ (null)), table: new Uint32Array(), drawn: "", sent: "", before: /** @type {Shown} */ ({ open: [], isolated: false }),
    others: /** @type {Head[] | null} */ (null), send: nowhere,
  };
  const title = (/** @type {Head} */ [layer, head]) => `layer ${layer}, head ${head}`;
  const same = (/** @type {Head | null} */ a, /** @type {Head | null} */ b) => a && b && a[0] === b[0] && a[1] === b[1];
  const button = (/** @type {Head} */ [layer, head]) => /** @type {HTMLElement | null} */ (grid.querySelector(`[data-layer="${layer}"][data-head="${head}"]`));

  /** @param {Float32Array} weights @param {number} length */
  function image(weights, length) {
    const side = Math.min(length, THUMBNAIL);
    const place = (/** @type {number} */ i) => Math.floor((i * side) / length);
    const most = new Float32Array(side * side);
    for (let q = 0, at = 0; q < length; at += ++q)
      for (let k = 0; k <= q; k++) {
        const o = place(q) * side + place(k);
        if (weights[at + k] > most[o]) most[o] = weights[at + k];
      }
    const pixels = new Uint32Array(side * side);
    for (let y = 0; y < side; y++)
      for (let x = 0; x <= y; x++) pixels[y * side + x] = self.table[Math.round(255 * Math.sqrt(most[y * side + x]))];
    return pictureOf(side, side, pixels);
  }

  /** @param {number} layer @param {number} head */
  function cell(layer, head) {
    const { scores, length } = self.store.header;
    const score = scores?.[layer]?.[head];
    const label = title([layer, head]) + (score ? `, ${score}` : "");
    const attributes = { role: "gridcell", "data-layer": layer, "data-head": head, "aria-label": label };
    const canvas = image(self.store.mean([[layer, head]]), length);
    canvas.setAttribute("aria-hidden", "true");
    return element("button", attributes, canvas, ...(scores ? [element("small", {}, score || "\u00a0")] : []));
  }

  function draw() {
    const { header } = self.store;
    self.theme = applyTheme(root);
    // The square root spreads weak attention over more of the scale; the caption says so.
    self.table = pixelsOf(self.theme.sequential);
    grid.style.setProperty("--heads", header.heads);
    grid.setAttribute("aria-label", header.title);
    const focused = focusedIn(root)?.dataset?.layer !== undefined;
    const rows = Array.from({ length: header.layers }, (_, layer) => {
      const label = element("span", { class: "label", role: "rowheader" }, `layer ${layer}`);
      return element("div", { class: "row", role: "row" }, label, ...Array.from({ length: header.heads }, (_, head) => cell(layer, head)));
    });
    grid.replaceChildren(...rows);
    const pooled = header.length > THUMBNAIL ? " A dot is the largest weight of its patch." : "";
    foot.textContent = [forHand(header.hint ?? ""), pooled, header.note].filter(Boolean).join(" ");
    enlarged.hidden = Boolean(header.view);
    if (focused) button(self.store.main())?.focus();
  }

  function mark() {
    const { store } = self;
    const focus = store.open.at(-1) ?? store.header.selected;
    for (const b of grid.querySelectorAll("button")) {
      const here = /** @type {Head} */ ([Number(b.dataset.layer), Number(b.dataset.head)]);
      const on = store.open.some((head) => same(head, here));
      b.setAttribute("aria-selected", on);
      b.classList.toggle("dim", store.isolated && !on);
      b.tabIndex = same(here, focus) ? 0 : -1;
    }
    if (store.header.view) rank();
    else enlarge();
  }

  // The heads by how much the later of two chosen tokens reads from the earlier: a press opens one.
  function rank() {
    const { store } = self;
    const found = store.ranked();
    const sent = JSON.stringify([store.pair, store.open, store.header.stamp]);
    if (sent === self.sent) return;
    self.sent = sent;
    if (!store.pair || !found.length) {
      ranking.replaceChildren(element("p", {}, forHand("Click one token, then another: the heads are ranked by how much the later reads from the earlier.")));
      return;
    }
    const [reader, source] = store.pair.map((i) => element("code", {}, store.header.labels[i]));
    const mean = found.reduce((sum, { share }) => sum + share, 0) / found.length;
    const said = element("p", {}, "How much ", reader, " reads from ", source, `, most first (on average over all heads ${percent(mean)}):`);
    const focused = focusedIn(root)?.dataset?.ranked;
    const list = found.slice(0, RANKED).map(({ head: [layer, head], share }) => {
      const on = store.open.some((one) => same(one, [layer, head]));
      const attributes = { "aria-pressed": on, "data-ranked": `${layer}.${head}`, title: `open layer ${layer}, head ${head}` };
      return element("li", {}, element("button", { ...attributes, onclick: () => open([[layer, head]]) }, `L${layer}H${head} ${percent(share)}`));
    });
    ranking.replaceChildren(said, element("ol", {}, ...list));
    if (focused) ranking.querySelector(`[data-ranked="${focused}"]`)?.focus();
  }

  // The large picture of a grid that stands alone, with the row of the pinned or hovered position outlined.
  function enlarge() {
    const { store } = self;
    const { length, labels } = store.header;
    const scale = globalThis.devicePixelRatio || 1;
    large.width = large.height = Math.round((large.clientWidth || 240) * scale);
    const pen = large.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image(store.matrix(), length), 0, 0, large.width, large.height);
    name.textContent = title(store.main());
    const q = store.query();
    const best = store.row(q).reduce((top, w, k, row) => (w > row[top] ? k : top), 0);
    const unit = large.width / length;
    pen.strokeStyle = self.theme.roles.attention;
    pen.lineWidth = 2 * scale;
    pen.strokeRect(0, q * unit, (q + 1) * unit, unit);
    value.textContent = `${labels[q]} → ${labels[best]}: ${percent(store.at(q, best))}`;
  }

  const headOf = (/** @type {any} */ event) => {
    const b = event.target.closest?.("button");
    return b ? /** @type {Head} */ ([Number(b.dataset.layer), Number(b.dataset.head)]) : null;
  };
  const send = paced((chosen) => self.send("select", chosen));
  function open(/** @type {Head[]} */ heads, isolated = false) {
    const turn = self.store.choose("open", { open: heads, isolated, peek: null });
    send({ open: heads, isolated, turn });
  }
  const peek = (/** @type {Head | null} */ head) => !same(head, self.store.peek) && self.store.set({ peek: head });

  grid.addEventListener("pointerover", (/** @type {PointerEvent} */ event) => event.pointerType !== "touch" && headOf(event) && peek(headOf(event)));
  grid.addEventListener("pointerleave", () => self.store.peek && self.store.set({ peek: null }));
  grid.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const head = headOf(event);
    if (!head) return;
    const { open: now, isolated, header } = self.store;
    if (event.detail < 2) self.before = { open: now, isolated }; // the clicks of a double click change it
    const others = now.filter((other) => !same(other, head));
    if (!header.view) open([head]);
    else if (adds(event)) open(others.length < now.length ? others : [...now, head]);
    else if (now.length === 1 && !others.length && !isolated) open([]);
    else open([head]);
  });
  // The head alone; a head that stands alone is joined by those that were open before.
  function isolate(/** @type {Head} */ head, /** @type {Shown} */ { open: heads, isolated }) {
    const alone = isolated && same(heads[0], head);
    if (!isolated) self.others = heads;
    open(alone ? self.others ?? [head] : [head], !alone);
  }
  grid.addEventListener("dblclick", (/** @type {MouseEvent} */ event) => {
    const head = headOf(event);
    if (self.store.header.view && head) isolate(head, self.before);
  });
  grid.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const from = headOf(event) ?? self.store.main();
    const way = arrow(event);
    const linked = Boolean(self.store.header.view);
    if (linked && event.key === "Escape") return open(self.store.isolated ? [from] : []);
    if (linked && event.key === "i") return isolate(from, { open: self.store.open, isolated: self.store.isolated });
    if (!way) return;
    event.preventDefault();
    /** @type {[number, number]} */
    const to = [from[0] + way[1], from[1] + way[0]];
    if (!button(to)) return;
    open([to], self.store.isolated);
    button(to)?.focus();
  });

  const unwatch = onThemeChange(root, () => self.drawn && (draw(), mark()));
  const sizes = new ResizeObserver(() => self.drawn && mark());
  sizes.observe(frame);
  // Thumbnails are drawn again only when what they show has changed; their numbers carry a stamp.
  const refresh = () => {
    const { header, aside } = self.store;
    const wanted = JSON.stringify([header.stamp, aside, header.scores, header.note]);
    if (wanted !== self.drawn) draw();
    self.drawn = wanted;
    mark();
  };
  function show(/** @type {HeadsHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
    const store = header.view ? linkedStore : (self.own ??= new Store());
    if (store !== self.store) {
      self.hush?.();
      self.hush = null;
      self.store = store;
    }
    const alone = { open: [header.selected], pins: header.cursor === null ? [] : [header.cursor] };
    store.fill(header, new Float32Array(payload.buffer));
    if (!header.view) store.set(alone);
    self.hush ??= store.subscribe(refresh);
  }
  function leave() {
    self.hush?.();
    self.own?.close();
    self.store?.forget();
  }
  return Object.assign(self, { show, destroy: ending(send.cancel, leave, unwatch, () => sizes.disconnect()) });
}

export default component(build);
