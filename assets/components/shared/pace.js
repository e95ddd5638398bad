// @ts-check
// How often something is done. What these return has a `cancel` for what is still to come.

/**
 * @template {any[]} Values
 * @typedef {((...values: Values) => void) & { cancel(): void }} Paced
 */

/**
 * Calls `send` at once, or for a held key only when it comes to rest: the server is asked for what the visitor looks at.
 * @template {any[]} Values
 * @param {(...values: Values) => void} send
 * @param {number} [rest] milliseconds
 * @returns {Paced<Values>}
 */
export function paced(send, rest = 120) {
  const later = rested(send, rest);
  let last = -Infinity;
  /** @param {Values} values */
  const call = (...values) => {
    later.cancel();
    const now = performance.now();
    if (now - last > rest) send(...values);
    else later(...values);
    last = now;
  };
  return Object.assign(call, { cancel: later.cancel });
}

/**
 * Calls `send` when nothing new has come for `rest` milliseconds.
 * @template {any[]} Values
 * @param {(...values: Values) => void} send
 * @param {number} rest
 * @returns {Paced<Values>}
 */
export function rested(send, rest) {
  let timer = 0;
  /** @param {Values} values */
  const call = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(send, rest, ...values);
  };
  return Object.assign(call, { cancel: () => clearTimeout(timer) });
}

/**
 * Calls `draw` once before the next frame, however often it was asked for.
 * @param {() => void} draw
 * @returns {Paced<[]>}
 */
export function framed(draw) {
  let frame = 0;
  const call = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  };
  const cancel = () => {
    cancelAnimationFrame(frame);
    frame = 0;
  };
  return Object.assign(call, { cancel });
}

/**
 * Calls `next` every `pace` milliseconds from `start` to `stop`, or until `next` returns false; `changed(running)` hears of both.
 * @param {() => boolean} next
 * @param {number} pace
 * @param {(running: boolean) => void} changed
 */
export function player(next, pace, changed) {
  let timer = 0;
  const self = {
    running: () => timer !== 0,
    start() {
      timer = setInterval(() => next() || self.stop(), pace);
      changed(true);
    },
    stop() {
      clearInterval(timer);
      timer = 0;
      changed(false);
    },
  };
  return self;
}
