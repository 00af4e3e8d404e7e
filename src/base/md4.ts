/** MD4 (RFC 1320), which MS-CHAP hashes passwords by and OpenSSL 3 no longer has. It protects nothing by itself any more. */

/** The word that each step takes, and by how much it rotates, round by round. RFC 1320 §3.4 */
const order = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
] as const;
const shifts = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15],
] as const;
const constants = [0, 0x5a827999, 0x6ed9eba1] as const;

const block = 64;

export function md4(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / block) * block);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, message.length << 3, true);
  view.setUint32(padded.length - 4, message.length >>> 29, true);
  let state: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < padded.length; at += block) state = digestBlock(state, view, at);
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, i) => {
    digest.setUint32(4 * i, word, true);
  });
  return new Uint8Array(digest.buffer);
}

type State = readonly [number, number, number, number];

function digestBlock(state: State, view: DataView, at: number): State {
  let [a, b, c, d] = state;
  order.forEach((words, round) => {
    words.forEach((word, step) => {
      const mixed = (a + mix(round, b, c, d) + view.getUint32(at + 4 * word, true) + (constants[round] ?? 0)) | 0;
      const shift = shifts[round]?.[step % 4] ?? 0;
      [a, b, c, d] = [d, (mixed << shift) | (mixed >>> (32 - shift)), b, c];
    });
  });
  return [(state[0] + a) >>> 0, (state[1] + b) >>> 0, (state[2] + c) >>> 0, (state[3] + d) >>> 0];
}

function mix(round: number, x: number, y: number, z: number): number {
  if (round === 0) return (x & y) | (~x & z);
  return round === 1 ? (x & y) | (x & z) | (y & z) : x ^ y ^ z;
}
