// What all components share.
import assert from "node:assert/strict";
import { test } from "node:test";
import { floats, unpack } from "../../assets/components/shared/bytes.js";
import { stepAlong } from "../../assets/components/shared/keys.js";
import { percent, whole } from "../../assets/components/shared/numbers.js";
import { framed, paced, player, rested } from "../../assets/components/shared/pace.js";
import { presses } from "../../assets/components/shared/presses.js";
import { clip, decode, hex, spelled } from "../../assets/components/shared/signs.js";
import { fixtures } from "./fixtures.js";

test("per cent as Python writes it", () => {
  for (const [share, wanted] of fixtures.percent) assert.equal(percent(share), wanted);
});

test("what cannot be seen is shown as Python shows it", () => {
  for (const [text, wanted] of fixtures.visible) assert.equal(spelled(text), wanted);
});

test("what Python packed, wherever it lies in memory", () => {
  const { data, header, payload } = fixtures.packed;
  const bytes = Buffer.concat([Buffer.from([0, 0, 0]), Buffer.from(data, "base64")]).subarray(3);
  const found = unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  assert.deepEqual(found.header, header);
  assert.deepEqual([...found.payload], payload);
  assert.deepEqual([...floats(Uint8Array.from([0, 0, 128, 63, 7]))], [1]); // a byte too many
});

test("bytes, whole numbers and long names", () => {
  assert.equal(hex(Uint8Array.of(0, 175)), "00 AF");
  assert.equal(decode(Uint8Array.of(0xe2, 0x82)), null);
  assert.equal(decode(Uint8Array.of(0xe2, 0x82, 0xac)), "€");
  assert.equal(whole(50257), "50,257");
  assert.equal(clip("abcdef", 6), "abcdef");
  assert.equal(clip("abcdefg", 6), "abcde…");
});

test("keys along a list stay in it", () => {
  const to = (key, from) => stepAlong({ key }, from, 3);
  assert.deepEqual([to("ArrowRight", 2), to("ArrowLeft", 0), to("ArrowDown", 0), to("Home", 2), to("End", 0), to("a", 1)], [2, 0, 1, 0, 2, null]);
});

test("a held key is sent once at the start and once at rest", (t) => {
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const send = paced((x) => sent.push(x), 120);
  for (const x of [1, 2, 3]) {
    send(x);
    now += 30;
    t.mock.timers.tick(30);
  }
  assert.deepEqual(sent, [1]);
  t.mock.timers.tick(120);
  assert.deepEqual(sent, [1, 3]);
  now += 1000;
  send(4);
  send(5);
  send.cancel();
  t.mock.timers.tick(1000);
  assert.deepEqual(sent, [1, 3, 4]);
});

test("at rest only the last is sent", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const send = rested((x) => sent.push(x), 50);
  send(1);
  t.mock.timers.tick(40);
  send(2);
  t.mock.timers.tick(50);
  assert.deepEqual(sent, [2]);
});

test("one drawing for each frame", (t) => {
  const frames = [];
  globalThis.requestAnimationFrame = (draw) => frames.push(draw);
  globalThis.cancelAnimationFrame = () => frames.pop();
  t.after(() => {
    delete globalThis.requestAnimationFrame;
    delete globalThis.cancelAnimationFrame;
  });
  let drawn = 0;
  const draw = framed(() => drawn++);
  draw();
  draw();
  frames.shift()();
  draw();
  frames.shift()();
  assert.equal(drawn, 2);
  draw();
  draw.cancel();
  assert.equal(frames.length, 0);
});

test("a player stops by itself", (t) => {
  const ticks = new Map();
  t.mock.method(globalThis, "setInterval", (tick) => (ticks.set(7, tick), 7));
  t.mock.method(globalThis, "clearInterval", (timer) => ticks.delete(timer));
  const [steps, states] = [[], []];
  const playing = player(() => steps.push(1) < 3, 100, (running) => states.push(running));
  playing.start();
  assert.ok(playing.running());
  while (ticks.size) ticks.get(7)();
  assert.equal(steps.length, 3);
  assert.deepEqual(states, [true, false]);
});

test("a press of which nothing is heard is sent again until it is", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const { act, heard } = presses((event) => sent.push(event));
  act("say", { text: "hello" });
  t.mock.timers.tick(3000);
  t.mock.timers.tick(3000);
  assert.deepEqual(sent.map(({ presses }) => presses.map(({ number, text }) => [number, text])), Array(3).fill([[1, "hello"]]));
  const seen = { by: sent[0].by, number: 1 };
  heard({ serial: 1, seen }, true); // seen, and something is being written: more is asked for, again where nothing comes
  t.mock.timers.tick(0);
  t.mock.timers.tick(3000);
  assert.deepEqual(sent.slice(3).map(({ presses, serial }) => [presses, serial]), Array(2).fill([[], 1]));
  heard({ serial: 2, seen }, false);
  t.mock.timers.tick(60_000);
  assert.equal(sent.length, 5);
});
