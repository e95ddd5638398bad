// @ts-check
// A strip of token chips: hover shows, click or arrow keys pin, click again or Escape unpins.
/** @import { Chip, TokensHeader } from "../headers.js" */

import { element, find, keepChildren } from "../shared/elements.js";
import { addPin, announceHover, announcePin, listenHover, listenPin, settlePin } from "../shared/events.js";
import { adds, stepAlong } from "../shared/keys.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";
import { serverAt, tellDrawn } from "../shared/server.js";
import { applyTheme, inkOn, mix, onThemeChange, ramp } from "../shared/theme.js";

const [FAINT, MIDDLE, STRONG] = [0.06, 0.56, 0.86]; // the part of the scale that the values use
const place = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
  high === low ? MIDDLE : FAINT + ((STRONG - FAINT) * (value - low)) / (high - low);

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [frame, list, tip, legend, note] = find(root, ".frame", ".strip", ".tip", ".legend", ".note");
  const self = { cursor: /** @type {number | null} */ (null), focus: 0, header: /** @type {TokensHeader} */ (/** @type {unknown} */ (null)), turn: /** @type {number | null | undefined} */ (null), asked: /** @type {object | null} */ (null), send: nowhere };
  const chips = () => list.children;
  const describe = (/** @type {Chip} */ chip, /** @type {number} */ i) => {
    const also = self.header.also.includes(i) ? ", pinned too" : "";
    const said = numbers(i).map(([name, text]) => `, ${name} ${text}`).join("");
    return `position ${i}, ${chip.said}${chip.id === null ? "" : `, id ${chip.id}`}${said}${also}`;
  };
  // What is known of a token: the value that colours it, and its probability where that is something else.
  const numbers = (/** @type {number} */ i) => {
    const { values, value_label, probabilities } = self.header;
    const [value, probability] = [values?.[i] ?? null, probabilities?.[i] ?? null];
    const known = [];
    if (value !== null) known.push([value_label, format(value)]);
    if (probability !== null) known.push(["probability", percent(probability)]);
    return known;
  };
  const format = (/** @type {number} */ value) => (self.header.percent ? percent(value) : value.toFixed(2));

  function draw() {
    const theme = applyTheme(root);
    const { chips: tokens, values, low, high, role } = self.header;
    list.style.setProperty("--role", `var(--gb-${role})`);
    keepChildren(list, tokens.length, (i) => element("button", { "data-position": i }, element("span"), element("small")));
    tokens.forEach((chip, i) => {
      const button = chips()[i];
      button.className = `chip${chip.special ? " special" : ""}${self.header.also.includes(i) ? " also" : ""}`;
      button.firstChild.textContent = chip.label;
      button.lastChild.textContent = self.header.ids && chip.id !== null ? chip.id : "";
      button.setAttribute("aria-label", describe(chip, i));
      const value = values?.[i] ?? null;
      const colour = value === null ? null : mix(theme.sequential, place(value, low, high));
      button.classList.toggle("plain", Boolean(values) && !colour);
      button.style.background = colour ? `rgb(${colour})` : "";
      button.style.color = colour ? inkOn(colour) : "";
    });
    legend.hidden = !values;
    if (values) explain(theme);
    note.hidden = !self.header.note;
    note.textContent = self.header.note || "";
    mark();
  }

  function explain(/** @type {import("../shared/theme.js").Theme} */ theme) {
    const [bar, low, high, name] = find(legend, ".bar", ".low", ".high", ".name");
    const one = self.header.low === self.header.high; // colour, for what is so
    bar.style.background = one ? `rgb(${mix(theme.sequential, MIDDLE)})` : ramp(theme.sequential, FAINT, STRONG);
    low.textContent = one ? "" : format(self.header.low);
    high.textContent = one ? "" : format(self.header.high);
    name.textContent = self.header.value_label;
  }

  function mark() {
    self.focus = Math.min(self.cursor ?? self.focus, Math.max(chips().length - 1, 0));
    [...chips()].forEach((button, i) => {
      button.setAttribute("aria-pressed", i === self.cursor);
      button.tabIndex = i === self.focus ? 0 : -1;
    });
  }

  const send = paced((position) => self.send("pin", { position }));
  function pin(/** @type {number | null} */ position) {
    self.cursor = position;
    mark();
    if (self.header.shared) announcePin(position);
    if (self.header.reports) send(position);
  }

  function preview(/** @type {number | null} */ position) {
    const chip = position === null ? null : self.header.chips[position];
    [...chips()].forEach((button, i) => button.classList.toggle("lit", i === position));
    tip.hidden = !chip;
    if (position === null || !chip) return;
    /** @type {(string | number)[][]} */
    const rows = [
      ["position", position],
      ["token", chip.label],
      ...(chip.id === null ? [] : [["id", chip.id]]),
      ...(chip.hex ? [["bytes", chip.hex]] : []),
      ...numbers(position),
      ...(chip.note ? [["", chip.note]] : []),
    ];
    tip.replaceChildren(...rows.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
    const [chipBox, box] = [chips()[position].getBoundingClientRect(), list.getBoundingClientRect()];
    tip.style.left = `${Math.max(0, Math.min(chipBox.left - box.left, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${chipBox.bottom - frame.getBoundingClientRect().top + 6}px`;
  }

  // Asks the server's route for the strip up to a token: its answer is there sooner than a fragment would be drawn.
  const ask = paced(async (position) => {
    if (!self.header.source) return;
    const { url, ids } = self.header.source;
    const question = (self.asked = {});
    const read = ids.slice(0, (position ?? ids.length - 1) + 1);
    const answer = await fetch(new URL(url + read, serverAt())).catch(() => null);
    const found = answer?.ok ? await answer.json() : { note: "The server did not answer. Pin the token again." };
    if (question !== self.asked) return; // another one was pinned since
    Object.assign(self.header, { note: "" }, found);
    draw();
  });

  const positionOf = (/** @type {any} */ event) => {
    const button = event.target.closest?.("button");
    return button ? Number(button.dataset.position) : null;
  };
  list.addEventListener("pointerover", (/** @type {PointerEvent} */ event) => announceHover(positionOf(event)));
  list.addEventListener("pointerleave", () => announceHover(null));
  list.addEventListener("focusin", (/** @type {any} */ event) => event.target.matches(":focus-visible") && preview(positionOf(event)));
  list.addEventListener("focusout", () => preview(null));
  list.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const position = positionOf(event);
    if (position === null || (self.header.shared && adds(event) && addPin(position))) return;
    pin(position === self.cursor ? null : position);
  });
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const to = stepAlong(event, positionOf(event) ?? self.focus, chips().length);
    if (event.key === "Escape") {
      preview(null);
      if (self.cursor !== null) pin(null);
    } else if (to !== null) {
      event.preventDefault();
      pin(to);
      chips()[to]?.focus();
    }
  });
  // Every strip hears every hover, its own included; only strips of the same text light up.
  const hush = listenHover((position) => {
    if (!self.header?.shared) return preview(list.matches(":hover") ? position : null);
    preview(position !== null && position < chips().length ? position : null);
    if (!list.matches(":hover")) tip.hidden = true;
  });
  const unfollow = listenPin((position) => self.header?.source && ask(position));
  function show(/** @type {TokensHeader} */ header) {
    const known = self.asked && header.turn === self.turn && header.source?.url === self.header.source?.url;
    if (known) return draw(); // called again with what it was given before: what was asked for since is newer
    self.asked = null;
    self.header = header;
    settlePin(self, header);
    list.setAttribute("aria-label", header.title);
    draw();
    tellDrawn();
  }
  const destroy = ending(send.cancel, ask.cancel, hush, unfollow, onThemeChange(root, () => self.header && draw()));
  return Object.assign(self, { show, destroy });
}

export default component(build);
