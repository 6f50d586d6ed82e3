import { close, frame, hex, more, ping, text, type PeerBytes } from '../frames/frame-bytes';
import { back, letters, topic, type Back, type Ending, type Numbered } from './case';

const closing = (
  rule: string,
  title: string,
  send: readonly PeerBytes[],
  ends: Ending,
  due: readonly Back[] = [],
): Numbered => ({
  rule,
  title,
  script: [{ send }],
  back: due,
  ends,
  closes: true,
});

const LARGE = letters(262_144);

const order = topic('7.1', [
  {
    rule: 'F-61',
    title: 'a text, its echo, then a Close',
    script: [{ send: [text('hello')] }, { until: 1 }],
    back: [back.text('hello')],
    ends: 'answers 1000',
  },
  closing('F-60', 'two Closes', [close(1000), close(1000)], 'answers 1000'),
  closing('F-60', 'a Ping behind the Close is not answered', [close(1000), ping()], 'answers 1000'),
  closing('F-60', 'a text behind the Close is not echoed', [close(1000), text('late')], 'answers 1000'),
  closing(
    'F-64',
    'a Close inside a message',
    [text('one', false), close(1000), more('two', true)],
    'answers 1000',
  ),
  closing(
    'F-60',
    '256 KiB, a text, a Close and a Ping: ours echoes both and then closes',
    [text(LARGE), text('hello'), close(1000), ping()],
    'answers 1000',
    [back.text(LARGE), back.text('hello')],
  ),
]);

const lengths = topic('7.3', [
  closing('F-54', 'a Close without a body', [close()], 'answers empty'),
  closing('F-55', 'a Close of one byte', [frame({ opcode: 8, payload: 'a' })], 'answers 1002'),
  closing('F-57', 'a Close with a code alone', [close(1000)], 'answers 1000'),
  closing('F-57', 'a Close with code and reason', [close(1000, 'that is all')], 'answers 1000'),
  closing('F-57', 'a reason of 123 bytes', [close(1000, 'r'.repeat(123))], 'answers 1000'),
  closing('F-38', 'a reason of 124 bytes', [close(1000, 'r'.repeat(124))], 'answers 1002'),
]);

const reasons = topic('7.5', [
  closing('F-59', 'a reason that is no UTF-8', [close(1000, hex('6f6b20c3a920eda080'))], 'answers 1007'),
]);

const code = (rule: string, given: number, answer: number) =>
  closing(rule, `Close ${given}`, [close(given)], `answers ${answer}`);
const VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const INVALID = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];

/** Group 7: the order of closing, the body of a Close, its codes. */
export const closingCases = [
  ...order,
  ...lengths,
  ...reasons,
  ...topic(
    '7.7',
    VALID.map((valid) => code('F-57', valid, valid)),
  ),
  ...topic(
    '7.9',
    INVALID.map((invalid) => code('F-56', invalid, 1002)),
  ),
  ...topic(
    '7.13',
    [5_000, 65_535].map((invalid) => code('F-56', invalid, 1002)),
  ),
];
