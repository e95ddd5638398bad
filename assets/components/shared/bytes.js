// @ts-check
// What Python packed (pages/ui/components.py), taken apart.

/**
 * 4 bytes of header length, the header as JSON, then raw bytes.
 * @param {Uint8Array} data
 * @returns {{ header: any, payload: Uint8Array<ArrayBuffer> }}
 */
export function unpack(data) {
  const bytes = data.slice(); // the Uint8Array we are given may be unaligned
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { header, payload: bytes.slice(4 + length) };
}

/**
 * The payload as float32, whole numbers only.
 * @param {Uint8Array<ArrayBuffer>} payload
 */
export const floats = (payload) => new Float32Array(payload.buffer, 0, payload.byteLength >> 2);
