// @ts-check
// Characters and bytes as they are shown.

/** @type {Record<string, string>} */
export const BLANKS = { " ": "·", "\n": "↵", "\t": "⇥" };
/** @type {Record<string, string>} */
const MARKS = { ...BLANKS, "\x7f": "␡" };
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\u0080-\u009f]/u;
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/g; // would turn around what stands beside them
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** @param {Uint8Array} bytes */
export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

/**
 * Bytes as text, null where they are none.
 * @param {Uint8Array} bytes
 */
export function decode(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Bytes as text, with U+FFFD where they are none.
 * @param {Uint8Array} bytes
 */
export const decodeAnyway = (bytes) => lenient.decode(bytes);

/** @param {string} text */
export const withoutDirection = (text) => text.replace(DIRECTION, "");

/** @param {string} text */
export const hasUnseen = (text) => UNSEEN.test(text);

/**
 * One character as it is shown, and whether that is a stand-in for something that cannot be seen. Blanks keep their look unless
 * `marks` are asked for.
 * @param {string} c
 * @param {boolean} [marks]
 * @returns {[string, boolean]}
 */
export function shown(c, marks = true) {
  const code = /** @type {number} */ (c.codePointAt(0));
  if (MARKS[c] && (marks || c === "\x7f")) return [MARKS[c], true];
  if (MARKS[c]) return [c, false];
  if (c < " ") return [String.fromCodePoint(0x2400 + code), true];
  return UNSEEN.test(c) ? [`⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`, true] : [c, false];
}

/**
 * A text on one line, every blank marked.
 * @param {string} text
 */
export const spelled = (text) => [...text].map((c) => shown(c)[0]).join("");

/** @param {string} text @param {number} most characters */
export const clip = (text, most) => ([...text].length > most ? [...text].slice(0, most - 1).join("") + "…" : text);
