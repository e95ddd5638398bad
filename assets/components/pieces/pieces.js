// @ts-check
// A text and its tokens' ids side by side: hover one and the rest dims, click pins, click again or Escape unpins. Tokens that
// cut a grapheme between them stand under the one sign that they spell. Blocks are filled when they scroll into sight.
/** @import { PiecesHeader } from "../headers.js" */

import { forHand } from "../shared/hand.js";
import { element, find } from "../shared/elements.js";
import { announceHover, listenHover } from "../shared/events.js";
import { stepAlong } from "../shared/keys.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { whole } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";
import { decode, decodeAnyway, hex, shown, spelled, withoutDirection } from "../shared/signs.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

const BLOCK = 400;
const GROUP = 40; // tokens of one sign that are drawn under it; a longer heap of marks is drawn token by token
const NONE = 0xffffffff; // the id of what is in no list
/** @typedef {ReturnType<typeof read>} Pieces */
/** @typedef {{ from: number, to: number, filled: boolean, text: HTMLElement, ids: HTMLElement }} Block */

/** @type {Record<string, string>} */
const SPOKEN = { " ": "space ", "\n": "line end ", "\t": "tab " };

// The text, and of token i its id, start, end, group and learned count.
/** @param {PiecesHeader} header @param {Uint8Array<ArrayBuffer>} payload */
function read(header, payload) {
  const bytes = payload.subarray(0, header.size);
  const numbers = new Uint32Array(payload.slice(header.size).buffer);
  const column = (/** @type {number} */ k) => numbers.subarray(k * header.count, (k + 1) * header.count);
  return { bytes, ids: column(0), starts: column(1), ends: column(2), groups: column(3), learned: column(4) };
}

// Writes a text into a node, with stand-ins for what cannot be seen.
/** @param {HTMLElement} node @param {string} text @param {boolean} marks */
function write(node, text, marks) {
  let plain = "";
  for (const c of text) {
    const [sign, standIn] = shown(c, marks);
    if (standIn) {
      node.append(plain, element("i", {}, sign));
      plain = "";
    } else plain += sign;
  }
  node.append(plain);
}

const said = (/** @type {string} */ text) => [...text].map((c) => SPOKEN[c] ?? shown(c)[0]).join("");

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [frame, text, ids, detail, note, marks] = find(root, ".frame", ".text", ".ids", ".detail", ".note", ".marks");
  const self = {
    header: /** @type {PiecesHeader} */ (/** @type {unknown} */ (null)), data: /** @type {Pieces} */ (/** @type {unknown} */ (null)),
    cursor: /** @type {number | null} */ (null), focus: 0, lit: /** @type {number | null} */ (null),
    chips: /** @type {Map<number | null, HTMLElement>} */ (new Map()), numbers: /** @type {Map<number | null, HTMLElement>} */ (new Map()),
    blocks: /** @type {Block[]} */ ([]), watches: /** @type {IntersectionObserver[]} */ ([]),
    times: /** @type {Map<string | number, number>} */ (new Map()), send: nowhere,
  };
  const bytesOf = (/** @type {number} */ i) => self.data.bytes.subarray(self.data.starts[i], self.data.ends[i]);
  const special = (/** @type {number} */ i) => self.header.special[self.data.ids[i]];
  const count = () => self.header.count;

  // A token's label inside a group: a lone mark on a dotted circle, bytes that are no character in hex.
  /** @param {number} i @param {boolean} inGroup */
  function label(i, inGroup) {
    const decoded = decode(bytesOf(i));
    if (decoded === null) return hex(bytesOf(i));
    return inGroup && /^\p{M}/u.test(decoded) ? `◌${decoded}` : decoded;
  }

  /** @param {number} i @param {boolean} inGroup */
  function chip(i, inGroup) {
    const unknown = self.data.ids[i] === NONE;
    const [text, name] = [label(i, inGroup), unknown ? "not in the vocabulary" : `${self.header.id_name} ${self.data.ids[i]}`];
    const made = element("button", {
      class: `t ${special(i) ? "special" : unknown ? "unknown" : i % 2 ? "odd" : "even"}`,
      "data-i": i,
      "aria-label": `position ${i + self.header.offset}, ${special(i) ? "special token" : "token"} ${said(text)}, ${name}`,
    });
    if (decode(bytesOf(i)) === null) made.textContent = text;
    else write(made, text, marks.checked || inGroup);
    self.chips.set(i, made);
    return made;
  }

  // The tokens from..to of a block, in groups; what lies between words is struck out.
  function fill(/** @type {Block} */ block) {
    const { starts, ends, groups } = self.data;
    let at = block.from ? ends[block.from - 1] : 0;
    for (let i = block.from; i < block.to; ) {
      if (starts[i] > at) gap(block.text, at, starts[i]);
      let next = i + 1;
      while (next < block.to && groups[next] === groups[i]) next++;
      if (next - i > 1 && next - i <= GROUP) block.text.append(group(i, next));
      else for (let k = i; k < next; k++) block.text.append(chip(k, next - i > 1));
      const last = decode(bytesOf(next - 1));
      if (last?.includes("\n")) block.text.append(element("br"));
      at = ends[next - 1];
      i = next;
    }
    if (block.to === count() && self.data.bytes.length > at && self.header.gaps) gap(block.text, at, self.data.bytes.length);
    for (let i = block.from; i < block.to; i++) {
      const number = element("span", { class: "n", "data-i": i }, self.data.ids[i] === NONE ? "?" : self.data.ids[i]);
      block.ids.append(number);
      self.numbers.set(i, number);
    }
    block.text.style.minHeight = block.ids.style.minHeight = "";
    block.filled = true;
    mark();
  }

  /** @param {number} from @param {number} to */
  function group(from, to) {
    const text = decodeAnyway(self.data.bytes.subarray(self.data.starts[from], self.data.ends[to - 1]));
    const sign = withoutDirection(text).replace(/\uFFFD+$/, "…");
    const glyph = element("span", { class: "glyph", "aria-hidden": true, dir: "auto" }, sign.trim() ? sign : spelled(text));
    const parts = Array.from({ length: to - from }, (_, i) => chip(from + i, true));
    return element("span", { class: "group" }, glyph, element("span", { class: "parts" }, ...parts));
  }

  /** @param {HTMLElement} node @param {number} from @param {number} to */
  function gap(node, from, to) {
    const made = element("span", { class: "gap" });
    write(made, decodeAnyway(self.data.bytes.subarray(from, to)), marks.checked);
    node.append(made);
  }

  const unwatchBlocks = () => self.watches.forEach((watch) => watch.disconnect());
  function rebuild() {
    unwatchBlocks();
    self.watches = [text, ids].map((pane) => {
      pane.replaceChildren();
      const come = (/** @type {any[]} */ entries) => entries.forEach((e) => e.isIntersecting && !e.target.block.filled && fill(e.target.block));
      return new IntersectionObserver(come, { root: pane, rootMargin: "600px 0px" });
    });
    self.chips.clear();
    self.numbers.clear();
    self.blocks = [];
    for (let from = 0; from < count(); ) {
      let to = Math.min(from + BLOCK, count());
      while (to < count() && self.data.groups[to] === self.data.groups[to - 1] && to - from < BLOCK + GROUP) to++;
      const [textNode, idsNode] = [0.55, 0.35].map((height) => element("div", { style: { "min-height": `${(to - from) * height + 8}px` } }));
      const block = { from, to, filled: false, text: textNode, ids: idsNode };
      for (const [i, pane] of [text, ids].entries()) {
        const node = Object.assign([block.text, block.ids][i], { block });
        pane.append(node);
        self.watches[i].observe(node);
      }
      self.blocks.push(block);
      from = to;
    }
    if (self.blocks.length) fill(self.blocks[0]);
  }

  const blockOf = (/** @type {number} */ i) => self.blocks.find((block) => i < block.to);
  function reach(/** @type {number} */ i) {
    const block = blockOf(i);
    if (block && !block.filled) fill(block);
    return self.chips.get(i);
  }

  function mark() {
    self.focus = Math.min(self.cursor ?? self.focus, Math.max(count() - 1, 0));
    for (const [i, button] of self.chips) {
      button.setAttribute("aria-pressed", String(i === self.cursor));
      button.tabIndex = i === self.focus ? 0 : -1;
    }
    for (const [i, number] of self.numbers) number.classList.toggle("pinned", i === self.cursor);
  }

  function describe(/** @type {number | null} */ i) {
    if (i === null || i >= count()) {
      return detail.replaceChildren(element("p", {}, count() ? forHand(self.header.hint) : "There is nothing to cut here."));
    }
    const { starts, ends, learned } = self.data;
    const id = self.data.ids[i];
    const bytes = bytesOf(i);
    const text = decode(bytes);
    const facts = [
      ["token", text === null ? "part of a character" : spelled(text)],
      [self.header.id_name, id === NONE ? "not in the vocabulary" : whole(id)],
      ["bytes, in hex", hex(bytes.subarray(0, 24)) + (bytes.length > 24 ? " …" : "")],
      ["byte offset", ends[i] - starts[i] > 1 ? `${whole(starts[i])} to ${whole(ends[i] - 1)}` : whole(starts[i])],
    ];
    if (self.header.ranks) facts.push(["merge rank", special(i) ? "none: special" : bytes.length === 1 ? "none: a byte" : whole(id)]);
    if (learned[i]) facts.push(["pairs counted when learned", whole(learned[i])]);
    facts.push(["times in this text", whole(self.times.get(key(i)) ?? 0)]);
    const fact = (/** @type {string[]} */ [name, value]) => element("div", {}, element("dt", {}, name), element("dd", { title: value }, value));
    detail.replaceChildren(element("dl", {}, ...facts.map(fact)));
  }

  const key = (/** @type {number} */ i) => (self.data.ids[i] === NONE ? hex(bytesOf(i)) : self.data.ids[i]);

  function light(/** @type {number | null} */ i) {
    for (const node of [self.chips.get(self.lit), self.numbers.get(self.lit)]) node?.classList.remove("lit");
    self.lit = i;
    for (const node of [self.chips.get(i), self.numbers.get(i)]) node?.classList.add("lit");
    frame.classList.toggle("hovering", i !== null);
    describe(i ?? self.cursor);
  }

  const send = paced((position) => self.send("pin", { position }));
  function pin(/** @type {number | null} */ i) {
    self.cursor = i;
    mark();
    light(null);
    send(i === null ? null : i + self.header.offset);
  }

  const indexOf = (/** @type {any} */ event) => {
    const node = event.target.closest?.("[data-i]");
    return node ? Number(node.dataset.i) : null;
  };
  const over = (/** @type {number | null} */ i) => {
    if (i === self.lit) return;
    light(i);
    if (self.header.shared) announceHover(i === null ? null : i + self.header.offset);
  };
  // The number across is brought into sight without moving the page.
  /** @param {number} i @param {HTMLElement} pane @param {HTMLElement | undefined} node */
  function follow(i, pane, node) {
    if (node && pane.scrollHeight > pane.clientHeight) {
      const [a, b] = [node.getBoundingClientRect(), pane.getBoundingClientRect()];
      if (a.top < b.top || a.bottom > b.bottom) pane.scrollTop += a.top - b.top - pane.clientHeight / 2;
    }
  }
  for (const pane of [text, ids]) {
    pane.addEventListener("pointerover", (/** @type {PointerEvent} */ event) => {
      const i = indexOf(event);
      over(i);
      if (i === null) return;
      if (pane === text) follow(i, ids, self.numbers.get(i));
      else follow(i, text, reach(i));
    });
    pane.addEventListener("pointerleave", () => over(null));
    pane.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      const i = indexOf(event);
      if (i !== null && !String(/** @type {any} */ (root).getSelection?.() ?? "")) pin(i === self.cursor ? null : i);
    });
  }
  text.addEventListener("focusin", (/** @type {any} */ event) => event.target.matches(":focus-visible") && light(indexOf(event)));
  text.addEventListener("focusout", () => light(null));
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const to = stepAlong(event, indexOf(event) ?? self.focus, count());
    if (event.key === "Escape") {
      if (self.cursor !== null) pin(null);
    } else if (to !== null) {
      event.preventDefault();
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
  function show(/** @type {PiecesHeader} */ header, /** @type {Uint8Array<ArrayBuffer>} */ payload) {
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
  }
  const destroy = ending(send.cancel, unwatchBlocks, hush, onThemeChange(root, () => applyTheme(root)));
  return Object.assign(self, { show, destroy });
}

export default component(build);
