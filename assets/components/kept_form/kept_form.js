// @ts-check
// What is filled into a form, kept for as long as this tab lives: a reload hands it back to a session that knows nothing of it.
/** @import { KeptFormHeader } from "../headers.js" */

import { component, nowhere } from "../shared/mount.js";

function build() {
  let asked = false; // whether this element has looked at what is kept
  const self = {
    send: nowhere,
    show(/** @type {KeptFormHeader} */ { form, values }) {
      try {
        const place = `glassbox:form:${form}`;
        const kept = sessionStorage.getItem(place);
        const fresh = !asked && Object.keys(values).length === 0;
        asked = true;
        if (fresh && kept) self.send("kept", { values: JSON.parse(kept) });
        else if (Object.keys(values).length) sessionStorage.setItem(place, JSON.stringify(values));
        else sessionStorage.removeItem(place);
      } catch {
        // a browser that keeps nothing, or has no room: the form lasts as long as the session
      }
    },
  };
  return self;
}

export default component(build);
