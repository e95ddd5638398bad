// @ts-check
// What is filled into a form, kept for as long as this tab lives: a reload hands it back to a session that knows nothing of it.
/** @import { KeptFormHeader } from "../headers.js" */

import { component, nowhere } from "../shared/mount.js";

const AGAIN = 2000; // ms after which it is handed back once more: a page that is being drawn can miss an event

export function build() {
  let waits = /** @type {number | undefined} */ (undefined);
  const self = {
    send: nowhere,
    show(/** @type {KeptFormHeader} */ { form, values, known }) {
      clearTimeout(waits);
      try {
        const place = `glassbox:form:${form}`;
        if (!known) handBack(sessionStorage.getItem(place));
        else if (Object.keys(values).length) sessionStorage.setItem(place, JSON.stringify(values));
        else sessionStorage.removeItem(place);
      } catch {
        // a browser that keeps nothing, or has no room: the form lasts as long as the session
      }
    },
    destroy: () => clearTimeout(waits),
  };
  /** @param {string | null} kept */
  function handBack(kept) {
    if (!kept) return;
    self.send("kept", { values: JSON.parse(kept) });
    waits = setTimeout(() => handBack(kept), AGAIN);
  }
  return self;
}

export default component(build);
