// The frame of the map of words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { boxOf } from "../../assets/components/space/places.js";

const N = 400;
const words = [...Array(N).keys()];
// At step 0 all words at (0, 0); at step 1 a row from 0 to 1, and two words far away.
const points = new Float32Array(2 * N * 2);
for (const i of words) points.set([i / (N - 1), 0], (N + i) * 2);
points.set([-9, 7, -8, 7], N * 2);

test("the box holds all words, or lets the few that lie far away outside", () => {
  assert.deepEqual(boxOf(points, N, 2, 1, words), [-4, 3.5, 5, 3.5]);
  const [x, y, right, up] = boxOf(points, N, 2, 1, words, 0.005);
  assert.ok(x - right >= 0 && x + right <= 1 && right > 0.49);
  assert.ok(y === 0 && up > 0);
});

test("of a few words none is left outside, and of words in one place there is a box", () => {
  assert.deepEqual(boxOf(points, N, 2, 1, [0, 1, 2], 0.005), boxOf(points, N, 2, 1, [0, 1, 2]));
  assert.deepEqual(boxOf(points, N, 2, 0, words), [0, 0, 1e-9, 1e-9]);
});

test("in three dimensions it is a ball around the middle", () => {
  assert.deepEqual(boxOf(Float32Array.of(0, 3, 4, 1, 0, 0), 2, 3, 0, [0, 1], 0.5), [0, 0, 5, 5]);
});
