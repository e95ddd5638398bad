// @ts-check
// Vectors as heat strips: a row for each token, a cell for each number. Hover or walk with the arrows to read one; click pins.
/** @import { StripsHeader } from "../headers.js" */

import { floats } from "../shared/bytes.js";
import { penOn, pictureOf } from "../shared/canvas.js";
import { find } from "../shared/elements.js";
import { announceHover, listenHover } from "../shared/events.js";
import { arrow } from "../shared/keys.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { paced } from "../shared/pace.js";
import { clip } from "../shared/signs.js";
import { THEME, applyTheme, onThemeChange, pixelsOf, ramp } from "../shared/theme.js";

const ROW = 17;

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [canvas, value, bar, low, high] = find(root, "canvas", ".value", ".bar", ".low", ".high");
  const self = { header: /** @type {StripsHeader} */ (/** @type {unknown} */ (null)), numbers: new Float32Array(), cell: /** @type {[number, number] | null} */ (null), lit: /** @type {number | null} */ (null),
    theme: /** @type {import("../shared/theme.js").Theme} */ (/** @type {unknown} */ (null)), table: new Uint32Array(), send: nowhere };
  const gutter = () => (canvas.clientWidth < 500 ? 74 : 96); // for the names
  const margin = () => (canvas.clientWidth < 500 ? 40 : 84); // for the lengths

  function picture() {
    const { labels, width, limit } = self.header;
    const place = (/** @type {number} */ x) => Math.round(255 * Math.min(Math.max((x / limit + 1) / 2, 0), 1));
    return pictureOf(width, labels.length, Uint32Array.from(self.numbers, (x) => self.table[place(x)]));
  }

  function draw() {
    if (!self.header || !canvas.clientWidth) return;
    const { labels, width } = self.header;
    canvas.style.height = `${labels.length * ROW}px`;
    const { pen, width: w, height: h } = penOn(canvas, "", labels.length * ROW);
    pen.imageSmoothingEnabled = false;
    const [left, room] = [gutter(), w - gutter() - margin()];
    pen.drawImage(picture(), left, 0, room, h);
    labels.forEach((label, i) => row(pen, label, i, left, room, w));
    if (!self.cell) return;
    const [r, column] = self.cell;
    pen.strokeStyle = self.theme.text;
    pen.lineWidth = 1.5;
    pen.strokeRect(left + (column * room) / width - 1, r * ROW - 0.5, Math.max(room / width, 3) + 2, ROW);
  }

  // The name and the length of a row, and its frame.
  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {string} label
   * @param {number} i
   * @param {number} left
   * @param {number} room
   * @param {number} end
   */
  function row(pen, label, i, left, room, end) {
    const { norms, cursor } = self.header;
    const [theme, y, marked] = [self.theme, i * ROW, i === cursor || i === self.lit];
    pen.fillStyle = theme.background; // a hair between the rows
    pen.fillRect(left, y + ROW - 1.5, room, 1.5);
    pen.fillStyle = theme.text;
    pen.font = `${marked ? 700 : 500} 12px ${THEME.fonts.code}`;
    pen.textAlign = "right";
    pen.fillText(clip(label, 11), left - 7, y + 12.5);
    pen.fillStyle = theme.roles.token;
    pen.fillRect(left + room + 6, y + 3, ((margin() - 40) * norms[i]) / (Math.max(...norms) || 1), ROW - 7);
    pen.fillStyle = theme.muted;
    pen.font = `11px ${THEME.fonts.text}`;
    pen.fillText(norms[i].toFixed(2), end - 3, y + 12.5);
    if (!marked) return;
    pen.strokeStyle = theme.roles.token;
    pen.lineWidth = i === cursor ? 2 : 1;
    pen.strokeRect(left, y + 0.5, room, ROW - 2);
  }

  function read(/** @type {[number, number] | null} */ cell) {
    self.cell = cell;
    const { labels, width } = self.header;
    value.textContent = cell ? `${labels[cell[0]]}  number ${cell[1] + 1} of ${width}: ${self.numbers[cell[0] * width + cell[1]].toFixed(4)}` : "";
    draw();
  }
  /**
   * @param {MouseEvent} event
   * @returns {[number, number | null] | null} row and column; no column beside the cells
   */
  function at(event) {
    const { labels, width } = self.header;
    const room = canvas.clientWidth - gutter() - margin();
    const column = Math.floor(((event.offsetX - gutter()) / room) * width);
    const row = Math.floor(event.offsetY / ROW);
    return row < 0 || row >= labels.length ? null : [row, column >= 0 && column < width ? column : null];
  }
  const pin = paced((position) => self.send("pin", { position }));
  canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    const cell = at(event);
    announceHover(cell ? cell[0] : null);
    read(cell && cell[1] !== null ? [cell[0], cell[1]] : null);
  });
  canvas.addEventListener("pointerleave", () => {
    announceHover(null);
    read(null);
  });
  canvas.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const cell = at(event);
    if (cell) pin(cell[0] === self.header.cursor ? null : cell[0]);
  });
  canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = arrow(event);
    const { labels, width, cursor } = self.header;
    const [row, column] = self.cell ?? [cursor ?? 0, 0];
    if (event.key === "Enter") pin(row === cursor ? null : row);
    else if (event.key === "Escape" && cursor !== null) pin(null);
    else if (way) read([Math.min(Math.max(row + way[1], 0), labels.length - 1), Math.min(Math.max(column + way[0], 0), width - 1)]);
    else return;
    event.preventDefault();
  });
  const hush = listenHover((position) => {
    if (self.lit === position || !self.header) return;
    self.lit = position;
    draw();
  });
  function recolour() {
    self.theme = applyTheme(root);
    self.table = pixelsOf(self.theme.diverging);
    bar.style.background = ramp(self.theme.diverging);
    const limit = self.header.limit.toPrecision(2);
    low.textContent = `−${limit}`;
    high.textContent = `+${limit}`;
    draw();
  }
  const unwatch = onThemeChange(root, () => self.header && recolour());
  const sizes = new ResizeObserver(draw);
  sizes.observe(canvas.parentElement);
  function show(/** @type {StripsHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
    self.header = header;
    self.numbers = floats(payload);
    self.cell = null;
    canvas.setAttribute("aria-label", header.title);
    recolour();
  }
  return Object.assign(self, { show, destroy: ending(pin.cancel, hush, unwatch, () => sizes.disconnect()) });
}

export default component(build);
