// @ts-check
// Canvases at the screen's resolution, drawn in CSS pixels.

/**
 * A pen on a wiped canvas, which gets `height` where that is given, else has the size its style gives it.
 * @param {HTMLCanvasElement} canvas
 * @param {string} [font]
 * @param {number} [height]
 * @returns {{ pen: CanvasRenderingContext2D, width: number, height: number }}
 */
export function penOn(canvas, font, height = canvas.clientHeight) {
  const scale = globalThis.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.reset(); // the same size: wiped, not made anew
  pen.scale(scale, scale);
  if (font) pen.font = font;
  return { pen, width, height };
}

/**
 * A picture of `width` × `height` pixels, small: whoever shows it enlarges it. pixels: RGBA, as `table` in theme.js gives them.
 * @param {number} width
 * @param {number} height
 * @param {Uint32Array} pixels
 */
export function pictureOf(width, height, pixels) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  new Uint32Array(image.data.buffer).set(pixels);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
