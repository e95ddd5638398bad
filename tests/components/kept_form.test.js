// A form that its tab keeps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "../../assets/components/kept_form/kept_form.js";

const PLACE = "glassbox:form:training";

function tab(t, kept) {
  const held = new Map(kept ? [[PLACE, JSON.stringify(kept)]] : []);
  globalThis.sessionStorage = { getItem: (at) => held.get(at) ?? null, setItem: (at, text) => held.set(at, text), removeItem: (at) => held.delete(at) };
  t.after(() => delete globalThis.sessionStorage);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [sent, form] = [[], build()];
  form.send = (trigger, event) => sent.push([trigger, event.values]);
  return { sent, form, kept: () => JSON.parse(held.get(PLACE) ?? "null"), show: (values, known) => form.show({ form: "training", values, known }) };
}

test("a session that knows nothing of the form is handed what was kept, until it does", (t) => {
  const { sent, show, kept } = tab(t, { steps: 123 });
  show({}, false);
  assert.deepEqual(sent, [["kept", { steps: 123 }]]);
  show({}, false); // the page was being drawn, and the event was lost
  t.mock.timers.tick(2000);
  assert.equal(sent.length, 3);
  show({ steps: 123 }, true);
  t.mock.timers.tick(10_000);
  assert.equal(sent.length, 3);
  assert.deepEqual(kept(), { steps: 123 });
});

test("what a session has is kept, and a form that it emptied is forgotten", (t) => {
  const { sent, show, kept } = tab(t);
  show({}, false);
  show({ steps: 5 }, true);
  assert.deepEqual(kept(), { steps: 5 });
  show({}, true);
  assert.equal(kept(), null);
  t.mock.timers.tick(10_000);
  assert.deepEqual(sent, []);
});

test("nothing more is sent once the form has left the page", (t) => {
  const { sent, show, form } = tab(t, { steps: 123 });
  show({}, false);
  form.destroy();
  t.mock.timers.tick(10_000);
  assert.equal(sent.length, 1);
});
