import { frame } from '../frames/frame-bytes';
import { back, fragments, letters, noise, topic, type Numbered, type Step } from './case';

const KIB = 1_024;
const MIB = 1_048_576;
const ROUND_TRIPS = 1_000;

/** Every payload is a part of these. */
const KINDS = [
  { kind: 'text', opcode: 1, pool: letters(16 * MIB) },
  { kind: 'binary', opcode: 2, pool: noise(16 * MIB) },
] as const;
type Kind = (typeof KINDS)[number];

const sized = (size: number) => (size < MIB ? `${size / KIB} KiB` : `${size / MIB} MiB`);

const whole = ({ kind, opcode, pool }: Kind, size: number): Numbered => {
  const payload = pool.subarray(0, size);
  return {
    rule: 'F-52',
    title: `${kind} of ${sized(size)}`,
    script: [{ send: [frame({ opcode, payload })] }],
    back: [back[kind](payload)],
    ends: 'answers 1000',
  };
};

/** An empty frame ends the message. */
const fragmented = ({ kind, opcode, pool }: Kind, size: number): Numbered => {
  const payload = pool.subarray(0, 4 * MIB);
  const send = [...fragments(opcode, payload, size, { endsEmpty: true })];
  return {
    rule: 'F-52',
    title: `${kind} of 4 MiB in ${send.length} frames`,
    script: [{ send }],
    back: [back[kind](payload)],
    ends: 'answers 1000',
  };
};

const chopped = ({ kind, opcode, pool }: Kind, chop: number): Numbered => {
  const payload = pool.subarray(0, MIB);
  return {
    rule: 'F-51',
    title: `${kind} of 1 MiB, written ${chop} bytes at a time`,
    script: [{ send: [frame({ opcode, payload })], chop }],
    back: [back[kind](payload)],
    ends: 'answers 1000',
  };
};

const roundTrips = ({ kind, opcode, pool }: Kind, size: number): Numbered => {
  const payloads = Array.from({ length: ROUND_TRIPS }, (_, i) => pool.subarray(i * size, (i + 1) * size));
  return {
    rule: 'F-31',
    title: `${ROUND_TRIPS} round trips with ${kind} of ${size} bytes`,
    script: payloads.flatMap((payload, i): Step[] => [
      { send: [frame({ opcode, payload })] },
      { until: i + 1 },
    ]),
    back: payloads.map((payload) => back[kind](payload)),
    ends: 'answers 1000',
  };
};

const SHAPES: { make: (kind: Kind, size: number) => Numbered; sizes: number[] }[] = [
  { make: whole, sizes: [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB] },
  { make: fragmented, sizes: Array.from({ length: 9 }, (_, i) => 64 * 4 ** i) },
  { make: chopped, sizes: [64, 128, 256, 512, 1_024, 2_048] },
  { make: roundTrips, sizes: [0, 16, 64, 256, 1_024, 4_096] },
];

/** Group 9: large messages, many fragments, small pieces, round trips; text and binary take turns. */
export const limitCases = SHAPES.flatMap(({ make, sizes }, shape) =>
  KINDS.flatMap((kind, i) =>
    topic(
      `9.${2 * shape + i + 1}`,
      sizes.map((size) => make(kind, size)),
    ),
  ),
);

const AUTO = letters(65_536);

/** Group 10: a message cut into fragments of a size that does not divide it. */
export const autoFragmentCases = topic('10.1', [
  {
    rule: 'F-52',
    title: 'text of 64 KiB in fragments of 1,300 bytes',
    script: [{ send: [...fragments(1, AUTO, 1_300)] }],
    back: [back.text(AUTO)],
    ends: 'answers 1000',
  },
]);
