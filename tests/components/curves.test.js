// The curves: what had happened by a step, and what was changed on the way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENTS, isOf, lossOf, number, speed, statistic, upTo } from "../../assets/components/curves/numbers.js";

const rows = [
  { step: 0, val_loss_per_token: 6, sample: "a" }, { step: 1, loss_per_token: 5.9 }, { step: 10, loss_per_token: 4 },
  { step: 50, loss_per_token: 2 }, { step: 50, val_loss_per_token: 2.2, sample: "b" }, { step: 50, val_loss_per_token: 2.1 },
];
const scored = (row) => number(row.val_loss_per_token);

test("the cursor never shows what was still to come", () => {
  for (let step = 0; step < 60; step++) {
    for (const has of [() => true, scored, (row) => number(row.loss_per_token), (row) => row.sample]) {
      const past = rows.filter((row) => row.step <= step && has(row));
      assert.equal(upTo({ rows }, step, has), past.at(-1) ?? null);
    }
  }
  assert.equal(upTo({ rows }, 10, scored).step, 0);
  assert.equal(upTo({ rows }, 50, scored).val_loss_per_token, 2.1, "of two at one step, the one that the table of runs shows");
  assert.equal(upTo({ rows }, 0, (row) => number(row.loss_per_token)), null);
});

test("what was steered is marked in words", () => {
  assert.equal(EVENTS.lr({ was: 0.02, lr: 0.005 }), "rate 0.02 → 5.0e-3");
  assert.equal(EVENTS.target_loss({ value: 1.5 }), "ends at loss 1.5");
  assert.equal(EVENTS.target_loss({}), "no target");
  assert.equal(EVENTS.patience({ value: 3 }), "ends after 3 evaluations no better");
  assert.equal(EVENTS.fork({ message: "adamw_lr 0.02" }), "fork: adamw_lr 0.02");
});

test("statistics are drawn of the updates, or of the evaluations where only these have them", () => {
  const drawn = [
    { step: 0, val_loss_per_token: 3, statistics: { kl: 0, held_accuracy: 0.5 } },
    { step: 1, loss_per_token: 1, statistics: { kl: 0.1, k1: -0.1, k3: 0.2, accuracy: 0 } }, { step: 2, loss_per_token: 1, statistics: { kl: 0.2, accuracy: 1 } },
    { step: 2, val_loss_per_token: 3, statistics: { kl: 0.9, held_accuracy: 0.75 } },
  ];
  const values = (name) => drawn.map(statistic({ rows: drawn }, name)).filter(number);
  assert.deepEqual(values("kl"), [0.1, 0.2]);
  assert.deepEqual(values("held_accuracy"), [0.5, 0.75]);
  assert.deepEqual(values("entropy"), []);
});

test("what preference tuning minimises is no loss of a text, and drawn only by itself", () => {
  const life = [{ step: 1, loss_per_token: 2 }, { step: 2, loss_per_token: 300, statistics: { kl: 9 } }];
  assert.deepEqual(life.map(lossOf({})), [2, null]);
  assert.deepEqual(life.slice(1).map(lossOf({ since: 2 })), [300]);
});

test("a stage begins with what was measured at its first step, not with the update that led there", () => {
  const rows = [{ step: 1, loss_per_token: 3 }, { step: 2, loss_per_token: 2 }, { step: 2, val_loss_per_token: 2 }, { step: 3, loss_per_token: 1 }, { step: 1, status: "finished" }];
  assert.deepEqual(rows.map((row) => isOf(row, 2)), [false, false, true, true, true]);
  assert.ok(rows.every((row) => isOf(row, undefined) && isOf(row, null)));
});

test("the speed of a stage is counted from its beginning", () => {
  const rows = [{ step: 7, tokens: 1000, seconds: 50 }, { step: 8, tokens: 1300, seconds: 51 }, { step: 8, event: "paused" }, { step: 9, tokens: 1600, seconds: 52 }];
  assert.equal(speed({ rows, since: 7 }), 300);
  assert.equal(speed({ rows: rows.slice(0, 1), since: 7 }), null);
  assert.equal(speed({ rows: [], since: 7 }), null);
});
