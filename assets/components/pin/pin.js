// @ts-check
// Tells the server of a token pinned elsewhere on the page, so that only the fragment this stands in is computed again:
// a moment later, so that what the browser itself asks the server for at a pin is answered first.

import { listenPin } from "../shared/events.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { rested } from "../shared/pace.js";

const ANSWERED = 60; // milliseconds

function build() {
  const send = rested((/** @type {number | null} */ position) => self.send("pin", { position }), ANSWERED);
  const hush = listenPin(send);
  const self = { send: nowhere, show() {}, destroy: ending(send.cancel, hush) };
  return self;
}

export default component(build);
