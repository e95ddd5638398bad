// @ts-check
// Presses that reach a busy server, which may be given only the last of several events: each is sent until the server says
// that it has seen it (pages/ui/presses.py). An event without one asks for more of what is being written.

import { rested } from "./pace.js";

const PATIENCE = 300; // ms for a press that is still under way
const LOST = 3000; // ms without any word of the server, after which a press is sent once more

/** @typedef {{ do: string, number: number, node?: number, token?: number, text?: string }} Press */
/** @typedef {{ serial: number, seen: { by: number | null, number: number } }} Heard what a header says of them */

/** @param {(event: object) => void} send */
export function presses(send) {
  const by = Math.random(); // a component that is drawn anew counts its presses from the start
  let [waiting, count, serial] = [/** @type {Press[]} */ ([]), 0, 0];
  const emit = () => send({ by, presses: waiting, serial });
  const again = rested(emit, PATIENCE);
  const onwards = rested(emit, 0);
  // Streamlit drops what comes from a section that is not there at the moment, since the page is being drawn anew.
  const insist = rested(() => {
    emit();
    insist();
  }, LOST);
  const rest = () => {
    again.cancel();
    onwards.cancel();
    insist.cancel();
  };
  return {
    rest,
    act(/** @type {string} */ what, more = {}) {
      waiting.push({ ...more, do: what, number: ++count });
      emit();
      insist();
    },
    /** A header has come: what it has not seen is sent again; else, while something is being written, more is asked for. */
    heard(/** @type {Heard} */ header, /** @type {boolean} */ writing) {
      serial = header.serial;
      if (header.seen.by === by) waiting = waiting.filter((press) => press.number > header.seen.number);
      rest();
      if (waiting.length) again();
      else if (writing) onwards();
      if (waiting.length || writing) insist();
    },
  };
}
