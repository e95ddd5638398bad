// @ts-check
// Vectors as heat strips: a row for each token, a cell for each number. Hover or walk with the arrows to read one; click pins.

import { unpack } from "../shared/bytes.js";
import { announceHover, listenHover } from "../shared/events.js";
import { once } from "../shared/mount.js";
import { paced } from "../shared/pace.js";
import { THEME, applyTheme, mix, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const strips = once(root, () => build(root));
  strips.send = (position) => setTriggerValue("pin", { position });
  const { header, payload } = unpack(data);
  strips.show(header, new Float32Array(payload.buffer, 0, payload.byteLength >> 2));
  return strips.stop;
}

const ROW = 17;

function build(root) {
  const $ = (selector) => root.querySelector(selector);
  const [canvas, value] = ["canvas", ".value"].map($);
  const self = { header: null, numbers: null, cell: null, lit: null, send: () => {} };
  const gutter = () => (canvas.clientWidth < 500 ? 74 : 96); // for the names
  const margin = () => (canvas.clientWidth < 500 ? 40 : 84); // for the lengths

  function draw() {
    if (!self.header || !canvas.clientWidth) return;
    const { labels, width, limit, norms, cursor } = self.header;
    const theme = self.theme;
    const scale = globalThis.devicePixelRatio || 1;
    canvas.style.height = `${labels.length * ROW}px`;
    const [w, h] = [canvas.clientWidth, labels.length * ROW];
    canvas.width = Math.round(w * scale);
    canvas.height = Math.round(h * scale);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    const picture = new ImageData(width, labels.length);
    for (let i = 0; i < labels.length * width; i++)
      picture.data.set(self.table[Math.round(255 * Math.min(Math.max((self.numbers[i] / limit + 1) / 2, 0), 1))], 4 * i);
    const small = document.createElement("canvas");
    [small.width, small.height] = [width, labels.length];
    small.getContext("2d").putImageData(picture, 0, 0);
    const [left, room] = [gutter(), w - gutter() - margin()];
    pen.drawImage(small, left, 0, room, h);
    const longest = Math.max(...norms);
    labels.forEach((label, i) => {
      const y = i * ROW;
      pen.fillStyle = theme.background; // a hair between the rows
      pen.fillRect(left, y + ROW - 1.5, room, 1.5);
      const marked = i === cursor || i === self.lit;
      pen.fillStyle = theme.text;
      pen.font = `${marked ? 700 : 500} 12px ${THEME.fonts.code}`;
      pen.textAlign = "right";
      pen.fillText(label.length > 11 ? `${label.slice(0, 10)}…` : label, left - 7, y + 12.5);
      pen.fillStyle = theme.roles.token;
      pen.fillRect(left + room + 6, y + 3, ((margin() - 40) * norms[i]) / longest, ROW - 7);
      pen.fillStyle = theme.muted;
      pen.font = `11px ${THEME.fonts.text}`;
      pen.fillText(norms[i].toFixed(2), w - 3, y + 12.5);
      if (marked) {
        pen.strokeStyle = theme.roles.token;
        pen.lineWidth = i === cursor ? 2 : 1;
        pen.strokeRect(left, y + 0.5, room, ROW - 2);
      }
    });
    if (self.cell) {
      const [row, column] = self.cell;
      pen.strokeStyle = theme.text;
      pen.lineWidth = 1.5;
      pen.strokeRect(left + (column * room) / width - 1, row * ROW - 0.5, Math.max(room / width, 3) + 2, ROW);
    }
  }

  function read(cell) {
    self.cell = cell;
    const { labels, width } = self.header;
    value.textContent = cell ? `${labels[cell[0]]}  number ${cell[1] + 1} of ${width}: ${self.numbers[cell[0] * width + cell[1]].toFixed(4)}` : "";
    draw();
  }
  function at(event) {
    const { labels, width } = self.header;
    const room = canvas.clientWidth - gutter() - margin();
    const column = Math.floor(((event.offsetX - gutter()) / room) * width);
    const row = Math.floor(event.offsetY / ROW);
    return row < 0 || row >= labels.length ? null : [row, column >= 0 && column < width ? column : null];
  }
  const pin = paced((row) => self.send(row));
  canvas.addEventListener("pointermove", (event) => {
    const cell = at(event);
    announceHover(cell ? cell[0] : null);
    read(cell && cell[1] !== null ? cell : null);
  });
  canvas.addEventListener("pointerleave", () => {
    announceHover(null);
    read(null);
  });
  canvas.addEventListener("click", (event) => {
    const cell = at(event);
    if (cell) pin(cell[0] === self.header.cursor ? null : cell[0]);
  });
  canvas.addEventListener("keydown", (event) => {
    const way = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const { labels, width, cursor } = self.header;
    const [row, column] = self.cell ?? [cursor ?? 0, 0];
    if (event.key === "Enter") pin(row === cursor ? null : row);
    else if (event.key === "Escape" && cursor !== null) pin(null);
    else if (way) read([Math.min(Math.max(row + way[0], 0), labels.length - 1), Math.min(Math.max(column + way[1], 0), width - 1)]);
    else return;
    event.preventDefault();
  });
  const hush = listenHover((position) => {
    if (self.lit === position || !self.header) return;
    self.lit = position;
    draw();
  });
  function recolour() {
    const theme = (self.theme = applyTheme(root));
    self.table = Array.from({ length: 256 }, (_, i) => [...mix(theme.diverging, i / 255), 255]);
    $(".bar").style.background = `linear-gradient(90deg, ${theme.diverging.join(",")})`;
    const limit = self.header.limit.toPrecision(2);
    $(".low").textContent = `−${limit}`;
    $(".high").textContent = `+${limit}`;
    draw();
  }
  const unwatch = onThemeChange(root, () => self.header && recolour());
  const sizes = new ResizeObserver(draw);
  sizes.observe(canvas.parentElement);
  self.show = (header, numbers) => {
    self.header = header;
    self.numbers = numbers;
    self.cell = null;
    canvas.setAttribute("aria-label", header.title);
    recolour();
  };
  self.destroy = () => {
    pin.cancel();
    hush();
    unwatch();
    sizes.disconnect();
  };
  return self;
}
