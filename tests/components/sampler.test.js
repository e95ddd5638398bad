// The stages of the sampler against core.generation.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RULES, chiSquare, countIds, drawFrom, drawMany, gammaQ, rawRow, rowEntropy, spread, stagesOf } from "../../assets/components/sampler/stages.js";
import { fixtures, near } from "./fixtures.js";

for (const { logits, context, settings, probs, us, draws } of fixtures.sampler) {
  test(`stages ${JSON.stringify(settings)}`, () => {
    const raw = rawRow(Float64Array.from(logits, (x) => x ?? -Infinity));
    const stages = stagesOf(raw, countIds(context), settings);
    assert.deepEqual(stages.map((stage) => stage.name), ["raw", ...Object.keys(settings)]);
    stages.forEach(({ row }, i) => {
      near(spread(row, logits.length), probs[i], 1e-12);
      assert.deepEqual(us.map((u) => row.ids[drawFrom(row, u)]), draws[i]);
      const entropy = probs[i].reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
      assert.ok(Math.abs(rowEntropy(row) - entropy) < 1e-9);
    });
  });
}

test("every stage of Python has a rule here, and stands in a fixture", () => {
  const used = new Set(fixtures.sampler.flatMap(({ settings }) => Object.keys(settings)));
  assert.deepEqual(Object.keys(RULES).sort(), [...used].sort());
});

test("the incomplete gamma function", () => {
  for (const [a, x, wanted] of fixtures.gamma) assert.ok(Math.abs(gammaQ(a, x) / wanted - 1) < 1e-9, `${a} ${x}`);
});

test("chi-square: the exact statistic, cells that are too rare pooled, none for a single token", () => {
  const row = rawRow(Float64Array.from([0, 0, 0, 0]));
  const { statistic, freedom } = chiSquare(row, Uint32Array.from([30, 20, 25, 25]), 100);
  assert.equal(statistic, 2); // (25 + 25) / 25
  assert.equal(freedom, 3);
  const rare = rawRow(Float64Array.from([0, 0, -7, -7, -7]));
  assert.equal(chiSquare(rare, Uint32Array.from([50, 50, 0, 0, 0]), 100).freedom, 1);
  assert.equal(chiSquare(rawRow(Float64Array.of(3)), Uint32Array.of(100), 100).p, null);
});

test("many draws come as often as their numbers say", () => {
  const row = rawRow(Float64Array.from([Math.log(3), 0])); // 3/4, 1/4
  let k = 0;
  const counts = drawMany(row, 1000, () => (k++ + 0.5) / 1000); // evenly spread
  assert.deepEqual([...counts], [750, 250]);
});
