import { binary, close, cut, hex, more, ping, text, utf8 } from './frame-bytes';
import { connectionLost, type Row } from './rows';
import { line } from './trace';

const failed = [line.sendsClose(1007), line.fail(1007), line.lost];

const VALID: Record<string, Uint8Array> = {
  'ASCII from end to end': Uint8Array.from({ length: 128 }, (_, i) => i),
  'Greek, Hebrew, Japanese and a clef': utf8('κόσμε שלום 世界 𝄞'),
  'the highest of one byte': hex('7f'),
  'the lowest and highest of two bytes': hex('c280 dfbf'),
  'the lowest and highest of three bytes': hex('e0a080 efbfbf'),
  'the lowest and highest of four bytes': hex('f0908080 f48fbfbf'),
  'the neighbours of the surrogates': hex('ed9fbf ee8080'),
  noncharacters: hex('efbfbe efbfbf f09fbfbe f3bfbfbf efb790 efb7af'),
  'U+FFFD': hex('efbfbd'),
  'U+0000': hex('00'),
};

/** Each with its bytes up to the one that makes it certain, and what could have followed. */
const INVALID: Record<string, [certain: string, rest: string]> = {
  'a continuation byte alone': ['80', '41'],
  'a continuation byte too many': ['c3a9 a9', '41'],
  'the bytes FE and FF': ['fe', 'ff'],
  'the byte FF behind text': ['4142 ff', '43'],
  'an overlong slash in two bytes (C0 AF)': ['c0', 'af'],
  'an overlong letter in two bytes (C1 BF)': ['c1', 'bf'],
  'an overlong slash in three bytes': ['e080', 'af'],
  'the highest overlong form of three bytes': ['e09f', 'bf'],
  'an overlong slash in four bytes': ['f080', '80af'],
  'the highest overlong form of four bytes': ['f08f', 'bfbf'],
  'the first high surrogate (ED A0 80)': ['eda0', '80'],
  'the last low surrogate (ED BF BF)': ['edbf', 'bf'],
  'a pair of surrogates': ['eda0', '81edb080'],
  'the first above U+10FFFF (F4 90 80 80)': ['f490', '8080'],
  'a lead byte for code points above U+13FFFF': ['f5', '808080'],
  'a form of five bytes': ['f8', '88808080'],
  'a form of six bytes': ['fc', '8480808080'],
  'a two-byte sequence cut by a letter': ['c341', '42'],
  'a three-byte sequence cut by a letter': ['e28241', '42'],
  'a four-byte sequence cut by a letter': ['f09d8441', '42'],
  'a lead byte behind a lead byte': ['c3c3', 'a9'],
  'a slash in five bytes after valid text': ['cebae1bdb9cf83cebcceb5 f8', '80'],
};

const valid: Row[] = Object.entries(VALID).flatMap(([name, bytes]) => [
  { rule: 'F-46', title: `valid: ${name}`, input: [text(bytes)], expect: [line.text(bytes)] },
  {
    rule: 'F-44',
    title: `valid, one byte in each fragment: ${name}`,
    options: { limits: { maxFragments: 200 } },
    input: [
      ...Array.from(bytes, (_, i) => (i === 0 ? text : more)(bytes.slice(i, i + 1), false)),
      more('', true),
    ],
    expect: [line.text(bytes)],
    expectFrames: [
      ...Array.from(bytes, (_, i) => line.frame(i === 0 ? 1 : 0, 1, false, bytes.slice(i, i + 1))),
      line.frame(0, 1, true, ''),
    ],
  },
]);

const invalid: Row[] = Object.entries(INVALID).flatMap(([name, [certain, rest]]) => {
  const until = hex(certain);
  const whole = hex(certain + rest);
  return [
    {
      rule: 'F-46',
      title: `invalid: ${name}`,
      input: [text('before'), text(whole)],
      expect: [line.text('before'), ...failed],
    },
    {
      rule: 'F-45',
      title: `${name}: fails with the first bad byte, inside an unfinished frame`,
      input: [cut(text(whole), whole.length - until.length)],
      expect: failed,
    },
    {
      rule: 'F-45',
      title: `${name}: one byte less is no fault yet`,
      input: [cut(text(whole), whole.length - until.length + 1)],
      last: connectionLost,
      expect: [line.lost],
    },
    {
      rule: 'F-45',
      title: `${name}: fails in the first fragment, the message unfinished`,
      input: [text(until, false)],
      expect: failed,
    },
    {
      rule: 'F-46',
      title: `${name}: no fault in a binary message`,
      input: [binary(whole)],
      expect: [line.binary(whole)],
    },
    {
      rule: 'P-2',
      title: `${name}: no fault in a text with validateUtf8 off`,
      options: { validateUtf8: false },
      input: [text(whole)],
      expect: [line.text(whole)],
    },
  ];
});

const incomplete: Row[] = ['c3', 'e2', 'e282', 'f0', 'f09d', 'f09d84', 'ed9f', 'f48fbf'].flatMap(
  (sequence) => [
    {
      rule: 'F-46',
      title: `a message that ends after ${sequence}`,
      input: [text(hex(`61${sequence}`))],
      expect: failed,
    },
    {
      rule: 'F-46',
      title: `a message whose last, empty fragment leaves ${sequence} incomplete`,
      input: [text(hex(sequence), false), more('', true)],
      expect: failed,
      expectFrames: [line.frame(1, 1, false, hex(sequence)), ...failed],
    },
  ],
);

const state: Row[] = [
  {
    rule: 'F-44',
    title: 'a Ping that is no UTF-8 stands inside a character without harm',
    input: [
      text(hex('e2'), false),
      ping(hex('ff')),
      more(hex('82'), false),
      more(hex('ac'), true),
      text('€'),
    ],
    expect: [line.ping(hex('ff')), line.sends(10, hex('ff')), line.text('€'), line.text('€')],
    expectFrames: [
      ...[line.frame(1, 1, false, hex('e2')), line.ping(hex('ff')), line.sends(10, hex('ff'))],
      ...[line.frame(0, 1, false, hex('82')), line.frame(0, 1, true, hex('ac')), line.frame(1, 1, true, '€')],
    ],
  },
  {
    rule: 'F-44',
    title: 'a binary message between texts is not checked, the text after it is',
    input: [text('é'), binary(hex('ff')), text(hex('c3a9ff'))],
    expect: [line.text('é'), line.binary(hex('ff')), ...failed],
  },
  {
    rule: 'F-47',
    title: 'a byte-order mark at the beginning is kept',
    input: [text(hex('efbbbf41'))],
    expect: [line.text(hex('efbbbf41'))],
  },
  {
    rule: 'F-47',
    title: 'a byte-order mark at the beginning of a close reason is kept',
    input: [close(1000, hex('efbbbf41'))],
    expect: [line.close(1000, '\u{feff}A'), line.sendsClose(1000), line.clean],
  },
];

export const utf8Rows: Row[] = [...valid, ...invalid, ...incomplete, ...state];
