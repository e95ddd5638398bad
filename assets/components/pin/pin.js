// @ts-check
// Tells the server of a token pinned elsewhere on the page, so that only the fragment this stands in is computed again.

import { listenPin } from "../shared/events.js";
import { component, ending, nowhere } from "../shared/mount.js";
import { paced } from "../shared/pace.js";

function build() {
  const send = paced((/** @type {number | null} */ position) => self.send("pin", { position }));
  const hush = listenPin(send);
  const self = { send: nowhere, show() {}, destroy: ending(send.cancel, hush) };
  return self;
}

export default component(build);
