// @ts-check
// What the components of a page tell one another, without the server.

// What one component announces, all that listen on the page hear, without the server: [announce, listen].
export function channel(name) {
  const announce = (position) => void document.dispatchEvent(new CustomEvent(name, { detail: position }));
  const listen = (handler) => {
    const listener = (event) => handler(event.detail);
    document.addEventListener(name, listener);
    return () => document.removeEventListener(name, listener);
  };
  return [announce, listen];
}

// Hovering a position in one component lights it in the others. A pin moves there too; the server hears of it from the
// strip, or from assets/components/pin.
export const [announceHover, listenHover] = channel("glassbox:hover");
export const [announcePin, listenPin] = channel("glassbox:pin");

// Keeps in `self.cursor` where the pin is: where the server says, or where this browser has put it since. `header.turn`
// counts how often the server was told; a component is also called with what it was given before, when the theme changes.
export function settlePin(self, header) {
  if (header.turn === null || header.turn !== self.turn) [self.turn, self.cursor] = [header.turn, header.cursor];
}
