// @ts-check
// A text being written: coloured tokens, their alternatives, a caret to go back and forth, and the tree of all branches.
// The server writes a few tokens and stops; this component asks for more as long as nobody presses Stop.
/** @import { StoryBranch, StoryHeader, StoryToken } from "../headers.js" */

import { forHand } from "../shared/hand.js";
import { element } from "../shared/elements.js";
import { arrow } from "../shared/keys.js";
import { component, ending, focusedIn, nowhere } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { presses } from "../shared/presses.js";
import { applyTheme, inkOn, mix, onThemeChange, ramp } from "../shared/theme.js";

/** @typedef {{ of: (token: StoryToken) => number, low: number, high: number, words: (value: number) => string, more: string }} Measure */

const [FAINT, STRONG] = [0.06, 0.86]; // the part of the scale that the values use
const HINT = "Point at a token to see what else could have stood there; click it to keep the list, then click another word to branch.";
const bits = (/** @type {number} */ v) => `${v.toFixed(1)} bits`;
/** @type {Record<string, Measure>} */
const MEASURES = {
  p: { of: (t) => t.raw, low: 0, high: 1, words: percent, more: "" },
  surprise: { of: (t) => t.surprise, low: 0, high: 8, words: bits, more: " or more" },
  entropy: { of: (t) => t.entropy, low: 0, high: 6, words: bits, more: " or more" },
};

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const $ = (/** @type {string} */ selector) => /** @type {any} */ (root.querySelector(selector));
  const self = {
    header: /** @type {StoryHeader} */ (/** @type {unknown} */ (null)), pinned: /** @type {number | null} */ (null), folded: /** @type {Set<number>} */ (new Set()),
    stopped: /** @type {number | null} */ (null), send: nowhere,
  };
  const { act, heard, rest } = presses((event) => self.send("act", event));
  const writing = () => self.header.left > 0 && self.stopped !== self.header.job;

  const tokens = () => [...self.header.path, ...self.header.ahead];
  const tokenOf = (/** @type {number} */ node) => tokens().find((t) => t.node === node);

  // ---- the text ----

  function draw() {
    const theme = applyTheme(root);
    const header = self.header;
    const measure = MEASURES[$(".colour").value];
    $(".ramp").style.background = ramp(theme.sequential, FAINT, STRONG);
    $(".low").textContent = measure.words(measure.low);
    $(".high").textContent = measure.words(measure.high) + measure.more;
    const prompt = header.prompt.map(({ label, special }) => element("span", { class: special ? "special" : "" }, label));
    const pieces = [
      element("span", { class: "prompt" }, ...prompt),
      ...header.path.map((token) => word(token, theme, measure, "")),
      element("span", { class: "caret" }),
      ...header.ahead.map((token) => word(token, theme, measure, " ahead")),
    ];
    const focused = focusedIn(root)?.dataset?.node;
    const text = $(".text");
    const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
    text.replaceChildren(...pieces);
    if (focused) text.querySelector(`[data-node="${focused}"]`)?.focus();
    if (header.left && atEnd) text.scrollTop = text.scrollHeight;
    const busy = writing();
    $(".write").textContent = busy ? "Stop" : header.verb;
    $(".write").disabled = !busy && !header.can.write;
    $(".back").disabled = !header.can.back || busy;
    $(".forward").disabled = !(header.ahead.length || header.can.write) || busy;
    $(".status").textContent = header.status;
    $(".error").textContent = header.error;
    $(".say input").placeholder = header.invitation;
    $(".say input").setAttribute("aria-label", header.invitation);
    $(".say button").textContent = header.add;
    if (self.pinned !== null && !tokenOf(self.pinned)) self.pinned = null;
    panel(self.pinned);
    tree();
  }

  /**
   * @param {StoryToken} token
   * @param {import("../shared/theme.js").Theme} theme
   * @param {Measure} measure
   * @param {string} state
   */
  function word(token, theme, measure, state) {
    const value = measure.of(token);
    const colour = mix(theme.sequential, FAINT + ((STRONG - FAINT) * (value - measure.low)) / (measure.high - measure.low));
    const attributes = {
      class: `${token.origin}${token.special ? " special" : ""}${state}`,
      style: { background: `rgb(${colour})`, color: inkOn(colour) },
      "data-node": token.node,
      "aria-label": `${token.label}, ${measure.words(value)}${token.origin === "drawn" ? "" : `, ${token.origin}`}`,
      "aria-pressed": token.node === self.pinned,
    };
    return element("button", attributes, token.label);
  }

  // ---- the alternatives of one token ----

  function panel(/** @type {number | null} */ node) {
    const token = node === null ? null : tokenOf(node);
    $(".about").replaceChildren();
    $(".choices").replaceChildren();
    for (const b of $(".text").querySelectorAll("button")) b.classList.toggle("lit", token !== null && Number(b.dataset.node) === node);
    if (!token) {
      $(".about").textContent = tokens().length ? forHand(HINT) : "Nothing is written yet.";
      return;
    }
    const how = { drawn: `drawn by u = ${token.u?.toFixed(4)}`, chosen: "chosen by hand", typed: "typed" }[token.origin];
    $(".about").append(element("b", {}, token.label), ` ${how} · rank ${token.rank + 1} with the model, ${percent(token.raw)} → ${percent(token.after)} · surprise ${token.surprise.toFixed(1)} of an expected ${token.entropy.toFixed(1)} bits`);
    const most = Math.max(...token.alternatives.flatMap(([, raw, after]) => [raw ?? 0, after ?? 0]), 1e-9);
    token.alternatives.forEach(([id, raw, after]) => {
      const [inner, outer, label] = [after ?? 0, raw ?? 0, self.header.labels[id]];
      const share = after === null ? "cut" : percent(after);
      const style = { "--after": `${(100 * inner) / most}%`, "--before": `${(100 * Math.max(inner, outer)) / most}%` };
      const branch = () => act("choose", { node: token.node, token: id });
      const attributes = { "aria-pressed": id === token.id, "aria-label": `${label}, ${share}: branch here`, onclick: branch };
      const parts = [element("span", {}, label), element("i", { style }), element("em", {}, share)];
      $(".choices").append(element("button", attributes, ...parts));
    });
    const go = { style: { "grid-template-columns": "1fr" }, onclick: () => act("go", { node: token.node }) };
    $(".choices").append(element("button", go, "Put the caret after this token"));
  }

  // ---- the tree ----

  function tree() {
    const rows = /** @type {HTMLElement[]} */ ([]);
    let hidden = Infinity; // the depth of a folded branch: what is deeper is not shown
    const { branches } = self.header;
    branches.forEach((branch, i) => {
      if (branch.depth > hidden) return;
      hidden = self.folded.has(branch.first) ? branch.depth : Infinity;
      rows.push(rowOf(branch, branches[i + 1]?.depth > branch.depth));
    });
    $(".tree").replaceChildren(...rows);
  }

  function rowOf(/** @type {StoryBranch} */ branch, /** @type {boolean} */ parent) {
    const folded = self.folded.has(branch.first);
    const fold = () => {
      folded ? self.folded.delete(branch.first) : self.folded.add(branch.first);
      tree();
    };
    const remove = () => act("delete", { node: branch.first });
    const named = branch.name ? "jump named" : "jump";
    const jump = element("button", { class: named, title: branch.text, onclick: () => act("go", { node: branch.last }) }, branch.name || branch.text);
    /** @param {import("../shared/elements.js").Attributes} attributes @param {string} sign */
    const button = (attributes, sign) => element("button", { title: attributes["aria-label"], ...attributes }, sign);
    return element(
      "div",
      {
        class: branch.here ? "row here" : "row",
        style: { "--depth": branch.depth },
        role: "treeitem",
        "aria-level": branch.depth + 1,
        "aria-expanded": parent ? !folded : null,
      },
      element(
        "button",
        { class: "fold", disabled: !parent, "aria-label": folded ? "Unfold" : "Fold", onclick: fold },
        parent ? (folded ? "▸" : "▾") : "·",
      ),
      jump,
      element("small", {}, `${branch.count} tokens · ${branch.mean.toFixed(2)} bits each`),
      button({ "aria-label": "Name this branch", onclick: () => rename(branch, jump) }, "✎"),
      button({ "aria-label": "Delete this branch", onclick: remove }, "✕"),
    );
  }

  // A field in the place of the branch's button.
  /** @param {StoryBranch} branch @param {HTMLElement} jump */
  function rename(branch, jump) {
    const field = element("input", { type: "text", value: branch.name, maxlength: 60, "aria-label": "Name of the branch" });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") act("name", { node: branch.first, text: field.value });
      if (event.key === "Escape") tree();
    });
    jump.replaceWith(field);
    field.focus();
  }

  // ---- hands ----

  const nodeOf = (/** @type {any} */ event) => {
    const b = event.target.closest?.("[data-node]");
    return b ? Number(b.dataset.node) : null;
  };
  $(".text").addEventListener("pointerover", (/** @type {PointerEvent} */ event) => nodeOf(event) !== null && panel(nodeOf(event)));
  $(".text").addEventListener("pointerleave", () => self.pinned !== null && panel(self.pinned));
  $(".text").addEventListener("focusin", (/** @type {FocusEvent} */ event) => panel(nodeOf(event)));
  $(".text").addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const node = nodeOf(event);
    if (node === null) return;
    self.pinned = self.pinned === node ? null : node;
    for (const b of $(".text").querySelectorAll("button")) b.setAttribute("aria-pressed", Number(b.dataset.node) === self.pinned);
    panel(node);
  });
  $(".text").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const along = arrow(event)?.[0];
    const all = [...$(".text").querySelectorAll("button")];
    if (along) {
      event.preventDefault();
      all[all.indexOf(event.target) + along]?.focus();
    } else if (event.key === "Escape") {
      self.pinned = null;
      draw();
    }
  });
  $(".write").addEventListener("click", () => {
    if (writing()) {
      self.stopped = self.header.job;
      rest();
      act("stop");
      draw();
    } else act("write");
  });
  $(".back").addEventListener("click", () => act("back"));
  $(".forward").addEventListener("click", () => act("forward"));
  $(".say").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const field = $(".say input");
    if (!field.value) return;
    act("type", { text: field.value });
    field.value = "";
  });
  $(".colour").addEventListener("change", draw);
  function show(/** @type {StoryHeader} */ header) {
    self.header = header;
    draw();
    heard(header, writing());
  }
  const unwatch = onThemeChange(root, () => self.header && draw());
  return Object.assign(self, { show, destroy: ending(rest, unwatch) });
}

export default component(build);
