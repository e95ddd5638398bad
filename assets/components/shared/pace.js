// @ts-check
// How often something is done.

// Calls `send` at once, or for a held key only when it comes to rest: the server is asked for what the visitor looks at.
export function paced(send, rest = 120) {
  let [last, timer] = [-Infinity, 0];
  const paced = (...values) => {
    clearTimeout(timer);
    const now = performance.now();
    if (now - last > rest) send(...values);
    else timer = setTimeout(() => send(...values), rest);
    last = now;
  };
  paced.cancel = () => clearTimeout(timer);
  return paced;
}
