// @ts-check
// What stands under the figures of the page.

/**
 * The sentence and the Python of a figure, by the element that shows them.
 * @type {WeakMap<Element, { sentence: string, code: string }>}
 */
export const lines = new WeakMap();
