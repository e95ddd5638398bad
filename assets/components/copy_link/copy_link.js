// @ts-check
// A button that copies the address of this page with its whole state. A click asks Python for the state of this moment, because
// views that rerun alone may have changed it since this button was drawn; the answer carries the number of the question.
/** @import { CopyLinkHeader } from "../headers.js" */

import { find } from "../shared/elements.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { rested } from "../shared/pace.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

/** The state with which the page was opened, and whether the address follows what changes it. */
let opened = /** @type {{ query: string, follow: boolean } | null} */ (null);

// Once something was changed, the address follows, so that a reload keeps it. Only the browser is told: the server has it all.
function remember(/** @type {string} */ query) {
  opened ??= { query, follow: location.search.length > 1 };
  opened.follow ||= query !== opened.query;
  // A browser refuses an address that is set too often, by what is dragged for example.
  if (opened.follow && query !== location.search.slice(1)) history.replaceState(history.state, "", addressOf(query));
}

const addressOf = (/** @type {string} */ query) => `${location.pathname}${query && "?"}${query}${location.hash}`;

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [button, said, shown] = find(root, "button", "[role=status]", "input");
  const self = { question: /** @type {string | null} */ (null), send: nowhere };
  const quiet = rested(() => (said.textContent = ""), 2500);
  button.addEventListener("click", () => {
    self.question = `${Date.now()}-${Math.random()}`;
    self.send("ask", { question: self.question });
  });
  async function answer(/** @type {CopyLinkHeader} */ { question, link }) {
    if (self.question === null || question !== self.question) return;
    self.question = null;
    const url = `${location.origin}${addressOf(link)}`;
    const copied = await navigator.clipboard?.writeText(url).then(() => true, () => false);
    said.textContent = copied ? "Copied." : "Copy this address:";
    shown.value = url;
    shown.hidden = Boolean(copied);
    if (!copied) shown.select();
    quiet.cancel();
    if (copied) quiet();
  }
  function show(/** @type {CopyLinkHeader} */ header) {
    applyTheme(root);
    remember(header.query);
    answer(header);
  }
  return Object.assign(self, { show, destroy: ending(quiet.cancel, onThemeChange(root, () => applyTheme(root))) });
}

export default component(build);
