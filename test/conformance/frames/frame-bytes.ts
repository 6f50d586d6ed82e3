import { concat } from '../../helpers/bytes';

/** Which end the connection under test is. */
export type Role = 'client' | 'server';

/** Bytes that the peer of a connection with this role sends. */
export type PeerBytes = (role: Role) => Uint8Array;

export interface FrameShape {
  opcode: number;
  payload?: Uint8Array | string;
  fin?: boolean;
  /** Reserved bits as a number from 0 to 7; 4 is RSV1. */
  rsv?: number;
  /** Bytes for the length field beyond the shortest form. */
  lengthBytes?: 2 | 8;
  /** Length to declare, whatever the payload is. */
  declares?: bigint;
  /** Whether the frame is masked; what the role wants when absent. */
  masked?: boolean;
}

export const PEER_KEY = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => parseInt(pair, 16));
}

/** Content that differs at every place, so that a swapped or lost piece shows. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index * 7 + (index >>> 8) * 13;
  return bytes;
}

/** One frame of the peer, right or wrong. Written apart from the codec, so that it cannot share its mistakes. */
export function frame(shape: FrameShape): PeerBytes {
  return (role) => {
    const payload =
      typeof shape.payload === 'string' ? utf8(shape.payload) : (shape.payload ?? new Uint8Array(0));
    const masked = shape.masked ?? role === 'server';
    const length = shape.declares ?? payload.length;
    const size = shape.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
    const keyAt = 2 + size;
    const start = masked ? keyAt + 4 : keyAt;
    const bytes = new Uint8Array(start + payload.length);
    const view = new DataView(bytes.buffer);
    bytes[0] = ((shape.fin ?? true) ? 0x80 : 0) | ((shape.rsv ?? 0) << 4) | shape.opcode;
    bytes[1] = (masked ? 0x80 : 0) | (size === 0 ? Number(length) : size === 2 ? 126 : 127);
    if (size === 2) view.setUint16(2, Number(length));
    else if (size === 8) view.setBigUint64(2, BigInt(length));
    if (masked) bytes.set(PEER_KEY, keyAt);
    bytes.set(masked ? masking(payload, PEER_KEY) : payload, start);
    return bytes;
  };
}

/** A masked or unmasked copy. */
function masking(payload: Uint8Array, key: Uint8Array): Uint8Array {
  const bytes = payload.slice();
  for (let at = 0; at < bytes.length; at++) bytes[at]! ^= key[at & 3]!;
  return bytes;
}

export const text = (payload: Uint8Array | string, fin = true) => frame({ opcode: 1, payload, fin });
export const binary = (payload: Uint8Array, fin = true) => frame({ opcode: 2, payload, fin });
export const more = (payload: Uint8Array | string, fin: boolean) => frame({ opcode: 0, payload, fin });
export const ping = (payload: Uint8Array | string = '') => frame({ opcode: 9, payload });
export const pong = (payload: Uint8Array | string = '') => frame({ opcode: 10, payload });

export function close(code?: number, reason: Uint8Array | string = ''): PeerBytes {
  if (code === undefined) return frame({ opcode: 8 });
  const said = typeof reason === 'string' ? utf8(reason) : reason;
  return frame({ opcode: 8, payload: concat([Uint8Array.of(code >> 8, code & 0xff), said]) });
}

/** All but the last `count` bytes. */
export function cut(bytes: PeerBytes, count: number): PeerBytes {
  return (role) => {
    const whole = bytes(role);
    return whole.slice(0, whole.length - count);
  };
}

/** Only the first `count` bytes. */
export function begin(bytes: PeerBytes, count: number): PeerBytes {
  return (role) => bytes(role).slice(0, count);
}

export function raw(bytes: Uint8Array): PeerBytes {
  return () => bytes;
}

/** A frame as it was read off the wire. */
export interface WireFrame {
  opcode: number;
  fin: boolean;
  rsv: number;
  masked: boolean;
  payload: Uint8Array;
}

/** Reads whole frames in their shortest form, and says so when there is anything else. */
export function readFrames(bytes: Uint8Array): WireFrame[] {
  const scanner = new FrameScanner();
  scanner.push(bytes);
  if (scanner.rest > 0) throw new Error(`${scanner.rest} bytes at the end are no whole frame`);
  return scanner.frames;
}

/** Reads frames as their bytes come; throws at a length that is not in its shortest form. */
export class FrameScanner {
  /** The frames that came whole. */
  readonly frames: WireFrame[] = [];
  #chunks: Uint8Array[] = [];
  /** Bytes that are no whole frame yet. */
  rest = 0;
  #wanted = 2;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.rest += chunk.length;
    if (this.rest < this.#wanted) return;
    const bytes = concat(this.#chunks);
    let at = 0;
    for (;;) {
      const head = headAt(bytes, at);
      this.#wanted = head.end - at;
      if (head.frame === undefined || head.end > bytes.length) break;
      const payload = bytes.slice(head.start, head.end);
      this.frames.push({ ...head.frame, payload: head.key ? masking(payload, head.key) : payload });
      at = head.end;
    }
    this.#chunks = at < bytes.length ? [bytes.slice(at)] : [];
    this.rest = bytes.length - at;
  }
}

interface Head {
  /** Absent when the header is not whole; then `end` is as far as it goes at least. */
  frame?: Omit<WireFrame, 'payload'>;
  key?: Uint8Array | undefined;
  start: number;
  end: number;
}

function headAt(bytes: Uint8Array, at: number): Head {
  if (at + 2 > bytes.length) return { start: at, end: at + 2 };
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const [first, second] = [view.getUint8(0), view.getUint8(1)];
  const masked = second >= 0x80;
  const short = second & 0x7f;
  const keyAt = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
  const start = keyAt + (masked ? 4 : 0);
  if (start > bytes.length) return { start, end: start };
  const length = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
  if (short === 126 ? length < 126 : short === 127 && length < 65_536) {
    throw new Error(`Length ${length} is too long a form`);
  }
  const frame = { opcode: first & 0x0f, fin: first >= 0x80, rsv: (first >> 4) & 7, masked };
  return { frame, key: masked ? bytes.slice(keyAt, start) : undefined, start, end: start + length };
}
