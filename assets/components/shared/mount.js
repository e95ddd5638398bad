// @ts-check
// A component's place on the page, and how long it lives there.

import { unpack } from "./bytes.js";

/** @typedef {ShadowRoot | HTMLElement} Root */
/** @typedef {(trigger: string, event: object) => void} Send sends an event to Python */

/**
 * What a component's `build(root)` makes: `show` is called with what Python sends, `send` is set before; `destroy` ends it.
 * @typedef {object} Mounted
 * @property {Send} [send]
 * @property {(header: any, payload: Uint8Array<ArrayBuffer>) => void} show
 * @property {() => void} [destroy]
 */

/** @type {Send} */
export const nowhere = () => {};

/**
 * The default function of a component's module, which Streamlit calls at each change of its data or of the theme.
 * @param {(root: Root) => Mounted} build
 */
export function component(build) {
  /** @param {{ data: Uint8Array, parentElement: Root, setTriggerValue: Send }} given */
  return ({ data, parentElement, setTriggerValue }) => {
    const self = once(parentElement, () => build(parentElement));
    self.send = setTriggerValue;
    const { header, payload } = unpack(data);
    self.show(header, payload);
    return self.stop;
  };
}

/**
 * One `destroy` of all that must end.
 * @param {...(() => void)} ends
 */
export const ending = (...ends) => () => ends.forEach((end) => end());

/**
 * The element that a component's root hangs on.
 * @param {Root} root
 */
export function hostOf(root) {
  return root instanceof ShadowRoot ? /** @type {HTMLElement} */ (root.host) : root;
}

/**
 * The element within a component that has the keyboard, if one has.
 * @param {Root} root
 */
export function focusedIn(root) {
  return root instanceof ShadowRoot ? /** @type {HTMLElement | null} */ (root.activeElement) : null;
}

/**
 * Keeps one object per mounted component. Streamlit cleans up and calls the default function again on each change, on a busy
 * machine some time later: what `start` returned is torn down only when its element has left the page. `stop` is for Streamlit.
 * @template {{ destroy?(): void }} Kept
 * @param {Root} root
 * @param {() => Kept} start
 * @returns {Kept & { calls: number, stop(): void }}
 */
export function once(root, start) {
  const host = /** @type {HTMLElement & { glassbox?: any }} */ (hostOf(root));
  if (!host.glassbox) host.glassbox = Object.assign(start(), { calls: 0 });
  const kept = host.glassbox;
  const call = ++kept.calls;
  const leave = () =>
    setTimeout(() => {
      if (kept.calls !== call) return;
      if (host.isConnected) return void leave();
      kept.destroy?.();
      delete host.glassbox;
    }, 50);
  kept.stop = () => void leave();
  return kept;
}
