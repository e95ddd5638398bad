// @ts-check
// The logit lens: a row for each depth, a column for each token; a cell shows what the model would say there, how sure it is,
// and the rank of the token that is followed. The numbers are one Float32Array: five tables, depth × tokens.
/** @import { LensHeader } from "../headers.js" */

import { floats } from "../shared/bytes.js";
import { element, find } from "../shared/elements.js";
import { announceHover, listenHover } from "../shared/events.js";
import { arrow } from "../shared/keys.js";
import { component, ending, focusedIn, nowhere } from "../shared/mount.js";
import { percent, whole } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";
import { applyTheme, inkOn, mix, onThemeChange, ramp } from "../shared/theme.js";

/** @typedef {[number, number]} Place row and column */

const TABLES = ["probability", "rank", "followed", "entropy", "divergence"];

// Short forms for a cell; the sentence below the grid has all digits.
const short = (/** @type {number} */ p) => (p >= 0.005 ? `${Math.min(Math.round(100 * p), p < 1 ? 99 : 100)}%` : "<1%");
const compact = (/** @type {number} */ n) => (n < 1000 ? String(n) : n < 100000 ? `${(n / 1000).toFixed(n < 9950 ? 1 : 0)}k` : `${Math.round(n / 1000)}k`);

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [scroll, grid, status, bar, low, high, words] = find(root, ".scroll", ".grid", ".status", ".bar", ".low", ".high", ".words");
  const self = {
    header: /** @type {LensHeader} */ (/** @type {unknown} */ (null)), data: new Float32Array(), cells: /** @type {HTMLButtonElement[][]} */ ([]),
    spot: /** @type {Place | null} */ (null), home: [0, 0], send: nowhere,
  };
  const depths = () => self.header.names.length;
  const columns = () => self.header.labels.length;
  /** @param {LensHeader["by"] | "followed"} table @param {number} row @param {number} column */
  const value = (table, row, column) => self.data[(TABLES.indexOf(table) * depths() + row) * columns() + column];
  /** @param {number} row @param {number} column */
  const top = (row, column) => self.header.words[self.header.tops[row][column]];

  // The coloured quantity between 0 and 1: ranks on a logarithmic scale, nats against the most there can be.
  /** @param {number} row @param {number} column */
  function share(row, column) {
    const { by, size, most } = self.header;
    const x = value(by, row, column);
    if (by === "rank") return 1 - Math.log(x) / Math.log(size);
    return by === "entropy" ? x / Math.log(size) : by === "divergence" ? x / most : x;
  }

  function draw() {
    const theme = applyTheme(root);
    const { labels, names, focus, start, title } = self.header;
    const held = focusedIn(root)?.dataset?.place;
    grid.style.setProperty("--columns", labels.length);
    grid.setAttribute("aria-label", title);
    const head = (/** @type {string} */ kind, /** @type {string} */ text) => element("span", { class: kind, role: "columnheader" }, text);
    const heads = labels.map((label, c) => head(start + c === focus ? "head on" : "head", label));
    self.cells = names.map((_, r) => labels.map((_, c) => cell(theme, r, c)));
    const rows = names.map((name, r) =>
      element("div", { class: "row", role: "row" }, element("span", { class: "name", role: "rowheader" }, name), ...self.cells[r]),
    );
    grid.replaceChildren(element("div", { class: "row", role: "row" }, head("name", "layer"), ...heads), ...rows);
    bar.style.background = ramp(theme.sequential);
    [low.textContent, high.textContent] = self.header.ends;
    words.textContent = self.header.note;
    roam();
    if (held) grid.querySelector(`[data-place="${held}"]`)?.focus({ preventScroll: true });
    tell(self.spot);
  }

  /** @param {import("../shared/theme.js").Theme} theme @param {number} r @param {number} c */
  function cell(theme, r, c) {
    const on = self.header.start + c === self.header.focus;
    const colour = mix(theme.sequential, share(r, c));
    const attributes = {
      class: `cell${on ? " on" : ""}${r ? "" : " top"}${r === depths() - 1 ? " last" : ""}`,
      style: { background: `rgb(${colour})`, color: inkOn(colour) },
      role: "gridcell",
      "data-place": `${r} ${c}`,
      "aria-label": sentence(r, c),
    };
    const [sure, rank] = [short(value("probability", r, c)), `#${compact(value("rank", r, c))}`];
    return element("button", attributes, element("b", {}, top(r, c)), element("small", {}, sure), element("small", {}, rank));
  }

  /** @param {number} r @param {number} c */
  function sentence(r, c) {
    const { names, labels, answers, start } = self.header;
    const nats = (/** @type {LensHeader["by"] | "followed"} */ table) => `${value(table, r, c).toFixed(2)} nats`;
    return (
      `${r ? `After ${names[r]}` : "Before any block"}, at ${labels[c]} (position ${start + c}): it would say ${top(r, c)} with ${percent(value("probability", r, c))}. ` +
      `${answers[c]} has rank ${whole(value("rank", r, c))} and ${percent(value("followed", r, c))}. ` +
      `Entropy ${nats("entropy")}, ${nats("divergence")} from the final answer.`
    );
  }

  // Where nothing is pointed at: the last row of the token in question.
  const usual = () => /** @type {Place} */ ([depths() - 1, Math.min(Math.max(self.header.focus - self.header.start, 0), columns() - 1)]);

  // One cell of the grid is reached with Tab; the arrows go on from there.
  function roam() {
    const [r, c] = self.spot ?? usual();
    self.home = [Math.min(r, depths() - 1), Math.min(c, columns() - 1)];
    self.cells.flat().forEach((node) => (node.tabIndex = node.dataset.place === self.home.join(" ") ? 0 : -1));
  }

  function tell(/** @type {Place | null} */ spot) {
    const [r, c] = spot ?? usual();
    status.textContent = r < depths() && c < columns() ? sentence(r, c) : "";
  }

  function light(/** @type {number} */ column) {
    self.cells.forEach((row) => row.forEach((node, c) => node.classList.toggle("lit", c === column)));
  }

  const send = paced((position) => self.send("pin", { position }));
  const placeOf = (/** @type {any} */ event) => event.target.closest?.(".cell")?.dataset.place.split(" ").map(Number);
  const pin = (/** @type {number} */ c) => send(self.header.start + c === self.header.cursor ? null : self.header.start + c);
  grid.addEventListener("pointerover", (/** @type {PointerEvent} */ event) => {
    const place = placeOf(event);
    if (!place) return;
    tell(place);
    announceHover(self.header.start + place[1]);
  });
  grid.addEventListener("pointerleave", () => {
    tell(self.spot);
    announceHover(null);
  });
  grid.addEventListener("click", (/** @type {MouseEvent} */ event) => placeOf(event) && pin(placeOf(event)[1]));
  grid.addEventListener("focusin", (/** @type {FocusEvent} */ event) => {
    self.spot = placeOf(event) ?? null;
    if (self.spot) tell(self.spot);
  });
  grid.addEventListener("focusout", () => (self.spot = null));
  grid.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const [place, way] = [placeOf(event), arrow(event)];
    if (event.key === "Escape" && self.header.cursor !== null) send(null);
    else if (place && way) {
      self.cells[place[0] + way[1]]?.[place[1] + way[0]]?.focus();
      roam();
    } else return;
    event.preventDefault();
  });
  const hush = listenHover((position) => {
    if (!self.header) return;
    const c = position === null ? -1 : position - self.header.start;
    light(c);
    if (!grid.matches(":hover") && !self.spot) tell(c >= 0 && c < columns() ? [depths() - 1, c] : null);
  });

  // The column of the token in question comes into sight.
  function bring(/** @type {number} */ column) {
    const shown = self.cells[0][column];
    const [left, right] = [grid.querySelector(".name").offsetWidth, scroll.clientWidth];
    if (shown && (shown.offsetLeft < scroll.scrollLeft + left || shown.offsetLeft + shown.offsetWidth > scroll.scrollLeft + right))
      scroll.scrollLeft = shown.offsetLeft - (left + right - shown.offsetWidth) / 2;
  }
  function show(/** @type {LensHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
    const moved = self.header?.focus !== header.focus;
    self.header = header;
    self.data = floats(payload);
    draw();
    if (moved && header.cursor !== null) bring(header.focus - header.start); // without a pin it starts at the first column
  }
  return Object.assign(self, { show, destroy: ending(send.cancel, hush, onThemeChange(root, () => self.header && draw())) });
}

export default component(build);
