// @ts-check
// Hints speak of what the visitor has: a mouse and a keyboard, or a finger.

/** @type {[RegExp, string][]} */
const TOUCH = [
  [/[^.;:]*\b(shift-click|[Aa]rrow keys|Keyboard|Escape|double-click)\b[^.;]*[.;]?/g, ""], // what a finger has not
  [/\bPoint at\b/g, "Tap"],
  [/\bpoint at\b/g, "tap"],
  [/\bClick\b/g, "Tap"],
  [/\bclick\b/g, "tap"],
];

/** Whether the visitor's first pointer is a finger. */
export const byTouch = () => globalThis.matchMedia?.("(hover: none) and (pointer: coarse)").matches ?? false;

/**
 * @param {string} hint
 * @param {boolean} [touch]
 */
export function forHand(hint, touch = byTouch()) {
  if (!touch) return hint;
  const said = TOUCH.reduce((text, [mouse, finger]) => text.replace(mouse, finger), hint).trim();
  return said.replace(/[;,]$/, ".").replace(/\s+/g, " ");
}
