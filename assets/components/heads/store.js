// @ts-check
// What linked views of the heads share: the numbers, which heads are open, and which tokens are pinned.

import { listenHover } from "../shared/events.js";

const PARTS = { open: ["open", "isolated"], pins: ["pins"], aside: ["aside"] }; // of the view: each is changed on its own

// `weights`: for each head the rows of its pattern one after another, row q with q + 1 numbers; then q, k, v and z of
// every head, (T, Dh) each, when `header.d_head` says so. `open`: the heads on show; none means the mean of all.
export function makeStore() {
  const listeners = new Set();
  const store = { header: null, weights: null, open: [[0, 0]], isolated: false, pins: [], aside: false };
  Object.assign(store, { hovered: null, side: null, still: false, memo: null, turns: { open: 0, pins: 0, aside: 0 } });
  const triangle = (length) => (length * (length + 1)) / 2;
  const offset = (layer, head) => (layer * store.header.heads + head) * triangle(store.header.length);

  store.subscribe = (listener) => {
    listeners.add(listener);
    if (store.header) listener();
    return () => listeners.delete(listener);
  };
  store.set = (change) => {
    Object.assign(store, change);
    if (["open", "isolated", "peek", "aside", "weights"].some((name) => name in change)) store.memo = null;
    for (const listener of listeners) listener();
  };
  // A change of a part of the view by the visitor: shown at once. The server is told its turn, and says it back.
  store.choose = (part, change) => {
    store.set(change);
    return ++store.turns[part];
  };
  // What the server says of a part is out of date while a later change of that part is on its way. (Turns that went back are
  // those of a new session.)
  store.fill = (header, weights) => {
    const news = {};
    for (const [part, names] of Object.entries(header.view ? PARTS : {})) {
      const turn = header.view.turns[part];
      const late = turn < store.turns[part] && turn >= store.heard[part];
      store.heard[part] = turn;
      if (late) continue;
      store.turns[part] = turn;
      for (const name of names) news[name] = header.view[name];
    }
    store.set({ header, weights, ...news });
  };
  // The page is left: whatever the server says next is news.
  store.forget = () => Object.assign(store, { peek: null, heard: { open: Infinity, pins: Infinity, aside: Infinity } });
  store.all = () => {
    const { layers, heads } = store.header;
    return Array.from({ length: layers * heads }, (_, i) => [Math.floor(i / heads), i % heads]);
  };
  store.shown = () => (store.peek && !store.isolated ? [store.peek] : store.open.length ? store.open : store.all());
  // The head whose stages are shown.
  store.main = () => (store.shown().length === 1 ? store.shown()[0] : store.open.at(-1) ?? store.header.selected);
  // The weights of one head, or the mean of several, as a triangle; without the first token when that is set aside.
  store.matrix = () => (store.memo ??= reduce(store.shown()));
  store.row = (q) => store.matrix().subarray(triangle(q), triangle(q) + q + 1);
  store.at = (q, k) => (k > q ? 0 : store.matrix()[triangle(q) + k]);
  // The tokens in question: the one pointed at, else those pinned, else the last.
  store.queries = () => {
    const last = store.header.length - 1;
    const asked = store.hovered !== null && store.hovered <= last ? [store.hovered] : store.pins;
    return asked.length ? asked : [last];
  };
  store.query = () => store.queries().at(-1);
  store.given = (layer, head, q) => {
    const start = offset(layer, head) + triangle(q); // as the model gave them, whatever is set aside
    return store.weights.subarray(start, start + q + 1);
  };
  store.vectors = (name, layer, head) => {
    const { layers, heads, length, d_head } = store.header;
    const block = ["q", "k", "v", "z"].indexOf(name) * layers * heads + layer * heads + head;
    const start = layers * heads * triangle(length) + block * length * d_head;
    return store.weights.subarray(start, start + length * d_head);
  };

  function reduce(heads) {
    const { length } = store.header;
    const sum = new Float32Array(triangle(length));
    for (const [layer, head] of heads) {
      const from = offset(layer, head);
      for (let i = 0; i < sum.length; i++) sum[i] += store.weights[from + i];
    }
    for (let i = 0; i < sum.length; i++) sum[i] /= heads.length;
    return store.aside ? withoutFirst(sum, length) : sum;
  }
  // Each row's other weights, divided by what they add up to. A row that gave all to the first token has nothing left.
  function withoutFirst(weights, length) {
    for (let q = 0, at = 0; q < length; at += ++q) {
      let rest = 0;
      for (let k = 1; k <= q; k++) rest += weights[at + k];
      weights[at] = 0;
      for (let k = 1; k <= q; k++) weights[at + k] = rest > 1e-6 ? weights[at + k] / rest : 0;
    }
    return weights;
  }
  store.one = (layer, head) => reduce([[layer, head]]);
  store.forget();
  store.close = listenHover((position) => {
    if (store.header && !store.still && position !== store.hovered) store.set({ hovered: position, side: null });
  });
  return store;
}

// The one of the page, which the grid fills and the views beside it follow.
export const linkedStore = makeStore();
