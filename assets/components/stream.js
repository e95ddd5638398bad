// The residual stream of the loaded model: a rail for each token, flowing down through the blocks. A block opens in place
// into its tensors, each a heat strip. Everything comes from one Float32Array; the header says what lies where.
const SVG = "http://www.w3.org/2000/svg";
const [ROW, EDGE, COLUMN] = [74, 72, 34]; // heights of a block and of the ends, least width of a token, in pixels
const ATTENTION = 24; // where in a block's row attention writes, and the MLP
const MLP = 54;

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const stream = once(root, () => build(root));
  stream.send = (name, value) => setTriggerValue(name, value);
  const { header, payload } = unpack(data);
  stream.show(header, new Float32Array(payload.buffer, 0, payload.byteLength >> 2));
  return stream.stop;
}

function el(tag, attributes = {}, ...children) {
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

function build(root) {
  const [scroll, flow, status] = [".scroll", ".flow", ".status"].map((name) => root.querySelector(name));
  const self = { header: null, data: null, hovered: null, at: null, strips: [], cell: null, send: () => {} };
  const focus = () => self.hovered ?? self.header.focus; // the token that everything is about
  const inWindow = (position) => position !== null && position >= self.header.start && position < end();
  const end = () => self.header.start + self.header.labels.length;

  // ---- reading the array ----
  const read = (name, ...place) => {
    const [offset, shape] = self.header.arrays[name];
    return self.data[offset + place.reduce((at, i, axis) => at * shape[axis] + i, 0)];
  };
  const column = (position) => position - self.header.start;
  const label = (position) => self.header.names[position];

  // A cell of an opened tensor: [i] of a vector, [head, i] of a matrix. k and v are here for every token, the rest for the window.
  function cell(name, position, index) {
    const shape = self.header.arrays[name][1];
    return read(name, self.header.whole.includes(name) ? position : column(position), ...index.slice(0, shape.length - 1));
  }

  // ---- the diagram ----
  function draw() {
    self.theme = applyTheme(root);
    const stops = { diverging: self.theme.diverging, sequential: self.theme.sequential };
    self.tables = Object.fromEntries(
      Object.entries(stops).map(([name, colours]) => [name, Array.from({ length: 256 }, (_, i) => mix(colours, i / 255))]),
    );
    const { labels, layers } = self.header;
    const style = getComputedStyle(root.querySelector(".frame"));
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const sides = ["--left", "--right"].reduce((sum, name) => sum + parseFloat(style.getPropertyValue(name)) * rem, 0);
    self.seen = scroll.clientWidth;
    self.wide = Math.max(COLUMN, Math.floor((self.seen - sides) / labels.length));
    const focused = keep();
    flow.setAttribute("aria-label", self.header.title);
    self.rows = [top(), ...Array.from({ length: layers }, (_, layer) => block(layer)), bottom()];
    flow.replaceChildren(...self.rows.map((row) => row.node));
    self.strips = [];
    if (self.header.opened !== null) openIn(self.rows[self.header.opened + 1]);
    if (focused) restore(focused);
    bring();
    point();
  }

  // What had the keyboard before a redraw gets it back.
  function keep() {
    const active = root.activeElement;
    if (!active?.dataset?.name) return null;
    return active.dataset.name;
  }
  const restore = (name) => flow.querySelector(`[data-name="${name}"]`)?.focus({ preventScroll: true });

  // A wide diagram is scrolled so that the token in question can be seen.
  function bring() {
    const x = (column(self.header.focus) + 0.5) * self.wide;
    const room = self.seen - (flow.scrollWidth - self.wide * self.header.labels.length);
    if (x > scroll.scrollLeft + room || x < scroll.scrollLeft) scroll.scrollLeft = Math.max(0, x - room / 2);
  }

  function row(height, side, depth) {
    const { labels } = self.header;
    const svg = el("svg", { width: self.wide * labels.length, height, "aria-hidden": "true" });
    const shade = el("rect", { class: "column", y: 0, height, width: self.wide });
    const links = el("g");
    svg.append(shade, links);
    const says = el("div", { class: "says" });
    const node = el("div", { class: "row" }, el("div", { class: "side" }, ...side), svg, says);
    svg.addEventListener("pointermove", (event) => {
      self.at = depth;
      const hovered = self.header.start + Math.min(labels.length - 1, Math.max(0, Math.floor(event.offsetX / self.wide)));
      if (hovered !== self.hovered) announceHover(hovered);
      else point();
    });
    svg.addEventListener("pointerleave", () => announceHover(null));
    svg.addEventListener("click", (event) => {
      const position = self.header.start + Math.floor(event.offsetX / self.wide);
      if (inWindow(position)) pin(position === self.header.cursor ? null : position);
    });
    return { node, svg, shade, links, says, depth, rails: [] };
  }

  const middle = (c) => (c + 0.5) * self.wide;
  const short = (text) => ([...text].length > 9 ? [...text].slice(0, 8).join("") + "…" : text);
  // A token's name, slanted so that neighbours do not cover one another; it ends (or begins) at the rail.
  const slanted = (text, c, y, anchor, kind) => {
    const shown = el("text", { class: kind, "text-anchor": anchor, transform: `translate(${middle(c) + 4} ${y}) rotate(-48)` });
    shown.textContent = short(text);
    return shown;
  };
  const note = (text) => el("small", {}, text);

  // A stretch of rail, as thick as the vector is long; `depth` counts halves of blocks.
  function rail(made, c, depth, from, to) {
    const longest = self.header.longest;
    const line = el("line", { class: "rail", x1: middle(c), x2: middle(c), y1: from, y2: to });
    line.setAttribute("stroke-width", 1 + 7 * Math.sqrt(read("stream", depth, c) / longest));
    made.svg.append(line);
    made.rails.push([c, line]);
  }

  function top() {
    const made = row(EDGE, [note(self.header.facts.embed)], -1);
    self.header.labels.forEach((text, c) => {
      const shown = slanted(text, c, EDGE - 22, "start", "name");
      made.svg.append(shown, el("rect", { class: "token", x: middle(c) - 5, y: EDGE - 18, width: 10, height: 10, rx: 2 }));
      made.rails.push([c, shown]);
      rail(made, c, 0, EDGE - 8, EDGE);
    });
    return made;
  }

  function block(layer) {
    const { labels, facts, opened } = self.header;
    const open = opened === layer;
    const button = el("button", { type: "button", "aria-expanded": open, "data-layer": layer, "data-name": `block ${layer}` });
    button.append(`${open ? "▾" : "▸"} Block ${layer}`, note(facts.attention), note(facts.mlp));
    button.setAttribute("aria-label", `Block ${layer}: ${facts.attention}, ${facts.mlp}`);
    button.addEventListener("click", () => toggle(layer));
    button.addEventListener("keydown", (event) => walk(event, layer));
    const made = row(ROW, [button], layer);
    if (open) made.node.classList.add("open");
    if (layer % 2 === 0) made.svg.prepend(el("rect", { class: "band", width: self.wide * labels.length, height: ROW }));
    const most = self.header.most;
    labels.forEach((_, c) => {
      rail(made, c, 2 * layer, 0, ATTENTION);
      rail(made, c, 2 * layer + 1, ATTENTION, MLP);
      rail(made, c, 2 * layer + 2, MLP, ROW);
      const [a, m] = [read("attn", layer, c), read("mlp", layer, c)].map((x) => Math.min(1.5, Math.sqrt(x / most)) * 9);
      made.svg.append(el("circle", { class: "attn", cx: middle(c), cy: ATTENTION, r: a }));
      made.svg.append(el("rect", { class: "mlp", x: middle(c) - m * 0.9, y: MLP - m * 0.9, width: 1.8 * m, height: 1.8 * m, rx: 2 }));
    });
    return made;
  }

  function bottom() {
    const made = row(EDGE, [note(self.header.facts.end)], self.header.layers);
    self.header.labels.forEach((_, c) => {
      rail(made, c, 2 * self.header.layers, 0, 14);
      const shown = slanted(guess(self.header.layers, c), c, 24, "end", "guess");
      made.svg.append(shown);
      made.rails.push([c, shown]);
    });
    return made;
  }

  const guess = (depth, c) => self.header.words[self.header.says[depth][c]];

  // ---- following the token ----
  function point() {
    if (!self.header) return;
    const position = focus();
    const c = column(inWindow(position) ? position : self.header.focus);
    for (const made of self.rows) {
      made.shade.setAttribute("x", c * self.wide);
      made.shade.classList.toggle("pinned", self.header.cursor === position);
      for (const [i, node] of made.rails) node.classList.toggle("on", i === c);
      made.says.replaceChildren();
      if (made.depth >= 0) says(made, c);
      if (made.depth >= 0 && made.depth < self.header.layers) link(made, c);
    }
    tell(c);
    for (const strip of self.strips) paint(strip);
    readout();
  }

  function says(made, c) {
    const depth = Math.min(made.depth + 1, self.header.layers);
    const word = el("b");
    word.textContent = guess(depth, c);
    const first = made.depth === self.header.layers ? "so it says" : "would say";
    made.says.append(note(first), word, note(percent(read("sure", depth, c))));
  }

  // From whom the token reads, all heads together: a line for each share above 2 %.
  function link(made, c) {
    const paths = [];
    for (let other = 0; other < c; other++) {
      const share = read("links", made.depth, c, self.header.start + other);
      if (share < 0.02) continue;
      const [from, to] = [middle(other), middle(c)];
      const d = `M${from},2 C${from},${ATTENTION} ${(from + 2 * to) / 3},${ATTENTION} ${to},${ATTENTION}`;
      paths.push(el("path", { class: "link", d, "stroke-width": 0.6 + 6 * share, opacity: 0.25 + 0.7 * share }));
    }
    made.links.replaceChildren(...paths);
  }

  // One sentence about the token and the block that is pointed at (or open, or the last).
  function tell(c) {
    const { layers, opened } = self.header;
    const layer = Math.min(Math.max(self.at ?? opened ?? layers - 1, 0), layers - 1);
    const position = self.header.start + c;
    let best = 0;
    for (let k = 1; k <= position; k++) if (read("links", layer, c, k) > read("links", layer, c, best)) best = k;
    const share = percent(read("links", layer, c, best));
    status.textContent =
      `At ${label(position)} (position ${position}), block ${layer} receives a vector of length ${read("stream", 2 * layer, c).toFixed(1)}. ` +
      `Attention adds one of length ${read("attn", layer, c).toFixed(1)}, read most from ${label(best)} (${share}, mean of the heads); ` +
      `the MLP adds one of length ${read("mlp", layer, c).toFixed(1)}.`;
  }

  const sendPin = paced((position) => self.send("pin", { position }));
  function pin(position) {
    self.header.cursor = position;
    self.header.focus = position ?? self.header.total - 1;
    sendPin(position);
    point();
  }
  const toggle = (layer) => self.send("open", { layer: self.header.opened === layer ? null : layer });

  function walk(event, layer) {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const side = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (move) flow.querySelector(`[data-layer="${layer + move}"]`)?.focus();
    else if (side) pin(Math.min(Math.max(focus() + side, self.header.start), end() - 1));
    else if (event.key === "Escape" && self.header.opened !== null) self.send("open", { layer: null });
    else return;
    event.preventDefault();
  }

  // ---- an opened block ----
  function openIn(made) {
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
  }

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

  const spot = () => (inWindow(focus()) ? focus() : self.header.focus);

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

  // ---- life ----
  const hush = listenHover((position) => {
    if (position === null) self.at = null;
    self.hovered = self.header && inWindow(position) ? position : null;
    if (self.header) point();
  });
  const unwatch = onThemeChange(root, () => self.header && draw());
  const sizes = new ResizeObserver(() => self.header && Math.abs(scroll.clientWidth - self.seen) > 1 && draw());
  sizes.observe(scroll);
  self.show = (header, data) => {
    self.header = header;
    self.data = data;
    self.cell = null;
    draw();
  };
  self.destroy = () => {
    sendPin.cancel();
    hush();
    unwatch();
    sizes.disconnect();
  };
  return self;
}
