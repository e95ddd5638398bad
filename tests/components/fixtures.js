// What Python says the JavaScript must compute: fixtures.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

globalThis.document ??= new EventTarget(); // where components hear one another

export const fixtures = JSON.parse(readFileSync(new URL("fixtures.json", import.meta.url), "utf8"));

// Numbers of the same shape, as near as `tolerance`.
export function near(actual, wanted, tolerance = 1e-9) {
  assert.equal(actual.length, wanted.length);
  wanted.forEach((value, i) => {
    if (Array.isArray(value)) near(actual[i], value, tolerance);
    else assert.ok(Math.abs(actual[i] - value) <= tolerance, `[${i}]: ${actual[i]} is not ${value}`);
  });
}
