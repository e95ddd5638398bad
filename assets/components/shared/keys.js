// @ts-check
// Walking with the keyboard.

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/**
 * Where an arrow key points: [right, down]; null for other keys.
 * @param {KeyboardEvent} event
 */
export const arrow = (event) => ARROWS[event.key] ?? null;

/**
 * Where a key moves to along a list of `count`, from `from`: by one with an arrow, or to an end; null for other keys.
 * @param {KeyboardEvent} event
 * @param {number} from
 * @param {number} count
 */
export function stepAlong(event, from, count) {
  if (event.key === "Home") return 0;
  if (event.key === "End") return count - 1;
  const way = arrow(event);
  return way && Math.min(Math.max(from + way[0] + way[1], 0), count - 1);
}

/**
 * Whether a click or key adds to what is chosen, instead of taking its place.
 * @param {MouseEvent | KeyboardEvent} event
 */
export const adds = (event) => event.shiftKey || event.ctrlKey || event.metaKey;
