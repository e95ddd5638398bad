// @ts-check
// The parts of the model as a grid of switches: each shows what switching it off does, and a press does it.

import { unpack } from "../shared/bytes.js";
import { once } from "../shared/mount.js";
import { applyTheme, inkOn, mix, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const parts = once(root, () => build(root));
  parts.send = (id) => setTriggerValue("press", { id });
  parts.show(unpack(data).header);
  return parts.stop;
}

function build(root) {
  const grid = root.querySelector(".grid");
  const said = root.querySelector(".said");
  const self = { header: null, send: () => {}, focus: [0, 0] };
  const signed = (x) => (x < 0 ? "−" : "+") + Math.abs(x).toFixed(Math.abs(x) < 9.95 ? 2 : 1);
  const cells = () => [...grid.children].map((row) => [...row.querySelectorAll("button")]);
  const cellOf = (button) => self.header.rows[button.dataset.row].cells[button.dataset.cell];

  function describe(cell) {
    const effect = cell.effect === null ? "" : `: ${self.header.base.toFixed(2)} → ${(self.header.base + cell.effect).toFixed(2)} nats a token (${signed(cell.effect)})`;
    return `${cell.words}, ${self.header.how}${effect}`;
  }

  function draw() {
    const theme = applyTheme(root);
    const { rows, limit, name } = self.header;
    grid.replaceChildren(
      ...rows.map((row, r) => {
        const line = document.createElement("div");
        line.className = "row";
        line.style.setProperty("--cells", row.cells.length);
        const label = document.createElement("div");
        label.className = "label";
        label.textContent = matchMedia("(max-width: 480px)").matches ? row.short : row.name;
        line.append(label, ...row.cells.map((cell, c) => button(cell, r, c, theme, limit)));
        return line;
      }),
    );
    root.querySelector(".low").textContent = signed(-limit);
    root.querySelector(".high").textContent = signed(limit);
    root.querySelector(".name").textContent = name;
    root.querySelector(".bar").style.background = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map((t) => `rgb(${mix(scaled(theme), t)})`).join(",")})`;
    rove();
  }

  // More loss is orange, less is blue: the palette's diverging scale the other way round.
  const scaled = (theme) => [...theme.diverging].reverse();

  function button(cell, r, c, theme, limit) {
    const made = document.createElement("button");
    made.type = "button";
    made.dataset.row = r;
    made.dataset.cell = c;
    made.className = cell.wide ? "wide" : "";
    const [title, number] = [document.createElement("b"), document.createElement("span")];
    title.textContent = cell.label;
    number.textContent = cell.effect === null ? "" : signed(cell.effect);
    made.append(title, number);
    const share = cell.effect === null ? 0 : Math.sign(cell.effect) * Math.sqrt(Math.min(Math.abs(cell.effect) / limit, 1));
    const colour = mix(scaled(theme), 0.5 + 0.5 * share);
    made.style.background = `rgb(${colour})`;
    made.style.color = inkOn(colour);
    made.setAttribute("aria-pressed", cell.on);
    made.setAttribute("aria-label", describe(cell));
    return made;
  }

  function rove() {
    const all = cells();
    self.focus = [Math.min(self.focus[0], all.length - 1), Math.min(self.focus[1], all[0].length - 1)];
    all.forEach((row, r) => row.forEach((one, c) => (one.tabIndex = r === self.focus[0] && c === self.focus[1] ? 0 : -1)));
  }

  const speak = (button) => (said.textContent = button ? describe(cellOf(button)) : self.header.hint);
  const buttonOf = (event) => event.target.closest?.("button");
  grid.addEventListener("pointerover", (event) => buttonOf(event) && speak(buttonOf(event)));
  grid.addEventListener("pointerleave", () => speak(null));
  grid.addEventListener("focusin", (event) => {
    self.focus = [Number(buttonOf(event).dataset.row), Number(buttonOf(event).dataset.cell)];
    rove();
    speak(buttonOf(event));
  });
  grid.addEventListener("focusout", () => speak(null));
  grid.addEventListener("click", (event) => {
    const button = buttonOf(event);
    if (!button) return;
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true"); // at once; the server confirms
    self.send(cellOf(button).id);
  });
  grid.addEventListener("keydown", (event) => {
    const [dr, dc] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] || [];
    if (dr === undefined) return;
    event.preventDefault();
    cells()[self.focus[0] + dr]?.[self.focus[1] + dc]?.focus();
  });

  const unwatch = onThemeChange(root, () => self.header && draw());
  self.show = (header) => {
    const focused = grid.contains(root.activeElement ?? document.activeElement);
    self.header = header;
    grid.setAttribute("aria-label", header.title);
    draw();
    if (focused) cells()[self.focus[0]]?.[self.focus[1]]?.focus();
    else speak(null);
  };
  self.destroy = unwatch;
  return self;
}
