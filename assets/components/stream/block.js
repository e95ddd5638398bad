// @ts-check
// An opened block of the residual stream: its tensors as heat strips, and what the cell pointed at is. stream.js says what
// `self` holds; `tools` are its ways to read the array: cell(name, position, index), label(position), spot().

import { percent } from "../shared/numbers.js";

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  const made = ["svg", "path", "line", "rect", "circle", "text", "g"].includes(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A number as the readout says it: three decimals, a true minus.
function written(x) {
  if (!Number.isFinite(x)) return x < 0 ? "−∞" : String(x);
  const text = x !== 0 && Math.abs(x) < 0.0005 ? x.toExponential(1) : x.toFixed(3);
  return text.replaceAll("-", "−");
}

export function openedBlock(self, { flow, cell, label, spot }) {
  function open(made) {
    const detail = el("div", { class: "detail", role: "region", "aria-label": `Inside block ${self.header.opened}` });
    detail.style.width = `${self.seen}px`;
    const strips = el("div", { class: "strips" });
    self.readout = el("div", { class: "readout" });
    detail.append(strips, self.readout);
    made.node.after(detail);
    for (const [title, role, lines] of self.header.parts) {
      const part = el("div", { class: "part" });
      part.style.setProperty("--part", `var(--gb-${role})`);
      const heading = el("h4");
      heading.textContent = title;
      part.append(heading);
      strips.append(part);
      for (const names of lines) {
        const line = el("div", { class: "line" });
        part.append(line);
        for (const name of names) line.append(tensor(name));
      }
    }
    for (const strip of self.strips) size(strip);
    seen.disconnect();
    seen.observe(strips);
  }

  function refresh() {
    for (const strip of self.strips) paint(strip);
    readout();
  }

  // On a narrow window the readout stands at its lower edge, as long as the strips are in sight.
  const seen = new IntersectionObserver(([entry]) => self.readout?.classList.toggle("away", !entry.isIntersecting));

  function tensor(name) {
    const spec = self.header.tensors[name];
    const shape = self.header.arrays[name][1];
    const [heads, count] = shape.length === 3 ? [shape[1], shape[2]] : [0, shape[1]];
    const node = el("div", { class: "strip", tabindex: 0, role: "group", "data-name": name });
    node.setAttribute("aria-label", `${name}, ${spec.words}: ${heads ? `${heads} heads of ` : ""}${count} numbers. Arrow keys walk, Enter keeps a cell.`);
    const canvas = el("canvas", { "aria-hidden": "true" });
    const [mark, kept] = [el("div", { class: "mark", hidden: "" }), el("div", { class: "mark kept", hidden: "" })];
    node.append(canvas, kept, mark);
    const [code, words, range] = [el("code"), el("span", { class: "words" }), el("span", { class: "range" })];
    code.textContent = name;
    words.textContent = spec.words;
    const box = el("div", { class: "tensor" }, el("div", {}, code, words, range), node);
    if (spec.least) box.style.setProperty("--least", `${spec.least}px`);
    const strip = { name, spec, heads, count, node, canvas, mark, kept, range, place: null };
    self.strips.push(strip);
    node.addEventListener("pointermove", (event) => choose(strip, under(strip, event)));
    node.addEventListener("pointerleave", () => choose(null));
    node.addEventListener("focus", () => node.matches(":focus-visible") && choose(strip, self.cell?.strip === strip ? self.cell.index : first(strip)));
    node.addEventListener("blur", () => choose(null));
    node.addEventListener("click", (event) => hold(strip, under(strip, event)));
    node.addEventListener("keydown", (event) => step(event, strip));
    return box;
  }

  // How many rows and columns of cells: a row for each head, or as many as keep a cell three pixels wide.
  function size(strip) {
    const room = Math.max(60, strip.node.clientWidth);
    strip.rows = strip.heads || Math.ceil((3 * strip.count) / room);
    strip.columns = strip.heads ? strip.count : Math.ceil(strip.count / strip.rows);
    strip.canvas.width = strip.columns;
    strip.canvas.height = strip.rows;
    strip.node.style.setProperty("--tall", `${strip.rows === 1 ? 16 : strip.rows * (strip.heads ? 10 : 9)}px`);
  }

  const first = (strip) => (strip.heads ? [0, 0] : [0]);
  const indexAt = (strip, r, c) => (strip.heads ? [r, c] : [r * strip.columns + c]);
  const placeOf = (strip, index) =>
    strip.heads ? index : [Math.floor(index[0] / strip.columns), index[0] % strip.columns];
  const exists = (strip, index) => index.every((i) => i >= 0) && (strip.heads ? index[0] < strip.heads && index[1] < strip.count : index[0] < strip.count);
  const masked = (strip, index, position) => strip.spec.keys && index[1] > position;

  function under(strip, event) {
    const box = strip.canvas.getBoundingClientRect();
    const r = Math.floor(((event.clientY - box.top) / box.height) * strip.rows);
    const c = Math.floor(((event.clientX - box.left) / box.width) * strip.columns);
    const index = indexAt(strip, Math.min(Math.max(r, 0), strip.rows - 1), Math.min(Math.max(c, 0), strip.columns - 1));
    return exists(strip, index) ? index : null;
  }

  function paint(strip) {
    const position = spot();
    const image = new ImageData(strip.columns, strip.rows);
    let limit = strip.spec.shares ? 1 : 0;
    const cells = [];
    for (let r = 0; r < strip.rows; r++)
      for (let c = 0; c < strip.columns; c++) {
        const index = indexAt(strip, r, c);
        if (!exists(strip, index) || masked(strip, index, position)) continue;
        const value = cell(strip.name, position, index);
        if (!strip.spec.shares) limit = Math.max(limit, Math.abs(value));
        cells.push([4 * (r * strip.columns + c), value]);
      }
    const table = self.tables[strip.spec.shares ? "sequential" : "diverging"];
    for (const [at, value] of cells) {
      const t = strip.spec.shares ? value : 0.5 + (0.5 * value) / (limit || 1);
      image.data.set([...table[Math.round(255 * t)], 255], at);
    }
    strip.canvas.getContext("2d").putImageData(image, 0, 0);
    strip.range.textContent = strip.spec.shares ? "0 to 100 %" : `±${limit.toPrecision(3)}`;
    const keptHere = self.header.cell?.name === strip.name && exists(strip, self.header.cell.index);
    outline(strip, strip.kept, keptHere ? self.header.cell.index : null);
  }

  function outline(strip, mark, index) {
    mark.hidden = !index;
    if (!index) return;
    const [r, c] = placeOf(strip, index);
    const box = [c / strip.columns, r / strip.rows, 1 / strip.columns, 1 / strip.rows].map((x) => 100 * x);
    mark.style.cssText = `left:calc(${box[0]}% - 2px);top:calc(${box[1]}% - 2px);width:calc(${box[2]}% + 4px);height:calc(${box[3]}% + 4px)`;
  }

  function choose(strip, index = null) {
    self.cell = strip && index ? { strip, index } : null;
    for (const other of self.strips) outline(other, other.mark, other === strip ? index : null);
    readout();
  }

  function hold(strip, index) {
    if (!index || masked(strip, index, spot())) return;
    const kept = self.header.cell;
    const same = kept?.name === strip.name && String(kept.index) === String(index);
    self.header.cell = same ? null : { name: strip.name, index };
    for (const other of self.strips) paint(other);
    self.send("cell", { name: same ? "" : strip.name, index });
  }

  function step(event, strip) {
    const index = self.cell?.strip === strip ? self.cell.index : first(strip);
    const [r, c] = placeOf(strip, index);
    const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (event.key === "Enter" || event.key === " ") hold(strip, index);
    else if (event.key === "Escape") {
      if (self.header.cell) self.send("cell", { name: "", index });
      else self.send("open", { layer: null });
      flow.querySelector(`[data-layer="${self.header.opened}"]`)?.focus();
    } else if (move) {
      const [nr, nc] = [r + move[0], c + move[1]];
      const next = indexAt(strip, nr, nc);
      if (nr >= 0 && nr < strip.rows && nc >= 0 && nc < strip.columns && exists(strip, next)) choose(strip, next);
      else if (move[0]) self.strips[self.strips.indexOf(strip) + move[0]]?.node.focus();
    } else return;
    event.preventDefault();
  }

  // ---- what a cell is ----
  function readout() {
    if (self.header?.opened === null || !self.strips.length) return;
    const kept = self.header.cell && self.strips.find((s) => s.name === self.header.cell.name);
    const shown = self.cell ?? (kept && exists(kept, self.header.cell.index) ? { strip: kept, index: self.header.cell.index } : null);
    for (const strip of self.strips) strip.node.classList.toggle("source", Boolean(shown?.strip.spec.reads.includes(strip.name)));
    const title = el("h5");
    self.readout.classList.toggle("empty", !shown);
    if (!shown) {
      title.textContent = `Inside block ${self.header.opened}`;
      const hint = el("p");
      hint.textContent =
        "Each line of cells is a tensor at the chosen token: blue positive, orange negative, blank near zero. " +
        "Point at a cell for its value, formula and inputs; click it for the whole arithmetic. " +
        "Keyboard: Tab to a strip, arrow keys to walk, Enter to keep a cell, Escape to leave.";
      return self.readout.replaceChildren(title, hint);
    }
    const { strip, index } = shown;
    const position = spot();
    const value = el("div", { class: "value" });
    const off = masked(strip, index, position);
    title.textContent = `${strip.name} [${index.join(", ")}]`;
    value.textContent = off ? "masked" : strip.spec.shares ? percent(cell(strip.name, position, index)) : written(cell(strip.name, position, index));
    const rows = [
      ["what", strip.spec.words],
      ["token", `${label(position)} (position ${position})`],
      ...(strip.heads ? [["head", index[0]], [strip.spec.keys ? "reads from" : "number", strip.spec.keys ? `${label(index[1])} (position ${index[1]})` : index[1]]] : [["number", index[0]]]),
      ["formula", strip.spec.formula],
      ["here", off ? "a token cannot look at a later one" : numbers(strip, position, index)],
      ["inputs", strip.spec.inputs],
      ["site", strip.spec.site || "between two sites, recomputed"],
      ["shape", strip.spec.shape],
    ];
    const list = el("dl");
    const line = (name, text, kind = "") => {
      const [dt, dd] = [el("dt"), el("dd", kind ? { class: kind } : {})];
      dt.textContent = name;
      dd.textContent = text;
      list.append(dt, dd);
    };
    rows.forEach(([name, text]) => line(name, text));
    const where = strip.heads ? [index[0], position, index[1]] : [position, index[0]];
    line("Python", `${strip.spec.code}[${[...(strip.spec.site ? [self.header.opened] : []), ...where].join(", ")}]`, "code");
    self.readout.replaceChildren(title, value, list);
    beside(strip);
  }

  // Where there is room for two columns, the readout stands level with the strip that it explains.
  function beside(strip) {
    const [strips, box] = [self.readout.previousSibling, self.readout.getBoundingClientRect()];
    const frame = strips.getBoundingClientRect();
    const wanted = strip.node.getBoundingClientRect().top - frame.top - 60;
    const down = box.left < frame.right ? 0 : Math.min(Math.max(0, wanted), Math.max(0, frame.height - box.height));
    self.readout.style.marginTop = `${down}px`;
  }

  // The formula with the numbers of this cell, where its inputs are here; sums over weights come with a click.
  function numbers(strip, position, index) {
    const { name } = strip;
    const at = (other, ...place) => cell(other, position, place);
    const value = at(name, ...index);
    const [first, second] = strip.spec.reads;
    if (name === "resid_mid" || name === "resid_post") return `${written(at(first, ...index))} + ${written(at(second, ...index))} = ${written(value)}`;
    if (name === "attn_scores") {
      let sum = 0;
      const count = self.header.arrays.q[1][2];
      for (let i = 0; i < count; i++) sum += at("q", index[0], i) * cell("k", index[1], [index[0], i]);
      return `${written(sum)} ÷ √${count} = ${written(sum / Math.sqrt(count))}`;
    }
    if (name === "pattern") {
      let [largest, total] = [-Infinity, 0];
      for (let k = 0; k <= position; k++) largest = Math.max(largest, at("attn_scores", index[0], k));
      for (let k = 0; k <= position; k++) total += Math.exp(at("attn_scores", index[0], k) - largest);
      const part = Math.exp(at("attn_scores", ...index) - largest);
      return `e^(score − largest) = ${written(part)}; ÷ ${written(total)} = ${percent(part / total)}`;
    }
    if (name === "z") {
      let [sum, best, most] = [0, 0, -1];
      for (let k = 0; k <= position; k++) {
        const part = at("pattern", index[0], k) * cell("v", k, index);
        sum += part;
        if (Math.abs(part) > most) [best, most] = [k, Math.abs(part)];
      }
      return `${written(sum)}; most from ${label(best)}: ${percent(at("pattern", index[0], best))} × ${written(cell("v", best, index))}`;
    }
    if (name === "norm1" || name === "norm2") return `x = ${written(at(first, ...index))} → ${written(value)}`;
    if (name === "mlp_post") return strip.spec.reads.map((other) => `${other} = ${written(at(other, ...index))}`).join(", ");
    if (name === "resid_pre") return written(value);
    return `sum of ${strip.spec.terms} products; click for all of them`;
  }

  return { open, refresh, destroy: () => seen.disconnect() };
}

