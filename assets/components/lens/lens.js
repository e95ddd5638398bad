// @ts-check
// The logit lens: a row for each depth, a column for each token; a cell shows what the model would say there, how sure it is,
// and the rank of the token that is followed. The numbers are one Float32Array: five tables, depth × tokens.

import { unpack } from "../shared/bytes.js";
import { announceHover, listenHover } from "../shared/events.js";
import { once } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";
import { applyTheme, inkOn, mix, onThemeChange } from "../shared/theme.js";

const TABLES = ["probability", "rank", "followed", "entropy", "divergence"];

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const lens = once(root, () => build(root));
  lens.send = (position) => setTriggerValue("pin", { position });
  const { header, payload } = unpack(data);
  lens.show(header, new Float32Array(payload.buffer, 0, payload.byteLength >> 2));
  return lens.stop;
}

// Short forms for a cell; the sentence below the grid has all digits.
const whole = (p) => (p >= 0.005 ? `${Math.min(Math.round(100 * p), p < 1 ? 99 : 100)}%` : "<1%");
const compact = (n) => (n < 1000 ? String(n) : n < 100000 ? `${(n / 1000).toFixed(n < 9950 ? 1 : 0)}k` : `${Math.round(n / 1000)}k`);

function build(root) {
  const [scroll, grid, status] = [".scroll", ".grid", ".status"].map((name) => root.querySelector(name));
  const self = { header: null, data: null, cells: [], spot: null, send: () => {} };
  const depths = () => self.header.names.length;
  const columns = () => self.header.labels.length;
  const value = (table, row, column) => self.data[(TABLES.indexOf(table) * depths() + row) * columns() + column];
  const top = (row, column) => self.header.words[self.header.tops[row][column]];

  // The coloured quantity between 0 and 1: ranks on a logarithmic scale, nats against the most there can be.
  function share(row, column) {
    const { by, size, most } = self.header;
    const x = value(by, row, column);
    if (by === "rank") return 1 - Math.log(x) / Math.log(size);
    return by === "entropy" ? x / Math.log(size) : by === "divergence" ? x / most : x;
  }

  const made = (tag, kind, text = "") => {
    const node = document.createElement(tag);
    node.className = kind;
    node.textContent = text;
    return node;
  };

  function draw() {
    const theme = applyTheme(root);
    const { labels, names, focus, start, title } = self.header;
    const held = root.activeElement?.dataset?.place;
    grid.style.setProperty("--columns", labels.length);
    grid.setAttribute("aria-label", title);
    const heads = made("div", "row");
    heads.setAttribute("role", "row");
    heads.append(made("span", "name"), ...labels.map((label, c) => made("span", start + c === focus ? "head on" : "head", label)));
    heads.querySelectorAll("span").forEach((node) => node.setAttribute("role", "columnheader"));
    self.cells = names.map((_, r) => labels.map((_, c) => cell(theme, r, c)));
    const rows = names.map((name, r) => {
      const row = made("div", "row");
      row.setAttribute("role", "row");
      const head = made("span", "name", name);
      head.setAttribute("role", "rowheader");
      row.append(head, ...self.cells[r]);
      return row;
    });
    grid.replaceChildren(heads, ...rows);
    legend(theme);
    roam();
    if (held) grid.querySelector(`[data-place="${held}"]`)?.focus({ preventScroll: true });
    tell(self.spot);
  }

  function cell(theme, r, c) {
    const on = self.header.start + c === self.header.focus;
    const node = made("button", `cell${on ? " on" : ""}${r ? "" : " top"}${r === depths() - 1 ? " last" : ""}`);
    node.type = "button";
    node.setAttribute("role", "gridcell");
    node.dataset.place = `${r} ${c}`;
    const colour = mix(theme.sequential, share(r, c));
    node.style.background = `rgb(${colour})`;
    node.style.color = inkOn(colour);
    const [sure, rank] = [whole(value("probability", r, c)), `#${compact(value("rank", r, c))}`];
    node.append(made("b", "", top(r, c)), made("small", "", sure), made("small", "", rank));
    node.setAttribute("aria-label", sentence(r, c));
    return node;
  }

  function sentence(r, c) {
    const { names, labels, answers, start } = self.header;
    const nats = (table) => `${value(table, r, c).toFixed(2)} nats`;
    return (
      `${r ? `After ${names[r]}` : "Before any block"}, at ${labels[c]} (position ${start + c}): it would say ${top(r, c)} with ${percent(value("probability", r, c))}. ` +
      `${answers[c]} has rank ${value("rank", r, c).toLocaleString("en")} and ${percent(value("followed", r, c))}. ` +
      `Entropy ${nats("entropy")}, ${nats("divergence")} from the final answer.`
    );
  }

  function legend(theme) {
    const [low, bar, high, words] = [".low", ".bar", ".high", ".words"].map((name) => root.querySelector(name));
    bar.style.background = `linear-gradient(90deg, ${theme.sequential.join(",")})`;
    [low.textContent, high.textContent] = self.header.ends;
    words.textContent = self.header.note;
  }

  // One cell of the grid is reached with Tab; the arrows go on from there.
  function roam() {
    const [r, c] = self.spot ?? [depths() - 1, Math.min(Math.max(self.header.focus - self.header.start, 0), columns() - 1)];
    self.home = [Math.min(r, depths() - 1), Math.min(c, columns() - 1)];
    self.cells.flat().forEach((node) => (node.tabIndex = node.dataset.place === self.home.join(" ") ? 0 : -1));
  }

  function tell(spot) {
    const { focus, start } = self.header;
    const [r, c] = spot ?? [depths() - 1, Math.min(Math.max(focus - start, 0), columns() - 1)];
    status.textContent = r < depths() && c < columns() ? sentence(r, c) : "";
  }

  function light(column) {
    self.cells.forEach((row) => row.forEach((node, c) => node.classList.toggle("lit", c === column)));
  }

  const send = paced((position) => self.send(position));
  const placeOf = (event) => event.target.closest?.(".cell")?.dataset.place.split(" ").map(Number);
  const pin = (c) => send(self.header.start + c === self.header.cursor ? null : self.header.start + c);
  grid.addEventListener("pointerover", (event) => {
    const place = placeOf(event);
    if (!place) return;
    tell(place);
    announceHover(self.header.start + place[1]);
  });
  grid.addEventListener("pointerleave", () => {
    tell(self.spot);
    announceHover(null);
  });
  grid.addEventListener("click", (event) => placeOf(event) && pin(placeOf(event)[1]));
  grid.addEventListener("focusin", (event) => {
    self.spot = placeOf(event) ?? null;
    if (self.spot) tell(self.spot);
  });
  grid.addEventListener("focusout", () => (self.spot = null));
  grid.addEventListener("keydown", (event) => {
    const place = placeOf(event);
    const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (event.key === "Escape" && self.header.cursor !== null) send(null);
    else if (place && move) {
      const next = self.cells[place[0] + move[0]]?.[place[1] + move[1]];
      next?.focus();
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
  const unwatch = onThemeChange(root, () => self.header && draw());
  self.show = (header, data) => {
    const moved = self.header?.focus !== header.focus;
    self.header = header;
    self.data = data;
    draw();
    if (moved) {
      const shown = self.cells[0][header.focus - header.start];
      const [left, right] = [grid.querySelector(".name").offsetWidth, scroll.clientWidth];
      if (shown && (shown.offsetLeft < scroll.scrollLeft + left || shown.offsetLeft + shown.offsetWidth > scroll.scrollLeft + right))
        scroll.scrollLeft = shown.offsetLeft - (left + right - shown.offsetWidth) / 2;
    }
  };
  self.destroy = () => {
    send.cancel();
    hush();
    unwatch();
  };
  return self;
}
