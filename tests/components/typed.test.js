// What is typed for a slider: numbers as people write them, and the allowed value that is nearest.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./fixtures.js"; // first: it makes a document
import { nearest, numberIn } from "../../assets/components/shared/typed.js";

test("numbers as people write them", () => {
  const written = { "0.25": 0.25, "0,25": 0.25, "17,000": 17000, "1,234,567.5": 1234567.5, "−3": -3, " 40 ": 40, "1e3": 1000, "50 %": 50 };
  for (const [text, value] of Object.entries(written)) assert.equal(numberIn(text), value, text);
  for (const text of ["", " ", "hot", "1.2.3", "NaN", "Infinity", "--1", "<b>"]) assert.equal(numberIn(text), null, text);
});

test("the nearest allowed value", () => {
  assert.equal(nearest(0.333, 0, 2, 0.05), 0.35);
  assert.equal(nearest(99, 0, 2, 0.05), 2);
  assert.equal(nearest(-99, -8, 8, 0.05), -8);
  assert.equal(nearest(1000, 264, 4096, 8), 1000);
  assert.equal(nearest(1003, 264, 4096, 8), 1000);
  for (const [min, max, step] of [[0, 1, 0.01], [1, 200, 1], [0, 0.9999, 0.0001]])
    for (let i = 0; i <= 20; i++) {
      const wanted = min + ((max - min) * i) / 20;
      const found = nearest(wanted, min, max, step);
      assert.ok(found >= min && found <= max && Math.abs(found - wanted) <= step / 2 + 1e-9);
    }
});
