// Every attention head as a thumbnail, layer by layer, drawn here from one typed array. Hover or walk to see one large.
export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const grid = once(root, () => build(root));
  grid.send = (layer, head) => setTriggerValue("select", { layer, head });
  const { header, payload } = unpack(data);
  grid.show(header, new Uint16Array(payload.buffer, 0, payload.byteLength >> 1));
  return grid.stop;
}

function build(root) {
  const grid = root.querySelector(".grid");
  const large = root.querySelector(".large canvas");
  const [name, value, hint] = ["name", "value", "hint"].map((c) => root.querySelector(`.large .${c}`));
  const self = { header: null, weights: null, selected: [0, 0], shown: [0, 0], hovered: null, send: () => {} };
  const at = (layer, head, q, k) => {
    const { heads, length } = self.header;
    return self.weights[((layer * heads + head) * length + q) * length + k] / 65535;
  };
  const scores = (layer, head) => self.header.scores?.[layer]?.[head];
  const title = (layer, head) => `layer ${layer}, head ${head}`;

  function image(layer, head) {
    const { length } = self.header;
    const picture = new ImageData(length, length);
    for (let q = 0; q < length; q++)
      for (let k = 0; k < length; k++) {
        const o = 4 * (q * length + k);
        picture.data.set(k > q ? self.empty : self.table[Math.round(255 * Math.sqrt(at(layer, head, q, k)))], o);
      }
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = length;
    canvas.getContext("2d").putImageData(picture, 0, 0);
    return canvas;
  }

  function draw() {
    const theme = (self.theme = applyTheme(root));
    // The square root spreads weak attention over more of the scale; the legend says so.
    self.table = Array.from({ length: 256 }, (_, i) => [...mix(theme.sequential, i / 255), 255]);
    self.empty = [0, 0, 0, 0];
    const { layers, heads } = self.header;
    grid.style.setProperty("--heads", heads);
    grid.setAttribute("aria-label", self.header.title);
    const rows = [];
    for (let layer = 0; layer < layers; layer++) {
      const row = document.createElement("div");
      row.className = "row";
      row.setAttribute("role", "row");
      const label = document.createElement("span");
      label.className = "label";
      label.setAttribute("role", "rowheader");
      label.textContent = `layer ${layer}`;
      row.appendChild(label);
      for (let head = 0; head < heads; head++) row.appendChild(cell(layer, head));
      rows.push(row);
    }
    const focused = root.activeElement?.dataset?.layer !== undefined;
    grid.replaceChildren(...rows);
    mark();
    if (focused) button(...self.selected)?.focus();
    show(...self.selected);
  }

  function cell(layer, head) {
    const made = document.createElement("button");
    made.type = "button";
    made.dataset.layer = layer;
    made.dataset.head = head;
    made.setAttribute("role", "gridcell");
    const score = scores(layer, head);
    made.setAttribute("aria-label", title(layer, head) + (score ? `, ${score}` : ""));
    const canvas = image(layer, head);
    canvas.setAttribute("aria-hidden", "true");
    made.appendChild(canvas);
    if (score) {
      const small = document.createElement("small");
      small.textContent = score;
      made.appendChild(small);
    }
    return made;
  }

  const button = (layer, head) => grid.querySelector(`[data-layer="${layer}"][data-head="${head}"]`);

  function mark() {
    for (const b of grid.querySelectorAll("button")) {
      const on = Number(b.dataset.layer) === self.selected[0] && Number(b.dataset.head) === self.selected[1];
      b.setAttribute("aria-selected", on);
      b.tabIndex = on ? 0 : -1;
    }
  }

  // The large picture of one head, with the row of the pinned or hovered position outlined.
  function show(layer, head, spot = null) {
    self.shown = [layer, head];
    name.textContent = title(layer, head);
    const { length, labels } = self.header;
    const side = large.clientWidth || 240;
    const scale = globalThis.devicePixelRatio || 1;
    large.width = large.height = Math.round(side * scale);
    const pen = large.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image(layer, head), 0, 0, large.width, large.height);
    const unit = large.width / length;
    const q = spot ? spot[0] : self.hovered ?? self.header.cursor;
    if (q !== null && q !== undefined && q < length) {
      pen.strokeStyle = self.theme.roles.attention;
      pen.lineWidth = 2 * scale;
      pen.strokeRect(0, q * unit, (q + 1) * unit, unit);
      if (spot) pen.strokeRect(spot[1] * unit, spot[0] * unit, unit, unit);
      let best = spot ? spot[1] : 0;
      if (!spot) for (let k = 1; k <= q; k++) if (at(layer, head, q, k) > at(layer, head, q, best)) best = k;
      value.textContent = `${labels[q]} → ${labels[best]}: ${percent(at(layer, head, q, best))}`;
      hint.textContent = spot ? "" : "the strongest link of this row";
    } else {
      value.textContent = "";
      hint.textContent = "Point at a cell: the row looks at the column.";
    }
  }

  const headOf = (event) => {
    const b = event.target.closest?.("button");
    return b ? [Number(b.dataset.layer), Number(b.dataset.head)] : null;
  };
  const send = paced((layer, head) => self.send(layer, head));
  function select(layer, head) {
    self.selected = [layer, head];
    mark();
    show(layer, head);
    send(layer, head);
  }
  grid.addEventListener("pointerover", (event) => headOf(event) && show(...headOf(event)));
  grid.addEventListener("pointerleave", () => show(...self.selected));
  grid.addEventListener("click", (event) => headOf(event) && select(...headOf(event)));
  grid.addEventListener("keydown", (event) => {
    const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    const [layer, head] = headOf(event) ?? self.selected;
    const to = [layer + move[0], head + move[1]];
    if (!button(...to)) return;
    select(...to);
    button(...to).focus();
  });
  large.addEventListener("pointermove", (event) => {
    const { length } = self.header;
    const [k, q] = [event.offsetX, event.offsetY].map((p) => Math.floor((p / large.clientWidth) * length));
    if (q < 0 || q >= length || k < 0 || k > q) return show(...self.shown);
    show(...self.shown, [q, k]);
    announceHover(q);
  });
  large.addEventListener("pointerleave", () => {
    announceHover(null);
    show(...self.selected);
  });
  const hush = listenHover((position) => {
    self.hovered = position;
    if (self.header && !large.matches(":hover")) show(...self.shown);
  });
  const unwatch = onThemeChange(root, () => self.header && draw());
  const sizes = new ResizeObserver(() => self.header && show(...self.shown));
  sizes.observe(root.querySelector(".large"));
  self.show = (header, weights) => {
    const same = self.header && alike(self.header, header) && weights.every((w, i) => w === self.weights[i]);
    self.header = header;
    self.weights = weights;
    self.selected = header.selected;
    if (!same) return draw();
    mark(); // the pictures stay: only the selection or the cursor moved
    show(...(grid.matches(":hover") ? self.shown : self.selected));
  };
  const alike = (a, b) =>
    ["layers", "heads", "length"].every((k) => a[k] === b[k]) &&
    JSON.stringify([a.scores, a.labels]) === JSON.stringify([b.scores, b.labels]);
  self.destroy = () => {
    send.cancel();
    hush();
    unwatch();
    sizes.disconnect();
  };
  return self;
}
