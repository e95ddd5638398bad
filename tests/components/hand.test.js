// Hints for a finger: it taps, and has no keys.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./fixtures.js"; // first: it makes a document
import { forHand } from "../../assets/components/shared/hand.js";

test("a finger taps, and is told of no keys", () => {
  const hint = "Point at a head to preview it; click opens it, again closes it; double-click keeps only that one; shift-click adds one. Arrow keys walk, i isolates, Escape closes.";
  assert.equal(forHand(hint, true), "Tap a head to preview it; tap opens it, again closes it.");
  assert.equal(forHand("Press a part to switch it off, again to switch it on. Arrow keys move.", true), "Press a part to switch it off, again to switch it on.");
  assert.equal(forHand("Click one token, then another: they are ranked.", true), "Tap one token, then another: they are ranked.");
  assert.equal(forHand(hint, false), hint);
});
