// @ts-check
// The key that says whose a run is: this browser keeps the first it was offered, and later visits hand it back.
/** @import { OwnerHeader } from "../headers.js" */

import { component, nowhere } from "../shared/mount.js";

function build() {
  const self = {
    send: nowhere,
    show(/** @type {OwnerHeader} */ { key }) {
      try {
        const kept = localStorage.getItem("glassbox:owner");
        if (!kept) localStorage.setItem("glassbox:owner", key);
        else if (kept !== key) self.send("kept", { key: kept });
      } catch {
        // a browser that keeps nothing: the key lasts as long as the session
      }
    },
  };
  return self;
}

export default component(build);
