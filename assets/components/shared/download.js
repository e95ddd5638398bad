// @ts-check
// A file made in the browser, saved where its visitor keeps downloads.

import { element } from "./elements.js";

/**
 * @param {string} name of the file
 * @param {string} type its media type
 * @param {...BlobPart} parts
 */
export function download(name, type, ...parts) {
  const href = URL.createObjectURL(new Blob(parts, { type }));
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
