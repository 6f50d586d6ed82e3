import { concat } from '../helpers/bytes';
import { frame, type FrameShape, type Role } from '../conformance/frames/frame-bytes';
import type { ModelOptions } from './frames-model';

const LIMITS = [1, 2, 7, 20, 130, 70_000];
/** Bytes that mean something at some place of a frame, so that random bytes get further than the first check. */
const TELLING = [
  0, 1, 2, 3, 8, 125, 126, 127, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xbf, 0xc0, 0xc3, 0xe2, 0xed, 0xf0, 0xf4,
];

export type Random = () => number;
export const below = (random: Random, limit: number) => Math.floor(random() * limit);
export const oneOf = <T>(random: Random, values: readonly T[]): T => values[below(random, values.length)]!;

export function randomOptions(random: Random): ModelOptions {
  return {
    role: random() < 0.5 ? 'client' : 'server',
    deliver: random() < 0.5 ? 'messages' : 'frames',
    validateUtf8: random() < 0.8,
    strictLength: random() < 0.8,
    maxFrameSize: oneOf(random, LIMITS),
    maxMessageSize: oneOf(random, LIMITS),
    maxFragments: 1 + below(random, 4),
  };
}

export function randomBytes(random: Random): Uint8Array {
  const telling = random();
  return Uint8Array.from({ length: 1 + below(random, 24) }, () =>
    random() < telling ? oneOf(random, TELLING) : below(random, 256),
  );
}

const SAMPLES = ['', 'a', 'é', '€', '𝄞', 'hello', 'x'.repeat(130)].map((text) =>
  new TextEncoder().encode(text),
);

function randomPayload(random: Random, opcode: number): Uint8Array {
  const kind = random();
  if (opcode === 8 && kind < 0.8)
    return Uint8Array.of(
      oneOf(random, [3, 3, 11, 15]),
      below(random, 256),
      ...oneOf(random, SAMPLES.slice(0, 6)),
    );
  if (kind < 0.7) return concat([oneOf(random, SAMPLES), oneOf(random, SAMPLES)]);
  return randomBytes(random);
}

function randomFrame(random: Random): FrameShape {
  const opcode = random() < 0.97 ? oneOf(random, [0, 0, 1, 1, 2, 9, 10, 8]) : below(random, 16);
  const shape: FrameShape = {
    opcode,
    fin: opcode >= 8 || random() < 0.5,
    payload: randomPayload(random, opcode),
  };
  if (random() < 0.02) shape.rsv = below(random, 8);
  if (random() < 0.03) shape.lengthBytes = random() < 0.5 ? 2 : 8;
  return shape;
}

/** Frames in a row, most of them right, then perhaps one bit turned over, or the end cut off. */
export function randomFrames(random: Random, role: Role): Uint8Array {
  const bytes = concat(randomShapes(random).map((shape) => frame(shape)(role)));
  if (random() < 0.3) turnBit(random, bytes);
  return random() < 0.2 ? bytes.slice(0, below(random, bytes.length + 1)) : bytes;
}

export function randomShapes(random: Random): FrameShape[] {
  return Array.from({ length: 1 + below(random, 5) }, () => randomFrame(random));
}

export function turnBit(random: Random, bytes: Uint8Array): void {
  bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
}

/** Every byte by itself. */
export const everywhere = (bytes: Uint8Array) => Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);

export function randomCuts(bytes: Uint8Array, random: Random): number[] {
  const cuts: number[] = [];
  for (let at = below(random, 12); at < bytes.length; at += below(random, 24)) cuts.push(at);
  return cuts;
}
