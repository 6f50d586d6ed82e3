const BLOCK = 64;

/**
 * SHA-1 of a short input. The opening handshake uses it as a plain checksum, not for secrecy, and needs it where no
 * platform hash is at hand.
 *
 * @returns 20 bytes.
 * @see RFC 3174, section 6.1.
 * @internal
 */
export function sha1(input: Uint8Array): Uint8Array {
  const padded = pad(input);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const schedule = new Int32Array(80);
  for (let offset = 0; offset < padded.byteLength; offset += BLOCK) {
    fillSchedule(schedule, padded, offset);
    mixBlock(state, schedule);
  }
  const digest = new DataView(new ArrayBuffer(20));
  state.forEach((word, index) => digest.setInt32(index * 4, word));
  return new Uint8Array(digest.buffer);
}

/** The input, a 1 bit, zeros, and the length in bits as the last 8 bytes of a block. */
function pad(input: Uint8Array): DataView {
  const length = Math.ceil((input.length + 9) / BLOCK) * BLOCK;
  const bytes = new Uint8Array(length);
  bytes.set(input);
  bytes[input.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(length - 8, input.length / 0x2000_0000);
  view.setUint32(length - 4, input.length << 3);
  return view;
}

function fillSchedule(schedule: Int32Array, padded: DataView, offset: number): void {
  for (let t = 0; t < 16; t++) schedule[t] = padded.getInt32(offset + t * 4);
  for (let t = 16; t < 80; t++) {
    schedule[t] = turn(schedule[t - 3]! ^ schedule[t - 8]! ^ schedule[t - 14]! ^ schedule[t - 16]!, 1);
  }
}

function mixBlock(state: Int32Array, schedule: Int32Array): void {
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
  for (let t = 0; t < 80; t++) {
    const next = (turn(a, 5) + choose(t, b, c, d) + e + schedule[t]!) | 0;
    e = d;
    d = c;
    c = turn(b, 30);
    b = a;
    a = next;
  }
  [a, b, c, d, e].forEach((word, index) => (state[index]! += word));
}

/** Function and constant of round `t`, added. */
function choose(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function turn(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
