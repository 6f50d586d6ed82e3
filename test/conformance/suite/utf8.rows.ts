import { hex, more, text, utf8, type PeerBytes } from '../frames/frame-bytes';
import { concat } from '../../helpers/bytes';
import { back, topic, type Numbered, type SuiteCase } from './case';

/** Two, three, two, two and two bytes. */
const GREEK = utf8('σὺντο');
const SURROGATE = hex('eda080');
const MIXED = concat([GREEK, SURROGATE, utf8('after')]);

const valid = (title: string, whole: Uint8Array, send: readonly PeerBytes[] = [text(whole)]): Numbered => ({
  rule: 'F-44',
  title,
  script: [{ send }],
  back: [back.text(whole)],
  ends: 'answers 1000',
});

const invalid = (title: string, send: readonly PeerBytes[]): Numbered => ({
  rule: 'F-46',
  title,
  script: [{ send }],
  back: [],
  ends: 'fails 1007',
});

/** A text that is one valid or invalid row of bytes. */
const rowOf = (isValid: boolean) => (row: string) =>
  isValid ? valid(row, hex(row)) : invalid(row, [text(hex(row))]);
const rows = (name: string, isValid: boolean, list: readonly string[]) =>
  topic(name, list.map(rowOf(isValid)));

/** A text in frames of these parts. */
function parts(list: readonly Uint8Array[]): PeerBytes[] {
  const last = list.length - 1;
  return list.map((part, i) => (i === 0 ? text(part, last === 0) : more(part, i === last)));
}
const inBytes = (whole: Uint8Array) => parts(Array.from(whole, (byte) => Uint8Array.of(byte)));

const empty = topic('6.1', [
  valid('an empty text', utf8('')),
  valid('three empty fragments', utf8(''), parts([utf8(''), utf8(''), utf8('')])),
  valid('an empty fragment on either side', GREEK, parts([utf8(''), GREEK, utf8('')])),
]);

const SENTENCE = utf8('Grüße, 世界, мир, 🌍!');
const fragmented = topic('6.2', [
  valid('a text in one frame', SENTENCE),
  valid('in two fragments between characters', SENTENCE, parts([SENTENCE.slice(0, 9), SENTENCE.slice(9)])),
  valid('in fragments of one byte', SENTENCE, inBytes(SENTENCE)),
  valid('another in fragments of one byte', GREEK, inBytes(GREEK)),
]);

const broken = topic('6.3', [
  invalid('a surrogate in the middle of a text', [text(MIXED)]),
  invalid('the same in fragments of one byte', inBytes(MIXED)),
]);

/** The text must be failed by what is fatal; only then the rest is sent. */
const early = (title: string, before: PeerBytes, fatal: PeerBytes, rest: PeerBytes): Numbered => ({
  rule: 'F-45',
  title,
  script: [{ send: [before] }, { send: [fatal] }, 'closed', { send: [rest] }],
  back: [],
  ends: 'fails 1007',
});

/** U+110000: its second byte is the one that cannot be. */
const ABOVE = hex('f4908080');
const BEYOND = concat([GREEK, ABOVE, utf8('after')]);
const FATAL = GREEK.length + 1;

/** Of one frame with that text, the part between two places in the payload, the first with the header. */
const piece =
  (from: number, to: number): PeerBytes =>
  (role) => {
    const whole = text(BEYOND)(role);
    const header = whole.length - BEYOND.length;
    return whole.slice(from === 0 ? 0 : header + from, header + to);
  };

const failedEarly = topic('6.4', [
  early(
    'three fragments, the second not valid',
    text(GREEK, false),
    more(ABOVE, false),
    more('after', true),
  ),
  early(
    'three fragments, a character begun in the first and made impossible by the second',
    text(BEYOND.slice(0, FATAL), false),
    more(BEYOND.slice(FATAL, FATAL + 1), false),
    more(BEYOND.slice(FATAL + 1), true),
  ),
  early(
    'one frame in three pieces, the second not valid',
    piece(0, GREEK.length),
    piece(GREEK.length, GREEK.length + ABOVE.length),
    piece(GREEK.length + ABOVE.length, BEYOND.length),
  ),
  early(
    'one frame in three pieces, a character begun in the first and made impossible by one byte',
    piece(0, FATAL),
    piece(FATAL, FATAL + 1),
    piece(FATAL + 1, BEYOND.length),
  ),
]);

const scripts = topic(
  '6.5',
  ['ñandú übel', 'Ὀδυσσεύς', 'हिन्दी 한국어', '😀🐉🌍', '\ufeffe\u0301 \u200d'].map((word) =>
    valid(word, utf8(word)),
  ),
);

const CHARACTER_ENDS = new Set([2, 5, 7, 9, 11]);
const prefixes = topic(
  '6.6',
  Array.from(GREEK, (_, i) => {
    const prefix = GREEK.slice(0, i + 1);
    const title = `the first ${i + 1} bytes of a text`;
    return CHARACTER_ENDS.has(i + 1) ? valid(title, prefix) : invalid(title, [text(prefix)]);
  }),
);

const LAST_MISSING = [
  ...['c0', 'e080', 'f08080', 'f8808080', 'fc80808080'],
  ...['df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'],
];
const ALL_CONTINUATIONS = Array.from({ length: 64 }, (_, i) => (0x80 + i).toString(16)).join('');
/** What begins characters of two to six bytes. */
const STARTS = [
  [0xc0, 0xdf],
  [0xe0, 0xef],
  [0xf0, 0xf7],
  [0xf8, 0xfb],
  [0xfc, 0xfd],
] as const;
/** Bytes from the first to the last, each with a blank behind it. */
const starts = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => `${(first + i).toString(16)}20`).join('');
const encoded = (point: number) => Buffer.from(String.fromCodePoint(point)).toString('hex');
/** A surrogate as UTF-8 would write it. */
const surrogate = (unit: number) =>
  Buffer.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)).toString('hex');
const LEADING = [0xd800, 0xdb7f, 0xdb80, 0xdbff];
const TRAILING = [0xdc00, 0xdfff];
const planes = Array.from({ length: 17 }, (_, plane) => plane * 0x1_0000);

const sequences: SuiteCase[] = [
  ...rows('6.7', true, ['00', 'c280', 'e0a080', 'f0908080']),
  ...rows('6.8', false, ['f888808080', 'fc8480808080']),
  ...rows('6.9', true, ['7f', 'dfbf', 'efbfbf', 'f48fbfbf']),
  ...rows('6.10', false, ['f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf']),
  ...topic('6.11', [
    ...['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf'].map(rowOf(true)),
    rowOf(false)('f4908080'),
  ]),
  ...rows('6.12', false, [
    ...['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf'],
    ALL_CONTINUATIONS,
  ]),
  ...rows(
    '6.13',
    false,
    STARTS.map(([first, last]) => starts(first, last)),
  ),
  ...rows('6.14', false, LAST_MISSING),
  ...rows('6.15', false, [LAST_MISSING.join('')]),
  ...rows('6.16', false, ['fe', 'ff', 'fefeffff']),
  ...rows('6.17', false, ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af']),
  ...rows('6.18', false, ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf']),
  ...rows('6.19', false, ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080']),
  ...rows('6.20', false, [...LEADING, 0xdc00, 0xdf80, 0xdfff].map(surrogate)),
  ...rows(
    '6.21',
    false,
    LEADING.flatMap((high) => TRAILING.map((low) => surrogate(high) + surrogate(low))),
  ),
  ...rows(
    '6.22',
    true,
    planes.flatMap((plane) => [encoded(plane + 0xfffe), encoded(plane + 0xffff)]),
  ),
  ...rows(
    '6.23',
    true,
    Array.from({ length: 7 }, (_, i) => encoded(0xfff9 + i)),
  ),
];

/** Group 6: text that is UTF-8, and text that is not. */
export const utf8Cases = [
  ...[...empty, ...fragmented, ...broken, ...failedEarly],
  ...[...scripts, ...prefixes, ...sequences],
];
