// @ts-check
// A text being written: coloured tokens, their alternatives, a caret to go back and forth, and the tree of all branches.
// The server writes a few tokens and stops; this component asks for more as long as nobody presses Stop.

import { unpack } from "../shared/bytes.js";
import { once } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { applyTheme, inkOn, mix, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const story = once(root, () => build(root));
  story.send = (presses) => setTriggerValue("act", presses);
  story.show(unpack(data).header);
  return story.stop;
}

const PATIENCE = 300; // ms for a press that is still under way

function build(root) {
  const $ = (selector) => root.querySelector(selector);
  const self = { header: null, pinned: null, folded: new Set(), stopped: null, presses: [], count: 0, send: () => {} };
  const by = Math.random(); // a component that is drawn anew counts its presses from the start

  // A busy server may be given only the last of several presses: each is sent until the server says that it has seen it.
  const act = (what, more = {}) => {
    self.presses.push({ ...more, do: what, number: ++self.count });
    send();
  };
  const send = () => self.send({ by, presses: self.presses, serial: self.header.serial });

  const make = (tag, className, text, more = {}) => {
    const made = Object.assign(document.createElement(tag), { className, ...more });
    if (tag === "button") made.type = "button";
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const measures = {
    p: { of: (t) => t.raw, low: 0, high: 1, words: percent, falls: true },
    surprise: { of: (t) => t.surprise, low: 0, high: 8, words: (v) => `${v.toFixed(1)} bits` },
    entropy: { of: (t) => t.entropy, low: 0, high: 6, words: (v) => `${v.toFixed(1)} bits` },
  };
  const tokens = () => [...self.header.path, ...self.header.ahead];
  const find = (node) => tokens().find((t) => t.node === node);

  // ---- the text ----

  function draw() {
    const theme = applyTheme(root);
    const header = self.header;
    const measure = measures[$(".colour").value];
    $(".ramp").style.background = `linear-gradient(90deg, ${[0.06, 0.3, 0.58, 0.86].map((t) => `rgb(${mix(theme.sequential, t)})`).join(",")})`;
    $(".low").textContent = measure.words(measure.low);
    $(".high").textContent = measure.words(measure.high) + (measure.falls ? "" : " or more");
    const pieces = [make("span", "prompt")];
    header.prompt.forEach(({ label, special }) => pieces[0].append(make("span", special ? "special" : "", label)));
    header.path.forEach((token) => pieces.push(word(token, theme, measure, "")));
    pieces.push(make("span", "caret"));
    header.ahead.forEach((token) => pieces.push(word(token, theme, measure, " ahead")));
    const focused = root.activeElement?.dataset?.node;
    const text = $(".text");
    const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
    text.replaceChildren(...pieces);
    if (focused) text.querySelector(`[data-node="${focused}"]`)?.focus();
    if (header.left && atEnd) text.scrollTop = text.scrollHeight;
    const writing = header.left > 0 && self.stopped !== header.job;
    $(".write").textContent = writing ? "Stop" : header.verb;
    $(".write").disabled = !writing && !header.can.write;
    $(".back").disabled = !header.can.back || writing;
    $(".forward").disabled = !(header.ahead.length || header.can.write) || writing;
    $(".status").textContent = header.status;
    $(".error").textContent = header.error;
    $(".say input").placeholder = header.invitation;
    $(".say input").setAttribute("aria-label", header.invitation);
    $(".say button").textContent = header.add;
    if (self.pinned !== null && !find(self.pinned)) self.pinned = null;
    panel(self.pinned);
    tree();
  }

  function word(token, theme, measure, state) {
    const value = measure.of(token);
    const made = make("button", `${token.origin}${token.special ? " special" : ""}${state}`, token.label);
    const colour = mix(theme.sequential, 0.06 + (0.8 * (value - measure.low)) / (measure.high - measure.low));
    made.style.background = `rgb(${colour})`;
    made.style.color = inkOn(colour);
    made.dataset.node = token.node;
    made.setAttribute("aria-label", `${token.label}, ${measure.words(value)}${token.origin === "drawn" ? "" : `, ${token.origin}`}`);
    made.setAttribute("aria-pressed", token.node === self.pinned);
    return made;
  }

  // ---- the alternatives of one token ----

  function panel(node) {
    const token = node === null ? null : find(node);
    $(".about").replaceChildren();
    $(".choices").replaceChildren();
    for (const b of $(".text").querySelectorAll("button")) b.classList.toggle("lit", token !== null && Number(b.dataset.node) === node);
    if (!token) {
      $(".about").textContent = tokens().length
        ? "Point at a token to see what else could have stood there; click it to keep the list, then click another word to branch."
        : "Nothing is written yet.";
      return;
    }
    const how = { drawn: `drawn by u = ${token.u?.toFixed(4)}`, chosen: "chosen by hand", typed: "typed" }[token.origin];
    const b = make("b", "", token.label);
    $(".about").append(b, ` ${how} · rank ${token.rank + 1} with the model, ${percent(token.raw)} → ${percent(token.after)} · surprise ${token.surprise.toFixed(1)} of an expected ${token.entropy.toFixed(1)} bits`);
    const most = Math.max(...token.alternatives.flatMap(([, raw, after]) => [raw ?? 0, after ?? 0]), 1e-9);
    token.alternatives.forEach(([id, raw, after]) => {
      const row = make("button", "");
      const bar = make("i", "");
      const [inner, outer] = [after ?? 0, raw ?? 0];
      bar.style.setProperty("--after", `${(100 * inner) / most}%`);
      bar.style.setProperty("--before", `${(100 * Math.max(inner, outer)) / most}%`);
      row.append(make("span", "", self.header.labels[id]), bar, make("em", "", after === null ? "cut" : percent(after)));
      row.setAttribute("aria-pressed", id === token.id);
      row.setAttribute("aria-label", `${self.header.labels[id]}, ${after === null ? "cut" : percent(after)}: branch here`);
      row.addEventListener("click", () => act("choose", { node: token.node, token: id }));
      $(".choices").append(row);
    });
    const go = make("button", "", "Put the caret after this token");
    go.style.gridTemplateColumns = "1fr";
    go.addEventListener("click", () => act("go", { node: token.node }));
    $(".choices").append(go);
  }

  // ---- the tree ----

  function tree() {
    const rows = [];
    let hidden = Infinity; // the depth of a folded branch: what is deeper is not shown
    const { branches } = self.header;
    branches.forEach((branch, i) => {
      if (branch.depth > hidden) return;
      hidden = self.folded.has(branch.first) ? branch.depth : Infinity;
      rows.push(rowOf(branch, branches[i + 1]?.depth > branch.depth));
    });
    $(".tree").replaceChildren(...rows);
  }

  function rowOf(branch, parent) {
    const row = make("div", branch.here ? "row here" : "row");
    row.style.setProperty("--depth", branch.depth);
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", branch.depth + 1);
    const folded = self.folded.has(branch.first);
    if (parent) row.setAttribute("aria-expanded", !folded);
    const fold = make("button", "fold", parent ? (folded ? "▸" : "▾") : "·", { disabled: !parent });
    fold.setAttribute("aria-label", folded ? "Unfold" : "Fold");
    fold.addEventListener("click", () => {
      self.folded.has(branch.first) ? self.folded.delete(branch.first) : self.folded.add(branch.first);
      tree();
    });
    const jump = make("button", branch.name ? "jump named" : "jump", branch.name || branch.text);
    jump.title = branch.text;
    jump.addEventListener("click", () => act("go", { node: branch.last }));
    const rename = make("button", "", "✎", { title: "Name this branch" });
    rename.setAttribute("aria-label", "Name this branch");
    rename.addEventListener("click", () => {
      const field = make("input", "", undefined, { type: "text", value: branch.name, maxLength: 60 });
      field.setAttribute("aria-label", "Name of the branch");
      const done = () => act("name", { node: branch.first, text: field.value });
      field.addEventListener("keydown", (event) => {
        if (event.key === "Enter") done();
        if (event.key === "Escape") tree();
      });
      jump.replaceWith(field);
      field.focus();
    });
    const remove = make("button", "", "✕", { title: "Delete this branch" });
    remove.setAttribute("aria-label", "Delete this branch");
    remove.addEventListener("click", () => act("delete", { node: branch.first }));
    row.append(fold, jump, make("small", "", `${branch.count} tokens · ${branch.mean.toFixed(2)} bits each`), rename, remove);
    return row;
  }

  // ---- hands ----

  const nodeOf = (event) => {
    const b = event.target.closest?.("[data-node]");
    return b ? Number(b.dataset.node) : null;
  };
  $(".text").addEventListener("pointerover", (event) => nodeOf(event) !== null && panel(nodeOf(event)));
  $(".text").addEventListener("pointerleave", () => self.pinned !== null && panel(self.pinned));
  $(".text").addEventListener("focusin", (event) => panel(nodeOf(event)));
  $(".text").addEventListener("click", (event) => {
    const node = nodeOf(event);
    if (node === null) return;
    self.pinned = self.pinned === node ? null : node;
    for (const b of $(".text").querySelectorAll("button")) b.setAttribute("aria-pressed", Number(b.dataset.node) === self.pinned);
    panel(node);
  });
  $(".text").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = [...$(".text").querySelectorAll("button")];
    if (by) {
      event.preventDefault();
      all[all.indexOf(event.target) + by]?.focus();
    } else if (event.key === "Escape") {
      self.pinned = null;
      draw();
    }
  });
  $(".write").addEventListener("click", () => {
    if (self.header.left > 0 && self.stopped !== self.header.job) {
      self.stopped = self.header.job;
      clearTimeout(self.asking);
      act("stop");
      draw();
    } else act("write");
  });
  $(".back").addEventListener("click", () => act("back"));
  $(".forward").addEventListener("click", () => act("forward"));
  $(".say").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = $(".say input");
    if (!field.value) return;
    act("type", { text: field.value });
    field.value = "";
  });
  $(".colour").addEventListener("change", draw);
  const unwatch = onThemeChange(root, () => self.header && draw());
  self.show = (header) => {
    self.header = header;
    if (header.seen.by === by) self.presses = self.presses.filter((press) => press.number > header.seen.number);
    draw();
    clearTimeout(self.asking);
    if (self.presses.length) self.asking = setTimeout(send, PATIENCE);
    else if (header.left > 0 && self.stopped !== header.job) self.asking = setTimeout(send, 0); // the next tokens, please
  };
  self.destroy = () => {
    clearTimeout(self.asking);
    unwatch();
  };
  return self;
}
