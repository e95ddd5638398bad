// @ts-check
// The step of training that the map is at: played, dragged, or set by the page. `self.at` is a number, between two steps while
// the map slides from one to the next.
/** @import { SpaceHeader } from "../headers.js" */

import { find } from "../shared/elements.js";
import { focusedIn } from "../shared/mount.js";
import { whole } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";

const PACE = 650; // milliseconds from one step to the next while playing

/**
 * @param {import("../shared/mount.js").Root} root
 * @param {{ header: SpaceHeader, at: number, send: import("../shared/mount.js").Send }} self
 * @param {() => void} redraw
 */
export function timeline(root, self, redraw) {
  const [range, play, output, score] = find(root, "input[type=range]", ".play", "output", ".score");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches; // then the maps follow one another without sliding
  let [running, playing] = [0, false];
  let asked = /** @type {number | null} */ (null);
  const last = () => self.header.steps.length - 1;

  function tell() {
    const { steps, scores } = self.header;
    const s = Math.round(self.at);
    if (focusedIn(root) !== range || Number(range.value) !== s) range.value = s;
    range.setAttribute("aria-valuetext", `step ${whole(steps[s])}`);
    output.textContent = `step ${whole(steps[s])}`;
    score.textContent = scores ? `silhouette ${scores[s].toFixed(2)}` : "";
  }

  // Runs to step `to` in `time` ms, then calls `after`.
  function run(/** @type {number} */ to, /** @type {number} */ time, after = () => {}) {
    cancelAnimationFrame(running);
    const [from, begun] = [self.at, performance.now()];
    const tick = (/** @type {number} */ now) => {
      const t = time > 0 ? Math.min(Math.max(now - begun, 0) / time, 1) : 1;
      self.at = from + (to - from) * t;
      tell();
      redraw();
      if (t < 1) running = requestAnimationFrame(tick);
      else after();
    };
    running = requestAnimationFrame(tick);
  }

  const commit = paced((s) => {
    asked = s;
    self.send("step", { index: s });
  }, 250);

  function stop() {
    playing = false;
    cancelAnimationFrame(running);
    play.textContent = "▶ Play";
    play.setAttribute("aria-label", "Play the training");
  }
  function start() {
    if (self.at >= last()) self.at = 0;
    playing = true;
    play.textContent = "❚❚ Pause";
    play.setAttribute("aria-label", "Pause");
    const next = () => {
      if (!playing) return;
      if (self.at >= last()) return finish();
      const to = Math.floor(self.at) + 1;
      if (still) setTimeout(() => playing && run(to, 0, next), PACE);
      else run(to, PACE * (to - self.at), next);
    };
    tell();
    redraw();
    next();
  }
  function finish() {
    stop();
    const s = Math.round(self.at);
    run(s, still ? 0 : 150);
    commit(s);
  }
  const toggle = () => (playing ? finish() : start());
  play.addEventListener("click", toggle);
  range.addEventListener("input", () => {
    if (playing) stop();
    asked = Number(range.value);
    run(asked, still ? 0 : 180);
  });
  range.addEventListener("change", () => commit(Number(range.value)));

  // The page says where the training stands, and stood `before` (null at first).
  function follow(/** @type {number | null} */ before) {
    const { at } = self.header;
    range.max = last();
    self.at = Math.min(self.at, last());
    if (!playing && (before === null || still)) self.at = at;
    else if (!playing && at !== before && at !== asked) run(at, 450);
    asked = null;
    tell();
  }
  function leave() {
    playing = false;
    cancelAnimationFrame(running);
    commit.cancel();
  }
  return { toggle, follow, leave };
}
