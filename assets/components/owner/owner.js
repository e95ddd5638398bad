// @ts-check
// The key that says whose a run is: this browser keeps the first it was offered, and later visits hand it back.

import { unpack } from "../shared/bytes.js";

export default function (component) {
  const { data, setTriggerValue } = component;
  const offered = unpack(data).header.key;
  try {
    const kept = localStorage.getItem("glassbox:owner");
    if (!kept) localStorage.setItem("glassbox:owner", offered);
    else if (kept !== offered) setTriggerValue("kept", { key: kept });
  } catch {
    // a browser that keeps nothing: the key lasts as long as the session
  }
}
