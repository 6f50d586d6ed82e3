import { back, noise, topic, type Numbered, type Step } from './case';
import type { DeflateTerms, SideTerms } from './peer-deflate';

const KIB = 1_024;
/** Size of the messages, and of the fragments in which they come. */
const SHAPES: { size: number; fragment?: number }[] = [
  ...[16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB].map((size) => ({ size })),
  ...[8, 16, 32, 64, 128].map((kib) => ({ size: kib * KIB, fragment: 256 })),
  ...[1, 4, 32].map((kib) => ({ size: 128 * KIB, fragment: kib * KIB })),
];
/** Below it, a message that stands alone may not get smaller. */
const LEAST_SHRINKING = 256;
/** How far each message begins behind the one before it; a multiple of what a character of any text takes. */
const SHIFT = 16;

interface Content {
  readonly title: string;
  readonly kind: 'text' | 'binary';
  readonly shrinks: boolean;
  readonly bytes: Uint8Array;
}

const LENGTH = 160 * KIB;
const filled = (next: (index: number) => string) => {
  let text = '';
  for (let index = 0; text.length < LENGTH; index++) text += next(index);
  return new TextEncoder().encode(text).slice(0, LENGTH);
};
const WORDS = 'the quick relay sends every message once more to all who wait for it again'.split(' ');
/** Cyrillic of two bytes and an emoji of four: whole wherever it is cut after a multiple of four bytes. */
const SIGNS = ['да', 'ми', 'ру', 'но', 'ве', 'те', '😀', '🐉', '🌍'];

const PROSE: Content = {
  title: 'prose',
  kind: 'text',
  shrinks: true,
  bytes: filled((i) => `${WORDS[(i * i + (i >> 3)) % WORDS.length]!}${i % 11 === 0 ? '.\n' : ' '}`),
};
const CONTENTS: Content[] = [
  PROSE,
  {
    title: 'records of JSON',
    kind: 'text',
    shrinks: true,
    bytes: filled((i) => `{"id":${i},"at":${(i * 7_919) % 100_003},"name":"device ${i % 97}"}\n`),
  },
  {
    title: 'text of two and four bytes a character',
    kind: 'text',
    shrinks: true,
    bytes: filled((i) => SIGNS[(i * i + (i >> 4)) % SIGNS.length]!),
  },
  {
    title: 'a table of numbers',
    kind: 'binary',
    shrinks: true,
    bytes: new Uint8Array(Uint16Array.from({ length: LENGTH / 2 }, (_, i) => (i >> 3) * (i % 8)).buffer),
  },
  { title: 'bytes without order', kind: 'binary', shrinks: false, bytes: noise(LENGTH) },
];

const count = (size: number) => (size <= KIB ? 50 : size <= 16 * KIB ? 10 : 4);

const sized = (size: number) => (size < KIB ? `${size} B` : `${size / KIB} KiB`);

/** Messages that begin a little later in the content each time, so that each has much of the one before. */
function exchange(
  title: string,
  content: Content,
  deflate: DeflateTerms,
  { size, fragment }: (typeof SHAPES)[number],
): Numbered {
  const { kind, bytes, shrinks } = content;
  const { bits, takeover } = deflate.tested;
  const messages = Array.from({ length: count(size) }, (_, i) => bytes.subarray(i * SHIFT, i * SHIFT + size));
  return {
    rule: takeover && bits === 15 ? 'F-69' : 'F-71',
    title: `${title}, ${sized(size)}${fragment === undefined ? '' : ` in fragments of ${sized(fragment)}`}`,
    script: messages.flatMap((compress, i): Step[] => [
      { compress, opcode: kind === 'text' ? 1 : 2, ...(fragment === undefined ? {} : { fragment }) },
      { until: i + 1 },
    ]),
    back: messages.map((message) => back[kind](message)),
    ends: 'answers 1000',
    deflate,
    shrinks: shrinks && size >= LEAST_SHRINKING,
  };
}

const NAME = 'permessage-deflate';
const FREE: SideTerms = { bits: 15, takeover: true };

/** Terms that bind the end under test alone. */
function bound(tested: SideTerms, bits?: number): DeflateTerms {
  const terms = (side: 'server' | 'client') =>
    (tested.takeover ? '' : `; ${side}_no_context_takeover`) +
    (bits === undefined ? '' : `; ${side}_max_window_bits=${bits}`);
  return {
    offer: `${NAME}${terms('server')}; client_max_window_bits`,
    accepted: NAME + terms('server'),
    answer: NAME + terms('client'),
    tested,
    own: FREE,
  };
}

const UNBOUND = bound(FREE);
const STRICT: SideTerms = { bits: 9, takeover: false };
const SETS: { title: string; terms: DeflateTerms }[] = [
  { title: 'no parameters', terms: UNBOUND },
  { title: 'no context takeover', terms: bound({ bits: 15, takeover: false }) },
  { title: 'a window of 9 bits', terms: bound({ bits: 9, takeover: true }, 9) },
  { title: 'a window of 15 bits', terms: bound(FREE, 15) },
  { title: 'no context takeover and 9 bits', terms: bound(STRICT, 9) },
  { title: 'no context takeover and 15 bits', terms: bound({ bits: 15, takeover: false }, 15) },
  {
    title: 'the first of three offers',
    terms: {
      ...bound(STRICT, 9),
      asked: {
        serverNoContextTakeover: true,
        serverMaxWindowBits: 9,
        fallbacks: [{ serverNoContextTakeover: true }, {}],
      },
      offer: [bound(STRICT, 9).offer, `${NAME}; server_no_context_takeover`, NAME].join(', '),
      answer: `${bound(STRICT, 9).answer}; server_no_context_takeover; server_max_window_bits=9`,
      own: STRICT,
    },
  },
];

/** Group 12: compression of five kinds of content. Group 13: the parameters of compression. */
export const compressionCases = [
  ...CONTENTS.flatMap((content, i) =>
    topic(
      `12.${i + 1}`,
      SHAPES.map((shape) => exchange(content.title, content, UNBOUND, shape)),
    ),
  ),
  ...SETS.flatMap(({ title, terms }, i) =>
    topic(
      `13.${i + 1}`,
      SHAPES.map((shape) => exchange(title, PROSE, terms, shape)),
    ),
  ),
];
