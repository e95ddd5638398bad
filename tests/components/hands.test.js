// The clocks of rotary positions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { reach, turns } from "../../assets/components/clocks/hands.js";

test("a hand is as long as the head relies on its pair; without any weight all are short", () => {
  assert.equal(reach([0.25, 1], 1), 34);
  assert.equal(reach([0.25, 1], 0), 21);
  assert.equal(reach([0, 0], 0), 8);
});

test("turns in words", () => {
  assert.deepEqual([turns(6.28318), turns(1234.5), turns(Infinity)], ["6.3", "1,235", "∞"]);
});
