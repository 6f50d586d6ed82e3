import { frame, more, ping, text, type PeerBytes } from '../frames/frame-bytes';
import { back, topic, type Back, type Numbered } from './case';

const CHOPS = [
  { how: 'at once', chop: {} },
  { how: 'frame by frame', chop: { chop: 'frames' as const } },
  { how: 'byte by byte', chop: { chop: 1 } },
];

/** The same frames in one go, frame by frame and byte by byte. */
function inThreeWays(
  rule: string,
  title: string,
  send: readonly PeerBytes[],
  outcome: Pick<Numbered, 'back' | 'ends'>,
): Numbered[] {
  return CHOPS.map(({ how, chop }) => ({
    rule,
    title: `${title}, ${how}`,
    script: [{ send, ...chop }],
    ...outcome,
  }));
}

const WHOLE: Back[] = [back.text('fragment one, fragment two')];
const HALVES = [text('fragment one, ', false), more('fragment two', true)] as const;
const clean = (...all: Back[]) => ({ back: all, ends: 'answers 1000' as const });
const broken = (...all: Back[]) => ({ back: all, ends: 'fails 1002' as const });

/** Twice: a Continuation with nothing to continue, then a message that would be right. */
const orphans = (fin: boolean): PeerBytes[] =>
  [1, 2].flatMap(() => [more('orphan', fin), text('fragment one', false), more('fragment two', true)]);

/** Five fragments; each Ping between them must be answered before the next fragment is sent. */
const waiting = (chop: { chop?: 'frames' }): Pick<Numbered, 'script' | 'back' | 'ends'> => ({
  script: [
    { send: [text('one ', false), more('two ', false), ping('first')], ...chop },
    { until: 1 },
    { send: [more('three ', false), more('four ', false), ping('second')], ...chop },
    { until: 2 },
    { send: [more('five', true)], ...chop },
  ],
  ...clean(back.pong('first'), back.pong('second'), back.text('one two three four five')),
});

/** Group 5: fragmented messages and control frames between their frames. */
export const fragmentationCases = topic('5', [
  ...[9, 10].map((opcode): Numbered => ({
    rule: 'F-38',
    title: `a ${opcode === 9 ? 'Ping' : 'Pong'} in two fragments`,
    script: [{ send: [frame({ opcode, fin: false, payload: 'one' }), more('two', true)] }],
    ...broken(),
  })),
  ...inThreeWays('F-26', 'a text in two fragments', HALVES, clean(...WHOLE)),
  ...inThreeWays(
    'F-48',
    'a Ping between two fragments',
    [HALVES[0], ping('between'), HALVES[1]],
    clean(back.pong('between'), ...WHOLE),
  ),
  ...[true, false].flatMap((fin) =>
    inThreeWays(
      'F-39',
      `a Continuation of nothing with FIN=${Number(fin)}, then a text`,
      [more('orphan', fin), text('unseen')],
      broken(),
    ),
  ),
  {
    rule: 'F-39',
    title: 'a Continuation behind a message that ended, then a text: the echo comes first',
    script: [{ send: [...HALVES, more('orphan', false), text('unseen')] }],
    ...broken(...WHOLE),
  },
  ...[false, true].map((fin): Numbered => ({
    rule: 'F-39',
    title: `twice a Continuation of nothing with FIN=${Number(fin)} and a text in two fragments`,
    script: [{ send: orphans(fin) }],
    ...broken(),
  })),
  {
    rule: 'F-39',
    title: 'a text in two fragments that both say Text',
    script: [{ send: [text('fragment one', false), text('fragment two', true)] }],
    ...broken(),
  },
  { rule: 'F-48', title: 'Pings inside an open message are answered at once', ...waiting({}) },
  {
    rule: 'F-48',
    title: 'Pings inside an open message are answered at once, frame by frame',
    ...waiting({ chop: 'frames' }),
  },
]);
