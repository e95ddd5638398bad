// @ts-check
// A conversation: whose turn is whose, a question that can be edited, an answer that is written while one looks and can be stopped.
// The server writes a few tokens and stops; this component asks for more as long as nobody presses Stop.
/** @import { ChatHeader } from "../headers.js" */

import { element, find } from "../shared/elements.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { presses } from "../shared/presses.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

const NAMES = { system: "System", user: "You", assistant: "Model" };

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [log, form, field, send, again, undo, restart, status, error] = find(
    root, ".log", ".say", ".say input", ".send", ".again", ".undo", ".restart", ".status", ".error",
  );
  const self = { header: /** @type {ChatHeader} */ (/** @type {unknown} */ (null)), stopped: /** @type {number | null} */ (null), send: nowhere };
  const { act, heard, rest } = presses((event) => self.send("act", event));
  const writing = () => self.header.left > 0 && self.stopped !== self.header.job;

  function draw() {
    applyTheme(root);
    const { header } = self;
    const busy = writing();
    if (!log.querySelector(".edit")) {
      const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
      log.replaceChildren(...header.messages.map(turn));
      if (header.messages.length < 2) log.append(element("p", { class: "empty" }, "Ask something, or press one of the questions below."));
      if (atEnd) log.scrollTop = log.scrollHeight;
    }
    send.textContent = busy ? "Stop" : "Send";
    for (const button of [again, undo, restart]) button.disabled = busy || header.messages.length < 2;
    status.textContent = busy ? "" : header.status;
    error.textContent = header.error;
  }

  /** @param {ChatHeader["messages"][number]} message @param {number} place */
  function turn(message, place) {
    const last = place === self.header.messages.length - 1;
    const role = element("div", { class: "role" }, NAMES[message.role]);
    const words = element("div", { class: "words" }, message.text);
    if (message.role === "user") {
      const edit = element("button", { "aria-label": `Edit: ${message.text}`, onclick: () => change(words, message) }, "✎ edit");
      role.append(edit);
    }
    return element("div", { class: `turn ${message.role}${last && writing() ? " writing" : ""}` }, role, words);
  }

  /** A field in the place of a question. @param {HTMLElement} words @param {ChatHeader["messages"][number]} message */
  function change(words, message) {
    const input = element("input", { type: "text", value: message.text, maxlength: 400, "aria-label": "The question in other words" });
    const close = () => {
      box.remove();
      draw();
    };
    const done = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (input.value.trim()) act("edit", { node: message.number, text: input.value });
      close();
    };
    const box = element("form", { class: "edit", onsubmit: done }, input, element("button", { type: "submit" }, "Ask this"));
    input.addEventListener("keydown", (event) => event.key === "Escape" && close());
    words.replaceWith(box);
    input.focus();
  }

  form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (writing()) {
      self.stopped = self.header.job;
      rest();
      act("stop");
      draw();
    } else if (field.value.trim()) {
      act("say", { text: field.value });
      field.value = "";
    }
  });
  again.addEventListener("click", () => act("again"));
  undo.addEventListener("click", () => act("undo"));
  restart.addEventListener("click", () => act("restart"));
  function show(/** @type {ChatHeader} */ header) {
    self.header = header;
    draw();
    heard(header, writing());
  }
  const unwatch = onThemeChange(root, () => self.header && draw());
  return Object.assign(self, { show, destroy: ending(rest, unwatch) });
}

export default component(build);
