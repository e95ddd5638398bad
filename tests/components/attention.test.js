// The views of attention against core.model: softmax from q, k and v, the mean of heads, the first token set aside.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixtures, near } from "./fixtures.js"; // first: it makes a document
import { compute } from "../../assets/components/attention_stages/softmax.js";
import { Store } from "../../assets/components/heads/store.js";
import { triangle, withoutFirst } from "../../assets/components/heads/weights.js";

const { header, numbers, made, qkvz, pattern, z, mean } = fixtures.attention;

function filled() {
  const store = new Store();
  store.fill({ ...header, labels: [..."abcde"], selected: [0, 0] }, Float32Array.from(numbers));
  return store;
}

test("q, k and v give the weights and z that the model had", () => {
  const store = filled();
  assert.ok(!store.whole());
  store.set({ made: { ...made, numbers: Float32Array.from(qkvz) } });
  for (const [layer, head] of store.all())
    for (let query = 0; query < header.length; query++) {
      const stages = compute(store, layer, head, query);
      near(stages.weights, pattern[layer][head][query], 1e-5);
      near(stages.z, z[layer][head][query], 1e-5);
      assert.ok(Math.max(...stages.errors) < 1e-5);
    }
  store.fill({ ...header, reading: 8, labels: [..."vwxyz"], selected: [0, 0] }, Float32Array.from(numbers));
  assert.ok(!store.whole()); // what the weights of another text were made from is still on its way
});

test("no open head is the mean of all", () => {
  const store = filled();
  store.set({ open: [] });
  const rows = Array.from({ length: header.length }, (_, q) => Array.from({ length: header.length }, (_, k) => store.at(q, k)));
  near(rows, mean, 1e-6);
});

test("without the first token each row adds up to one again, or has nothing left", () => {
  const weights = withoutFirst(Float32Array.from([1, 0.5, 0.5, 0.6, 0.3, 0.1, 1, 0, 0, 0]), 4);
  near(weights, [0, 0, 1, 0, 0.75, 0.25, 0, 0, 0, 0], 1e-6);
  assert.equal(triangle(4), 10);
});

test("what the server says of a part is passed over while a later change is on its way", () => {
  const store = filled();
  const view = (pins, turn) => ({ open: [[0, 0]], isolated: false, pins, aside: false, turns: { open: 0, pins: turn, aside: 0 } });
  const say = (pins, turn) => store.fill({ ...header, selected: [0, 0], view: view(pins, turn) }, store.weights);
  say([1], 0);
  assert.equal(store.choose("pins", { pins: [2] }), 1);
  assert.equal(store.choose("pins", { pins: [3] }), 2);
  say([2], 1); // the answer to the first
  assert.deepEqual(store.pins, [3]);
  say([3], 2);
  assert.deepEqual(store.pins, [3]);
  say([0], 2); // decided by the page
  assert.deepEqual(store.pins, [0]);
});

test("two tokens chosen one after the other rank the heads by how much the later reads from the earlier", () => {
  const store = filled();
  assert.deepEqual(store.ranked(), []);
  store.set(store.pinning([4]));
  assert.equal(store.pair, null); // one token is no pair
  store.set(store.pinning([1])); // the pin moves to an earlier token
  assert.deepEqual(store.pair, [4, 1]);
  const shares = store.ranked().map(({ head: [layer, head], share }) => {
    near([share], [pattern[layer][head][4][1]], 1e-6);
    return share;
  });
  assert.equal(shares.length, header.layers * header.heads);
  assert.deepEqual(shares, [...shares].sort((a, b) => b - a));
  store.set(store.pinning([1, 3])); // one added to the sum: these two
  assert.deepEqual(store.pair, [3, 1]);
  store.set(store.pinning([]));
  assert.equal(store.pair, null);
  store.fill({ ...header, labels: [..."abcde"], selected: [0, 0], view: { open: [], isolated: false, pins: [2, 4], aside: false, turns: { open: 0, pins: 0, aside: 0 } } }, Float32Array.from(numbers));
  assert.deepEqual(store.pair, [4, 2]); // a link brings both back
  store.fill({ ...header, labels: [..."vwxyz"], selected: [0, 0] }, Float32Array.from(numbers));
  assert.equal(store.pair, null); // another text has other tokens
});
