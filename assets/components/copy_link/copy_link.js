// @ts-check
// A button that copies the address of this page with its whole state. A click asks Python for the state of this moment, because
// views that rerun alone may have changed it since this button was drawn; the answer carries the number of the question.

import { unpack } from "../shared/bytes.js";
import { once } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const link = once(root, () => build(root));
  link.ask = (question) => setTriggerValue("ask", { question });
  applyTheme(root);
  const { header } = unpack(data);
  remember(header.query);
  link.answer(header);
  return link.stop;
}

// Once something was changed, the address follows, so that a reload keeps it. Only the browser is told: the server has it all.
function remember(query) {
  const first = (globalThis.glassboxOpened ??= { query, follow: location.search.length > 1 });
  first.follow ||= query !== first.query;
  if (first.follow) history.replaceState(history.state, "", `${location.pathname}?${query}${location.hash}`);
}

function build(root) {
  const button = root.querySelector("button");
  const said = root.querySelector("[role=status]");
  const shown = root.querySelector("input");
  const self = { question: null, ask: () => {} };
  button.addEventListener("click", () => {
    self.question = `${Date.now()}-${Math.random()}`;
    self.ask(self.question);
  });
  self.answer = async ({ question, query }) => {
    if (self.question === null || question !== self.question) return;
    self.question = null;
    const url = `${location.origin}${location.pathname}?${query}${location.hash}`;
    const copied = await navigator.clipboard?.writeText(url).then(() => true, () => false);
    said.textContent = copied ? "Copied." : "Copy this address:";
    shown.value = url;
    shown.hidden = Boolean(copied);
    if (!copied) shown.select();
    clearTimeout(self.timer);
    if (copied) self.timer = setTimeout(() => (said.textContent = ""), 2500);
  };
  const unwatch = onThemeChange(root, () => applyTheme(root));
  self.destroy = () => {
    clearTimeout(self.timer);
    unwatch();
  };
  return self;
}
