// @ts-check
// The stages of one token's attention: q · k, scale, mask, softmax, weights × values, z. Each cell tells what it was made from.

/** @import { AttentionStagesHeader } from "../headers.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @typedef {ReturnType<typeof compute>} Stages */
/** @typedef {{ row: number | "sum", column: number, j: number }} Cell `j`: the number of a vector */
/** @typedef {[string, (string | number)[]]} Inputs a row of the table below: its name, then its cells */

import { linkedStore } from "../heads/store.js";
import { penOn } from "../shared/canvas.js";
import { element, find } from "../shared/elements.js";
import { announceHover } from "../shared/events.js";
import { arrow } from "../shared/keys.js";
import { component, ending, focusedIn } from "../shared/mount.js";
import { minus, percent } from "../shared/numbers.js";
import { clip } from "../shared/signs.js";
import { THEME, applyTheme, inkOn, mix, onThemeChange } from "../shared/theme.js";
import { compute } from "./softmax.js";

const ROW = 22; // pixels of a key's row
const STRIP = 6; // the column of weight × value
const COLUMNS = [
  ["", "token", "Every token of the text: each made an offer, its key k, and holds a value v."],
  ["1  q · k", "does it fit?", "The question q of the token in question times each token's offer k, number by number, added up."],
  ["2  ÷ √n", "scale", "Divided by the square root of how many numbers a head's vectors have, so that sums of more numbers are not larger."],
  ["3  mask", "not ahead", "What comes after the token in question is set to minus infinity: it will get no weight."],
  ["4  e^(s−max)", "above zero", "e to the power of each score; the largest score is taken off first, which changes no share."],
  ["5  ÷ sum", "weight", "Divided by the sum of column 4: shares that add up to 100 %. Stages 4 and 5 together are the softmax."],
  ["6  weight × v, added up: z", "what is read", "Each token's value v times its weight. The sum of each column below is z, what the head has read."],
];

function number(/** @type {number} */ x) {
  if (x === -Infinity) return "−∞";
  const size = Math.abs(x);
  const shown = size >= 100 ? x.toFixed(1) : size >= 0.01 || size === 0 ? x.toFixed(2) : x.toPrecision(1);
  return minus(shown);
}
const exact = (/** @type {number} */ x) => minus(x.toFixed(Math.abs(x) < 0.1 ? 4 : 3));

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [body, sums, scroll, spacer, columns, heading, check, what, formulaOf, table, wide] =
    find(root, ".body", ".sums", ".scroll", ".spacer", ".columns", ".title", ".check", ".what", ".formula", "table", ".wide");
  const store = linkedStore;
  const self = {
    t: /** @type {Stages} */ (/** @type {unknown} */ (null)), cell: /** @type {Cell | null} */ (null), theme: /** @type {Theme} */ (/** @type {unknown} */ (null)), headed: "",
    unit: 0, reach: 1,
  };
  const label = (/** @type {number} */ i) => store.header.labels[i];
  const code = (/** @type {number} */ i) => element("code", {}, label(i));

  // Left edges of the seven columns and the right end, in CSS pixels.
  function edges() {
    const width = body.clientWidth;
    const [token, strip] = [width > 800 ? 130 : 100, Math.max(0.32 * width, 200)];
    const step = (width - token - strip) / 5;
    return [0, ...Array.from({ length: 6 }, (_, i) => token + i * step), width - 8];
  }

  /** @param {HTMLCanvasElement} canvas @param {number} height */
  function penOf(canvas, height) {
    const { pen } = penOn(canvas, `12px ${THEME.fonts.code}`, height);
    pen.textBaseline = "middle";
    return pen;
  }

  function head() {
    const x = edges();
    const wanted = `${x} ${self.t.size}`;
    if (self.headed === wanted) return;
    self.headed = wanted;
    columns.style.gridTemplateColumns = x.slice(1).map((end, i) => `${end - x[i]}px`).join(" ");
    columns.replaceChildren(
      ...COLUMNS.map(([formula, name, words]) => {
        const symbols = formula.replace("√n", `√${self.t.size}`) || "\u00a0";
        return element("div", { title: words }, element("b", {}, symbols), element("span", {}, name));
      }),
    );
  }

  function rows() {
    const { t, theme } = self;
    const height = scroll.clientHeight;
    body.style.height = `${height}px`;
    const [p, x, top] = [penOf(body, height), edges(), scroll.scrollTop];
    const reach = Math.max(...t.scaled.slice(0, t.query + 1).map(Math.abs), 1e-9);
    for (let k = Math.floor(top / ROW); k < t.length && k * ROW - top < height; k++) {
      const [y, later] = [k * ROW - top, k > t.query];
      if (k === t.query) {
        p.fillStyle = theme.surface;
        p.fillRect(0, y, x[7] + 8, ROW);
      }
      p.fillStyle = later ? theme.muted : k === t.query ? theme.roles.attention : theme.text;
      p.globalAlpha = later ? 0.55 : 1;
      p.textAlign = "left";
      p.fillText(clip(label(k), Math.floor((x[1] - 14) / 7.4)), 10, y + ROW / 2);
      p.textAlign = "right";
      [t.dots[k], t.scaled[k], t.masked[k], t.parts[k], t.weights[k]].forEach((value, i) => {
        const [left, right] = [x[i + 1], x[i + 2]];
        const colour = mix(theme.diverging, 0.5 + (0.4 * (i ? value : value / Math.sqrt(t.size))) / reach);
        if (!later && i < 3) {
          p.fillStyle = `rgb(${colour})`;
          p.fillRect(left + 4, y + 1, right - left - 6, ROW - 2);
        } else if (!later) {
          p.globalAlpha = 0.3;
          p.fillStyle = theme.roles.attention;
          p.fillRect(left + 4, y + 2, (right - left - 6) * value, ROW - 4);
          p.globalAlpha = 1;
        }
        p.fillStyle = later ? theme.muted : i < 3 ? inkOn(colour) : theme.text;
        p.fillText(i === 4 ? percent(value) : number(value), right - 8, y + ROW / 2);
      });
      if (!later) strip(p, t.at("v", k), t.weights[k], y);
      p.globalAlpha = 1;
      mark(p, k, y, ROW);
    }
  }

  // One number a cell: `scale` × values, coloured by sign and size.
  /**
   * @param {CanvasRenderingContext2D} p
   * @param {Float32Array | number[]} values
   * @param {number} scale
   * @param {number} y
   */
  function strip(p, values, scale, y) {
    const [x, unit] = [edges()[STRIP], self.unit];
    values.forEach((value, j) => {
      p.fillStyle = `rgb(${mix(self.theme.diverging, 0.5 + (0.5 * value * scale) / self.reach)})`;
      p.fillRect(x + 8 + j * unit, y + 2, unit + 0.3, ROW - 4);
    });
  }

  /**
   * @param {CanvasRenderingContext2D} p
   * @param {number | "sum"} row
   * @param {number} y
   * @param {number} height
   */
  function mark(p, row, y, height) {
    const { cell } = self;
    if (cell?.row !== row) return;
    const x = edges();
    p.strokeStyle = self.theme.text;
    p.lineWidth = 1.5;
    if (cell.column < STRIP) p.strokeRect(x[cell.column] + 3, y + 1, x[cell.column + 1] - x[cell.column] - 4, height - 2);
    else p.strokeRect(x[STRIP] + 8 + cell.j * self.unit, y + 1, self.unit, height - 2);
  }

  function foot() {
    const { t, theme } = self;
    const [p, x] = [penOf(sums, 34), edges()];
    p.fillStyle = theme.text;
    p.fillText("sum", 10, 17);
    p.textAlign = "right";
    p.fillText(number(t.total), x[5] - 8, 17);
    p.fillText(percent(Number(t.weights.reduce((a, b) => a + b, 0).toFixed(9))), x[6] - 8, 17);
    p.textAlign = "left";
    strip(p, t.z, 1, 6);
    mark(p, "sum", 4, 26);
  }

  // ---- what a cell was made from ----

  function explain() {
    const { t } = self;
    const strongest = t.weights.indexOf(Math.max(...t.weights));
    const { row, column, j } = self.cell ?? { row: strongest, column: 1, j: 0 };
    const root8 = `√${t.size}`;
    /** @param {(Node | string)[]} words @param {string} formula @param {Inputs[]} [inputs] */
    const say = (words, formula, inputs = []) => {
      what.replaceChildren(...words);
      formulaOf.textContent = formula;
      fill(inputs);
    };
    if (row === "sum") {
      if (column < STRIP)
        return say(["The sums"], `column 4 adds up to ${exact(t.total)}; divided by it, column 5 adds up to 100 %`);
      const read = Array.from({ length: t.query + 1 }, (_, k) => k);
      const values = read.map((k) => t.at("v", k)[j]);
      return say([`z[${j}], number ${j} of what `, code(t.query), " has read"], `Σ weight × v[${j}] = ${exact(t.z[j])}`, [
        ["token", read.map((k) => clip(label(k), 8))],
        ["weight", read.map((k) => percent(t.weights[k]))],
        [`v[${j}]`, values],
        ["product", values.map((v, k) => v * t.weights[k])],
      ]);
    }
    const [dot, scaled, masked, part] = [t.dots[row], t.scaled[row], t.masked[row], t.parts[row]].map(exact);
    const names = [code(t.query), " looks at ", code(row)];
    if (column === 1) {
      const products = Array.from(t.q, (x, i) => x * t.at("k", row)[i]);
      return say(names, `q · k = the ${t.size} products added up = ${dot}`, [
        [`q of ${clip(label(t.query), 12)}`, [...t.q]],
        [`k of ${clip(label(row), 12)}`, [...t.at("k", row)]],
        ["product", products],
      ]);
    }
    if (column === 2) return say(names, `${dot} ÷ ${root8} = ${dot} ÷ ${exact(Math.sqrt(t.size))} = ${scaled}`);
    if (column === 3)
      return row > t.query
        ? say(names, `token ${row} comes after token ${t.query}: ${scaled} becomes −∞`)
        : say(names, `token ${row} does not come after token ${t.query}: ${scaled} stays`);
    const later = row > t.query;
    if (column === 4) {
      const power = later ? "−∞" : exact(t.masked[row] - t.most);
      return say(names, `e^(${later ? "−∞" : masked} − ${exact(t.most)}) = e^(${power}) = ${part}; ${exact(t.most)} is the largest score`);
    }
    if (column === 5) return say(names, `${part} ÷ ${exact(t.total)} = ${percent(t.weights[row])}`);
    const v = t.at("v", row)[j];
    return say(
      [`number ${j} of the value of `, code(row)],
      later ? "masked: nothing of it is read" : `${t.weights[row].toPrecision(4)} × ${exact(v)} = ${(t.weights[row] * v).toPrecision(3).replace("-", "−")}`,
    );
  }

  function fill(/** @type {Inputs[]} */ inputs) {
    const numbers = inputs.flatMap(([, values]) => values.filter((v) => typeof v === "number").map(Math.abs));
    const reach = Math.max(...numbers, 1e-9);
    table.parentElement.tabIndex = inputs.length ? 0 : -1; // it may be wider than the page
    table.replaceChildren(
      ...inputs.map(([name, values]) => {
        const cells = values.map((value) => {
          if (typeof value !== "number") return element("td", {}, value);
          const colour = mix(self.theme.diverging, 0.5 + (0.4 * value) / reach);
          return element("td", { style: { background: `rgb(${colour})`, color: inkOn(colour) } }, exact(value));
        });
        return element("tr", {}, element("th", {}, name), ...cells);
      }),
    );
  }

  function draw() {
    if (!store.whole() || !body.clientWidth) return;
    self.theme ??= applyTheme(root);
    const before = self.t?.query;
    const t = (self.t = compute(store, ...store.main(), Math.min(store.query(), store.header.length - 1)));
    self.unit = (edges()[7] - edges()[STRIP] - 10) / t.size;
    self.reach = Math.max(...t.z.map(Math.abs), ...t.weights.map((w, k) => w * Math.max(...t.at("v", k).map(Math.abs))), 1e-9);
    if (self.cell && self.cell.row !== "sum" && self.cell.row >= t.length) self.cell = null;
    spacer.style.height = `${t.length * ROW}px`;
    if (before !== t.query) scroll.scrollTop = Math.max((t.query + 2) * ROW - scroll.clientHeight, 0);
    heading.replaceChildren(code(t.query), ` (token ${t.query}) in layer ${t.layer}, head ${t.head}, number by number`);
    head();
    paint();
    const [weights, z] = t.errors.map((error) => error.toExponential(0));
    check.textContent =
      Math.max(...t.errors) < 1e-3
        ? `Checked: these weights differ from the model's own by at most ${weights}, z by at most ${z} (rounding).`
        : `The model's own weights differ by ${weights}, its z by ${z}: something that is on changes them after these stages.`;
    body.setAttribute("aria-label", `The stages of attention for token ${t.query}, a row for each token. Arrow keys walk the cells.`);
  }

  function paint() {
    rows();
    foot();
    explain();
  }

  // ---- the hand ----

  function columnAt(/** @type {number} */ x) {
    const ends = edges();
    const column = Math.min(Math.max(ends.findIndex((edge, i) => i && x < edge) - 1, 1), STRIP);
    const found = x >= ends[STRIP] ? STRIP : column;
    return { column: found, j: Math.min(Math.max(Math.floor((x - ends[STRIP] - 8) / self.unit), 0), self.t.size - 1) };
  }
  function point(/** @type {Cell | null} */ cell) {
    if (JSON.stringify(cell) === JSON.stringify(self.cell)) return;
    self.cell = cell;
    announceHover(cell && cell.row !== "sum" ? cell.row : null);
    paint();
  }
  const hold = (/** @type {boolean} */ on) => store.read(self, on);
  body.addEventListener("pointerenter", () => hold(true));
  body.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    const row = Math.floor((event.offsetY + scroll.scrollTop) / ROW);
    if (self.t && row < self.t.length) point({ row, ...columnAt(event.offsetX) });
  });
  body.addEventListener("pointerleave", () => {
    if (focusedIn(root) === body) return; // the keys go on from the cell that was pointed at
    announceHover(null);
    hold(false);
  });
  sums.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => self.t && point({ row: "sum", ...columnAt(event.offsetX) }));
  scroll.addEventListener("scroll", () => self.t && rows());
  body.addEventListener("focus", () => hold(true));
  body.addEventListener("blur", () => {
    announceHover(null);
    hold(false);
  });
  body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = arrow(event);
    if (!way || !self.t) return;
    event.preventDefault();
    const { length, size, query } = self.t;
    const { row, column, j } = self.cell ?? { row: query, column: 1, j: 0 };
    const down = (row === "sum" ? length : row) + way[1];
    /** @type {Cell} */
    const to = { row: down >= length ? "sum" : Math.max(down, 0), column, j };
    if (column === STRIP && way[0] && j + way[0] >= 0) to.j = Math.min(j + way[0], size - 1);
    else to.column = Math.min(Math.max(column + way[0], 1), STRIP);
    if (to.row !== "sum") {
      const low = (to.row + 1) * ROW - scroll.clientHeight;
      scroll.scrollTop = Math.min(Math.max(scroll.scrollTop, low), to.row * ROW);
    }
    point(to);
  });

  const unwatch = onThemeChange(root, () => {
    self.theme = applyTheme(root);
    draw();
  });
  const sizes = new ResizeObserver(draw);
  sizes.observe(wide);
  const hush = store.subscribe(draw);
  /** @param {AttentionStagesHeader} header @param {Uint8Array<ArrayBuffer>} payload */
  const show = (header, payload) => store.set({ made: { ...header, numbers: new Float32Array(payload.buffer) } });
  return Object.assign(self, { show, destroy: ending(() => hold(false), hush, unwatch, () => sizes.disconnect()) });
}

export default component(build);
