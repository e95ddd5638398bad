// @ts-check
// What Python packed (pages/ui/components.py), taken apart.

// Unpacks what pages/ui/components.py:pack made: 4 bytes of header length, the header as JSON, then raw bytes.
export function unpack(data) {
  const bytes = data.slice(); // the Uint8Array we are given may be unaligned
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { header, payload: bytes.slice(4 + length) };
}
