// @ts-check
// What the components of a page tell one another, without the server.

/**
 * What one component announces, all that listen on the page hear, itself included: [announce, listen]. `listen` returns what ends it.
 * @template Detail
 * @param {string} name
 * @returns {[(detail: Detail) => void, (handler: (detail: Detail) => void) => () => void]}
 */
export function channel(name) {
  return [
    (detail) => void document.dispatchEvent(new CustomEvent(name, { detail })),
    (handler) => {
      /** @param {Event} event */
      const listener = (event) => handler(/** @type {CustomEvent<Detail>} */ (event).detail);
      document.addEventListener(name, listener);
      return () => document.removeEventListener(name, listener);
    },
  ];
}

// Hovering a position in one component lights it in the others. A pin moves there too; the server hears of it from the
// strip, or from assets/components/pin.
/** @type {[(position: number | null) => void, (handler: (position: number | null) => void) => () => void]} */
export const [announceHover, listenHover] = channel("glassbox:hover");
/** @type {[(position: number | null) => void, (handler: (position: number | null) => void) => () => void]} */
export const [announcePin, listenPin] = channel("glassbox:pin");
// While the whole page is wanted, all of its sections are drawn, near or not.
/** @type {[(wanted: boolean) => void, (handler: (wanted: boolean) => void) => () => void]} */
export const [announceWhole, listenWhole] = channel("glassbox:whole");

/**
 * Asks the page for a position to be added to those pinned. False where nothing on the page adds them up.
 * @param {number} position
 */
export const addPin = (position) => !document.dispatchEvent(new CustomEvent("glassbox:add", { detail: position, cancelable: true }));

/**
 * Takes the positions that are asked for to be added.
 * @param {(position: number) => void} handler
 */
export function takeAdded(handler) {
  const listener = (/** @type {Event} */ event) => {
    event.preventDefault(); // taken
    handler(/** @type {CustomEvent<number>} */ (event).detail);
  };
  document.addEventListener("glassbox:add", listener);
  return () => document.removeEventListener("glassbox:add", listener);
}

/**
 * Keeps in `self.cursor` where the pin is: where the server says, or where this browser has put it since. `header.turn`
 * counts how often the server was told; a component is also called with what it was given before, when the theme changes.
 * @param {{ cursor?: number | null, turn?: number | null }} self
 * @param {{ cursor?: number | null, turn?: number | null }} header
 */
export function settlePin(self, header) {
  if (header.turn === null || header.turn !== self.turn) [self.turn, self.cursor] = [header.turn, header.cursor];
}
