import { binary, frame, more, pattern, ping, text } from './frame-bytes';
import type { Row } from './rows';
import { line } from './trace';

const failed = (code: number) => [line.sendsClose(code), line.fail(code), line.lost];

/** Headers alone: the connection fails before any byte of the payload. */
const declared: Row[] = [
  1_048_577n,
  1n << 31n,
  1n << 32n,
  1n << 40n,
  1n << 53n,
  (1n << 53n) + 1n,
  (1n << 63n) - 1n,
].map((declares) => ({
  rule: 'F-42',
  title: `a frame that declares ${declares} bytes is failed at once, with the default limits`,
  input: [frame({ opcode: 2, declares })],
  expect: failed(1009),
}));

const unlimited: Row[] = [1n << 53n, (1n << 63n) - 1n].map((declares) => ({
  rule: 'F-42',
  title: `a frame that declares ${declares} bytes, which no number holds exactly, fails without any limit, too`,
  options: { limits: { maxFrameSize: Infinity, maxMessageSize: Infinity } },
  input: [frame({ opcode: 2, declares })],
  expect: failed(1009),
}));

const frameSize: Row[] = [0, 1, 125, 126, 1_000].flatMap((size) => {
  const limits = { maxFrameSize: Math.max(size, 1) };
  const most = limits.maxFrameSize;
  return [
    {
      rule: 'F-42',
      title: `a frame of exactly maxFrameSize ${most}`,
      options: { limits },
      input: [binary(pattern(most))],
      expect: [line.binary(pattern(most))],
    },
    {
      rule: 'F-42',
      title: `a frame of maxFrameSize ${most} and one byte, declared only`,
      options: { limits },
      input: [frame({ opcode: 1, declares: BigInt(most + 1) })],
      expect: failed(1009),
    },
  ];
});

const control: Row[] = [
  {
    rule: 'F-42',
    title: 'a Ping of 125 bytes is no matter of maxFrameSize',
    options: { limits: { maxFrameSize: 10, maxMessageSize: 10 } },
    input: [ping(pattern(125))],
    expect: [line.ping(pattern(125)), line.sends(10, pattern(125))],
  },
];

const messageSize: Row[] = [
  {
    rule: 'F-43',
    title: 'fragments that together have exactly maxMessageSize',
    options: { limits: { maxMessageSize: 10 } },
    input: [text('01234', false), more('', false), more('56789', true), text('next')],
    expect: [line.text('0123456789'), line.text('next')],
    expectFrames: [
      ...[line.frame(1, 1, false, '01234'), line.frame(0, 1, false, ''), line.frame(0, 1, true, '56789')],
      line.frame(1, 1, true, 'next'),
    ],
  },
  {
    rule: 'F-43',
    title: 'fragments that together are one byte too many fail with the header of the last',
    options: { limits: { maxMessageSize: 10 } },
    input: [text('01234', false), frame({ opcode: 0, declares: 6n })],
    expect: failed(1009),
    expectFrames: [line.frame(1, 1, false, '01234'), ...failed(1009)],
  },
  {
    rule: 'F-43',
    title: 'a single frame above maxMessageSize',
    options: { limits: { maxMessageSize: 10 } },
    input: [frame({ opcode: 2, declares: 11n })],
    expect: failed(1009),
  },
];

function fragments(count: number, payload: string, last: boolean) {
  return Array.from({ length: count }, (_, i) =>
    frame({ opcode: i === 0 ? 1 : 0, payload, fin: last && i === count - 1 }),
  );
}

function fragmentLines(count: number, payload: string, last: boolean): string[] {
  return Array.from({ length: count }, (_, i) =>
    line.frame(i === 0 ? 1 : 0, 1, last && i === count - 1, payload),
  );
}

const fragmentCount: Row[] = [
  {
    rule: 'F-43',
    title: '64 fragments, twice: the default limit counts per message',
    input: [...fragments(64, 'f', true), ...fragments(64, 'g', true)],
    expect: [line.text('f'.repeat(64)), line.text('g'.repeat(64))],
    expectFrames: [...fragmentLines(64, 'f', true), ...fragmentLines(64, 'g', true)],
  },
  {
    rule: 'F-43',
    title: '65 fragments are too many pieces: 1008',
    input: fragments(65, 'f', true),
    expect: failed(1008),
    expectFrames: [...fragmentLines(64, 'f', false), ...failed(1008)],
  },
  {
    rule: 'F-43',
    title: 'empty fragments count',
    input: fragments(65, '', false),
    expect: failed(1008),
    expectFrames: [...fragmentLines(64, '', false), ...failed(1008)],
  },
  {
    rule: 'F-43',
    title: 'SEC-13: 16,000 fragments of one byte fail at the 65th, nothing is read behind it',
    input: fragments(16_000, 'f', false),
    expect: failed(1008),
    expectFrames: [...fragmentLines(64, 'f', false), ...failed(1008)],
  },
  {
    rule: 'F-43',
    title: 'a higher maxFragments lets the same message through',
    options: { limits: { maxFragments: 1_000 } },
    input: fragments(1_000, 'f', true),
    expect: [line.text('f'.repeat(1_000))],
    expectFrames: fragmentLines(1_000, 'f', true),
  },
];

export const limitRows: Row[] = [
  ...declared,
  ...unlimited,
  ...frameSize,
  ...control,
  ...messageSize,
  ...fragmentCount,
];
