import { hex, pattern, ping, pong } from '../frames/frame-bytes';
import { back, topic, type Numbered } from './case';

const answered = (title: string, payload: Uint8Array | string, chop?: number): Numbered => ({
  rule: 'F-32',
  title,
  script: [{ send: [ping(payload)], ...(chop === undefined ? {} : { chop }) }],
  back: [back.pong(payload)],
  ends: 'answers 1000',
});

const TEN = Array.from({ length: 10 }, (_, i) => `ping no. ${i}`);
const ten = (title: string, chop?: number): Numbered => ({
  rule: 'F-49',
  title,
  script: [{ send: TEN.map((payload) => ping(payload)), ...(chop === undefined ? {} : { chop }) }],
  back: TEN.map((payload) => back.pong(payload)),
  ends: 'answers 1000',
});

/** Group 2: Ping and Pong. */
export const pingCases = topic('2', [
  answered('a Ping without payload', ''),
  answered('a Ping with text', 'are you there?'),
  answered('a Ping whose payload is no UTF-8', hex('00fffefdfcfb00ff')),
  answered('a Ping of 125 bytes', pattern(125)),
  {
    rule: 'F-38',
    title: 'a Ping of 126 bytes',
    script: [{ send: [ping(pattern(126))] }],
    back: [],
    ends: 'fails 1002',
  },
  answered('a Ping of 125 bytes, byte by byte', pattern(125), 1),
  ...['', 'nobody asked'].map((payload): Numbered => ({
    rule: 'F-50',
    title: `a Pong that nobody asked for, ${payload === '' ? 'empty' : 'with payload'}`,
    script: [{ send: [pong(payload)] }],
    back: [],
    ends: 'answers 1000',
  })),
  {
    rule: 'F-50',
    title: 'a Pong that nobody asked for, then a Ping: only the Ping is answered',
    script: [{ send: [pong('unasked'), ping('asked')] }],
    back: [back.pong('asked')],
    ends: 'answers 1000',
  },
  ten('ten Pings at once'),
  ten('ten Pings, byte by byte', 1),
]);
