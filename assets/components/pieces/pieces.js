// @ts-check
// A text and its tokens' ids side by side: hover one and the rest dims, click pins, click again or Escape unpins. Tokens that
// cut a grapheme between them stand under the one sign that they spell. Blocks are filled when they scroll into sight.

import { unpack } from "../shared/bytes.js";
import { announceHover, listenHover } from "../shared/events.js";
import { once } from "../shared/mount.js";
import { paced } from "../shared/pace.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

const BLOCK = 400;
const GROUP = 40; // tokens of one sign that are drawn under it; a longer heap of marks is drawn token by token

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const view = once(root, () => build(root));
  view.send = (position) => setTriggerValue("pin", { position });
  const { header, payload } = unpack(data);
  view.show(header, payload);
  return view.stop;
}

// start, end, group and learned count of token i, and its id (0xffffffff: none).
function read(header, payload) {
  const bytes = payload.subarray(0, header.size);
  const numbers = new Uint32Array(payload.slice(header.size).buffer);
  const column = (k) => numbers.subarray(k * header.count, (k + 1) * header.count);
  return { bytes, ids: column(0), starts: column(1), ends: column(2), groups: column(3), learned: column(4) };
}

const NONE = 0xffffffff;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

function decode(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

const code = (c) => `⟨U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\u0080-\u009f]/u;
const MARKS = { " ": "·", "\n": "↵", "\t": "⇥", "\x7f": "␡" };

// One character as it is shown, and whether that is a stand-in for something that cannot be seen.
function shown(c, marks) {
  if (MARKS[c] && (marks || c === "\x7f")) return [MARKS[c], true];
  if (c === " " || c === "\n" || c === "\t") return [c, false];
  if (c < " ") return [String.fromCodePoint(0x2400 + c.codePointAt(0)), true];
  return HIDDEN.test(c) ? [code(c), true] : [c, false];
}

function write(node, text, marks) {
  let plain = "";
  const flush = () => plain && node.append(plain);
  for (const c of text) {
    const [sign, standIn] = shown(c, marks);
    if (!standIn) {
      plain += sign;
      continue;
    }
    flush();
    plain = "";
    const mark = document.createElement("i");
    mark.textContent = sign;
    node.append(mark);
  }
  flush();
}

const said = (text) => [...text].map((c) => ({ " ": "space ", "\n": "line end ", "\t": "tab " })[c] ?? shown(c, true)[0]).join("");

function build(root) {
  const [frame, text, ids, detail, note, marks] = [".frame", ".text", ".ids", ".detail", ".note", ".marks"].map((c) =>
    root.querySelector(c),
  );
  const self = { header: null, cursor: null, focus: 0, lit: null, chips: new Map(), numbers: new Map(), blocks: [], send: () => {} };
  const bytesOf = (i) => self.data.bytes.subarray(self.data.starts[i], self.data.ends[i]);
  const special = (i) => self.header.special[self.data.ids[i]];
  const count = () => self.header.count;

  // A token's label inside a group: a lone mark on a dotted circle, bytes that are no character in hex.
  function label(i, inGroup) {
    const decoded = decode(bytesOf(i));
    if (decoded === null) return hex(bytesOf(i));
    return inGroup && /^\p{M}/u.test(decoded) ? `◌${decoded}` : decoded;
  }

  function chip(i, inGroup) {
    const made = document.createElement("button");
    made.type = "button";
    const unknown = self.data.ids[i] === NONE;
    made.className = `t ${special(i) ? "special" : unknown ? "unknown" : i % 2 ? "odd" : "even"}`;
    made.dataset.i = i;
    const spelled = label(i, inGroup);
    if (decode(bytesOf(i)) === null) made.textContent = spelled;
    else write(made, spelled, marks.checked || inGroup);
    const name = unknown ? "not in the list" : `${self.header.id_name} ${self.data.ids[i]}`;
    made.setAttribute("aria-label", `position ${i + self.header.offset}, ${special(i) ? "special token" : "token"} ${said(spelled)}, ${name}`);
    self.chips.set(i, made);
    return made;
  }

  // The tokens from..to of a block, in groups; what lies between words is struck out.
  function fill(block) {
    const { starts, ends, groups } = self.data;
    let at = block.from ? ends[block.from - 1] : 0;
    for (let i = block.from; i < block.to; ) {
      if (starts[i] > at) gap(block.text, at, starts[i]);
      let next = i + 1;
      while (next < block.to && groups[next] === groups[i]) next++;
      if (next - i > 1 && next - i <= GROUP) block.text.append(group(i, next));
      else for (let k = i; k < next; k++) block.text.append(chip(k, next - i > 1));
      const last = decode(bytesOf(next - 1));
      if (last?.includes("\n")) block.text.append(document.createElement("br"));
      at = ends[next - 1];
      i = next;
    }
    if (block.to === count() && self.data.bytes.length > at && self.header.gaps) gap(block.text, at, self.data.bytes.length);
    for (let i = block.from; i < block.to; i++) {
      const number = document.createElement("span");
      number.className = "n";
      number.dataset.i = i;
      number.textContent = self.data.ids[i] === NONE ? "?" : self.data.ids[i];
      block.ids.append(number);
      self.numbers.set(i, number);
    }
    block.text.style.minHeight = block.ids.style.minHeight = "";
    block.filled = true;
    mark();
  }

  function group(from, to) {
    const [made, glyph, parts] = ["group", "glyph", "parts"].map((name) => {
      const node = document.createElement("span");
      node.className = name;
      return node;
    });
    const whole = lenient.decode(self.data.bytes.subarray(self.data.starts[from], self.data.ends[to - 1]));
    const sign = whole.replace(/[\u202a-\u202e\u2066-\u2069]/g, "").replace(/\uFFFD+$/, "…");
    glyph.textContent = sign.trim() ? sign : [...whole].map((c) => shown(c, true)[0]).join("");
    glyph.setAttribute("aria-hidden", "true");
    glyph.dir = "auto";
    for (let i = from; i < to; i++) parts.append(chip(i, true));
    made.append(glyph, parts);
    return made;
  }

  function gap(node, from, to) {
    const made = document.createElement("span");
    made.className = "gap";
    write(made, lenient.decode(self.data.bytes.subarray(from, to)), marks.checked);
    node.append(made);
  }

  const unwatchBlocks = () => self.watches?.forEach((watch) => watch.disconnect());
  function rebuild() {
    unwatchBlocks();
    self.watches = [text, ids].map((pane) => {
      pane.replaceChildren();
      const come = (entries) => entries.forEach((e) => e.isIntersecting && !e.target.block.filled && fill(e.target.block));
      return new IntersectionObserver(come, { root: pane, rootMargin: "600px 0px" });
    });
    self.chips.clear();
    self.numbers.clear();
    self.blocks = [];
    for (let from = 0; from < count(); ) {
      let to = Math.min(from + BLOCK, count());
      while (to < count() && self.data.groups[to] === self.data.groups[to - 1] && to - from < BLOCK + GROUP) to++;
      const block = { from, to, filled: false };
      for (const [name, pane, height, watch] of [["text", text, 0.55, self.watches[0]], ["ids", ids, 0.35, self.watches[1]]]) {
        const node = (block[name] = document.createElement("div"));
        node.block = block;
        node.style.minHeight = `${(to - from) * height + 8}px`;
        pane.append(node);
        watch.observe(node);
      }
      self.blocks.push(block);
      from = to;
    }
    if (self.blocks.length) fill(self.blocks[0]);
  }

  const blockOf = (i) => self.blocks.find((block) => i < block.to);
  function reach(i) {
    const block = blockOf(i);
    if (block && !block.filled) fill(block);
    return self.chips.get(i);
  }

  function mark() {
    self.focus = Math.min(self.cursor ?? self.focus, Math.max(count() - 1, 0));
    for (const [i, button] of self.chips) {
      button.setAttribute("aria-pressed", i === self.cursor);
      button.tabIndex = i === self.focus ? 0 : -1;
    }
    for (const [i, number] of self.numbers) number.classList.toggle("pinned", i === self.cursor);
  }

  function describe(i) {
    if (i === null || i >= count()) {
      const hint = document.createElement("p");
      hint.textContent = count() ? self.header.hint : "There is nothing to cut here.";
      return detail.replaceChildren(hint);
    }
    const { starts, ends, learned } = self.data;
    const id = self.data.ids[i];
    const bytes = bytesOf(i);
    const spelled = decode(bytes);
    const facts = [
      ["token", spelled === null ? "part of a character" : [...spelled].map((c) => shown(c, true)[0]).join("")],
      [self.header.id_name, id === NONE ? "not in the list" : id.toLocaleString("en")],
      ["bytes, in hex", hex(bytes.subarray(0, 24)) + (bytes.length > 24 ? " …" : "")],
      ["byte offset", ends[i] - starts[i] > 1 ? `${starts[i].toLocaleString("en")} to ${(ends[i] - 1).toLocaleString("en")}` : starts[i].toLocaleString("en")],
    ];
    if (self.header.ranks)
      facts.push(["merge rank", special(i) ? "none: special" : bytes.length === 1 ? "none: a byte" : id.toLocaleString("en")]);
    if (learned[i]) facts.push(["pairs counted when learned", learned[i].toLocaleString("en")]);
    facts.push(["times in this text", (self.times.get(key(i)) ?? 0).toLocaleString("en")]);
    detail.replaceChildren(
      ...facts.map(([name, value]) => {
        const [div, dt, dd] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
        dt.textContent = name;
        dd.textContent = dd.title = value;
        div.append(dt, dd);
        return div;
      }),
    );
  }

  const key = (i) => (self.data.ids[i] === NONE ? hex(bytesOf(i)) : self.data.ids[i]);

  function light(i) {
    for (const node of [self.chips.get(self.lit), self.numbers.get(self.lit)]) node?.classList.remove("lit");
    self.lit = i;
    for (const node of [self.chips.get(i), self.numbers.get(i)]) node?.classList.add("lit");
    frame.classList.toggle("hovering", i !== null);
    describe(i ?? self.cursor);
  }

  const send = paced((position) => self.send(position));
  function pin(i) {
    self.cursor = i;
    mark();
    light(null);
    send(i === null ? null : i + self.header.offset);
  }

  const indexOf = (event) => {
    const node = event.target.closest?.("[data-i]");
    return node ? Number(node.dataset.i) : null;
  };
  const over = (i) => {
    if (i === self.lit) return;
    light(i);
    if (self.header.shared) announceHover(i === null ? null : i + self.header.offset);
  };
  // The number across is brought into sight without moving the page.
  function follow(i, pane, node) {
    if (node && pane.scrollHeight > pane.clientHeight) {
      const [a, b] = [node.getBoundingClientRect(), pane.getBoundingClientRect()];
      if (a.top < b.top || a.bottom > b.bottom) pane.scrollTop += a.top - b.top - pane.clientHeight / 2;
    }
  }
  for (const pane of [text, ids]) {
    pane.addEventListener("pointerover", (event) => {
      const i = indexOf(event);
      over(i);
      if (i === null) return;
      if (pane === text) follow(i, ids, self.numbers.get(i));
      else follow(i, text, reach(i));
    });
    pane.addEventListener("pointerleave", () => over(null));
    pane.addEventListener("click", (event) => {
      const i = indexOf(event);
      if (i !== null && !String(root.getSelection?.() ?? "")) pin(i === self.cursor ? null : i);
    });
  }
  text.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && light(indexOf(event)));
  text.addEventListener("focusout", () => light(null));
  text.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      if (self.cursor !== null) pin(null);
    } else if (step || event.key === "Home" || event.key === "End") {
      event.preventDefault();
      const from = indexOf(event) ?? self.focus;
      const to = event.key === "Home" ? 0 : event.key === "End" ? count() - 1 : Math.min(Math.max(from + step, 0), count() - 1);
      const button = reach(to);
      pin(to);
      button?.focus();
    }
  });
  marks.addEventListener("change", rebuild);
  const hush = listenHover((position) => {
    if (!self.header?.shared || text.matches(":hover") || ids.matches(":hover")) return;
    const i = position === null ? null : position - self.header.offset;
    light(i !== null && i >= 0 && i < count() ? i : null);
  });
  const unwatch = onThemeChange(root, () => applyTheme(root));
  self.show = (header, payload) => {
    applyTheme(root);
    const changed = self.header?.version !== header.version;
    self.header = header;
    self.cursor = header.cursor === null ? null : header.cursor - header.offset;
    text.setAttribute("aria-label", header.title);
    note.textContent = header.note;
    if (changed) {
      self.data = read(header, payload);
      self.lit = null;
      self.times = new Map();
      for (let i = 0; i < count(); i++) self.times.set(key(i), (self.times.get(key(i)) ?? 0) + 1);
      text.scrollTop = ids.scrollTop = 0;
      rebuild();
    }
    if (self.cursor !== null) reach(self.cursor);
    mark();
    light(null);
    if (changed && self.cursor !== null) {
      follow(self.cursor, text, self.chips.get(self.cursor));
      follow(self.cursor, ids, self.numbers.get(self.cursor));
    }
  };
  self.destroy = () => {
    send.cancel();
    unwatchBlocks();
    hush();
    unwatch();
  };
  return self;
}
