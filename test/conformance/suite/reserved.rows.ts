import { frame, ping, text, type FrameShape } from '../frames/frame-bytes';
import { back, topic, type Numbered, type Step } from './case';

const DUE = 'echo this first';

/** Nothing is due: the frame fails the connection. */
const alone = (rule: string, title: string, shape: FrameShape): Numbered => ({
  rule,
  title,
  script: [{ send: [frame(shape)] }],
  back: [],
  ends: 'fails 1002',
});

/** The echo that is due goes out before the connection is failed, and what follows is not answered. */
const behind = (
  rule: string,
  title: string,
  shape: FrameShape,
  chop?: Extract<Step, { send: unknown }>['chop'],
): Numbered => ({
  rule,
  title: `${title} behind a valid text`,
  script: [{ send: [text(DUE), frame(shape), ping()], ...(chop === undefined ? {} : { chop }) }],
  back: [back.text(DUE)],
  ends: 'fails 1002',
});

/** Group 3: reserved bits that no extension gave a meaning. */
export const reservedBitCases = topic('3', [
  alone('F-36', 'RSV 1 on a text', { opcode: 1, rsv: 1, payload: DUE }),
  behind('F-36', 'RSV 2 on a text', { opcode: 1, rsv: 2, payload: DUE }),
  behind('F-36', 'RSV 3 on a text, frame by frame,', { opcode: 1, rsv: 3, payload: DUE }, 'frames'),
  behind('F-36', 'RSV 4 on a text, byte by byte,', { opcode: 1, rsv: 4, payload: DUE }, 1),
  alone('F-36', 'RSV 5 on a binary frame', { opcode: 2, rsv: 5, payload: DUE }),
  alone('F-36', 'RSV 6 on a Ping', { opcode: 9, rsv: 6, payload: DUE }),
  alone('F-36', 'RSV 7 on a Close', { opcode: 8, rsv: 7 }),
]);

const opcodes = (name: string, [a, b, c, d, e]: readonly [number, number, number, number, number]) =>
  topic(name, [
    alone('F-37', `opcode ${a}, empty`, { opcode: a }),
    alone('F-37', `opcode ${b} with payload`, { opcode: b, payload: 'reserved' }),
    behind('F-37', `opcode ${c}, empty,`, { opcode: c }),
    behind('F-37', `opcode ${d} with payload, frame by frame,`, { opcode: d, payload: 'reserved' }, 'frames'),
    behind('F-37', `opcode ${e} with payload, byte by byte,`, { opcode: e, payload: 'reserved' }, 1),
  ]);

/** Group 4: reserved opcodes, of data and of control frames. */
export const reservedOpcodeCases = [
  ...opcodes('4.1', [3, 4, 5, 6, 7]),
  ...opcodes('4.2', [11, 12, 13, 14, 15]),
];
