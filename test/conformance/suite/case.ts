import { frame, utf8, type PeerBytes } from '../frames/frame-bytes';
import type { DeflateTerms } from './peer-deflate';

/** What the player does next. */
export type Step =
  /** Writes a compressed message, in fragments of so many bytes if it says so. */
  | { compress: Uint8Array; opcode: 1 | 2; fragment?: number }
  /** Writes frames: in one go, in pieces of so many bytes, or one by one. */
  | { send: readonly PeerBytes[]; chop?: number | 'frames' }
  /** Waits until so many events have come back since the beginning. */
  | { until: number }
  /** Waits until the other end has closed. */
  | 'closed';

/** Something that comes back: a whole message or a Pong. */
export interface Back {
  readonly kind: 'text' | 'binary' | 'pong';
  readonly payload: Uint8Array;
}

/**
 * How the connection ends: the player's Close is answered, with a code or without one, or one comes unasked.
 * Either way the end under test closes TCP first.
 */
export type Ending = 'answers empty' | `answers ${number}` | `fails ${number}`;

/** One case: both `back` and `ends` must hold. */
export interface SuiteCase {
  /** Group, topic and number. */
  readonly id: string;
  readonly rule: string;
  readonly title: string;
  readonly script: readonly Step[];
  readonly back: readonly Back[];
  readonly ends: Ending;
  /** What was agreed on compression; every message that comes back must then be compressed. */
  readonly deflate?: DeflateTerms;
  /** Whether that must take fewer bytes. */
  readonly shrinks?: boolean;
  /** Whether the script has a Close of its own. Otherwise the player sends 1000 once everything came back. */
  readonly closes?: boolean;
}

/** A case without its number, which is its place among those of its topic. */
export type Numbered = Omit<SuiteCase, 'id'>;

/** Numbers the cases of one topic from 1 on. */
export function topic(name: string, cases: readonly Numbered[]): SuiteCase[] {
  return cases.map((one, index) => ({ ...one, id: `${name}.${index + 1}` }));
}

const bytes = (payload: Uint8Array | string) => (typeof payload === 'string' ? utf8(payload) : payload);

export const back = {
  text: (payload: Uint8Array | string): Back => ({ kind: 'text', payload: bytes(payload) }),
  binary: (payload: Uint8Array | string): Back => ({ kind: 'binary', payload: bytes(payload) }),
  pong: (payload: Uint8Array | string = ''): Back => ({ kind: 'pong', payload: bytes(payload) }),
};

/** Bytes without order, the same in every run, so that no two parts of a large message are alike. */
export function noise(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0, word = 0x2545f491; at < words.length; at++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[at] = word;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** The same as text, one byte for each character. */
export function letters(length: number): Uint8Array {
  const bytes = noise(length);
  for (let at = 0; at < length; at++) bytes[at] = 0x30 + (bytes[at]! & 0x3f);
  return bytes;
}

export const MESSAGE_KINDS = [
  { kind: 'text', opcode: 1, make: letters },
  { kind: 'binary', opcode: 2, make: noise },
] as const;

/** One message in fragments of this size; where they come out even, an empty one ends it if asked for. */
export function* fragments(
  opcode: 1 | 2,
  payload: Uint8Array,
  size: number,
  { endsEmpty = false, rsv = 0 } = {},
): Generator<PeerBytes> {
  const full = endsEmpty ? payload.length + 1 : payload.length;
  for (let at = 0; at < full; at += size) {
    const fin = at + size >= full;
    const first = at === 0 ? { opcode, rsv } : { opcode: 0 };
    yield frame({ ...first, fin, payload: payload.subarray(at, at + size) });
  }
}
