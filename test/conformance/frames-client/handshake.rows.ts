import type { ConnectOptions } from '../../../src/frames';
import { text } from '../frames/frame-bytes';
import type { RawPeer } from './raw-server';

/** One answer to the upgrade request, and what the client makes of it. */
export interface HandshakeRow {
  rule: string;
  title: string;
  options?: ConnectOptions;
  answer: (peer: RawPeer) => void | Promise<void>;
  /** Code of the error and a word of its text; absent when the socket opens. */
  fails?: [code: string, says: string | RegExp];
  protocol?: string;
}

const headers =
  (...lines: string[]) =>
  (peer: RawPeer): void =>
    peer.write(peer.answer({ headers: lines }));
const status = (line: string) => (peer: RawPeer) =>
  peer.write(`HTTP/1.1 ${line}\r\nContent-Length: 2\r\n\r\nno`);
const accept = (peer: RawPeer) => /Sec-WebSocket-Accept: (\S+)/.exec(peer.answer())?.[1] ?? '';
const invalid = (says: string): [string, string] => ['HANDSHAKE_INVALID', says];

const answers: HandshakeRow[] = [
  { rule: 'F-11', title: 'the plain answer', answer: headers() },
  {
    rule: 'F-13',
    title: 'names and tokens in other cases',
    answer: headers('UPGRADE: WebSocket', 'connection: upgrade'),
  },
  {
    rule: 'F-14',
    title: 'Connection: keep-alive, Upgrade',
    answer: headers('Connection: keep-alive, Upgrade'),
  },
  {
    rule: 'F-15',
    title: 'Accept with blanks around',
    answer: (peer) => headers(`Sec-WebSocket-Accept: \t ${accept(peer)} \t`)(peer),
  },
  {
    rule: 'F-15',
    title: 'two Accept headers',
    answer: (peer) =>
      headers(`Sec-WebSocket-Accept: ${accept(peer)}`, `Sec-WebSocket-Accept: ${accept(peer)}`)(peer),
    fails: invalid('2 Sec-WebSocket-Accept'),
  },
  {
    rule: 'F-15',
    title: 'a wrong Accept',
    answer: headers('Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA='),
    fails: invalid('does not belong'),
  },
  {
    rule: 'F-15',
    title: 'no Accept',
    answer: headers('sec-websocket-accept'),
    fails: invalid('0 Sec-WebSocket-Accept'),
  },
  { rule: 'F-13', title: 'no Upgrade', answer: headers('upgrade'), fails: invalid('Upgrade: websocket') },
  {
    rule: 'F-13',
    title: 'another Upgrade',
    answer: headers('Upgrade: h2c'),
    fails: invalid('Upgrade: websocket'),
  },
  {
    rule: 'F-14',
    title: 'no Connection',
    answer: headers('connection'),
    fails: invalid('Connection: Upgrade'),
  },
  {
    rule: 'F-14',
    title: 'another Connection',
    answer: headers('Connection: close'),
    fails: invalid('Connection: Upgrade'),
  },
  {
    rule: 'F-11',
    title: '101 over HTTP/1.0',
    answer: (peer) => peer.write(peer.answer({ version: '1.0' })),
    fails: invalid('HTTP/1.0'),
  },
  {
    rule: 'F-12',
    title: '100 and then 101',
    answer: (peer) => peer.write(`HTTP/1.1 100 Continue\r\n\r\n${peer.answer()}`),
  },
  {
    rule: 'F-12',
    title: '103 with headers and then 101',
    answer: (peer) => peer.write(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${peer.answer()}`),
  },
  {
    rule: 'F-23',
    title: 'the answer byte by byte',
    answer: async (peer) => {
      for (const byte of Buffer.from(peer.answer())) {
        peer.write(Uint8Array.of(byte));
        await new Promise(setImmediate);
      }
    },
  },
  {
    rule: 'F-16',
    title: 'an extension that was not offered',
    answer: headers('Sec-WebSocket-Extensions: permessage-deflate'),
    fails: invalid('extension'),
  },
  {
    rule: 'F-17',
    title: 'an extension with parameters that was not offered',
    answer: headers('Sec-WebSocket-Extensions: x-snappy; level=3'),
    fails: invalid('extension'),
  },
  {
    rule: 'F-18',
    title: 'a subprotocol although none was offered',
    answer: headers('Sec-WebSocket-Protocol: chat'),
    fails: invalid('not offered'),
  },
  {
    rule: 'F-18',
    title: 'a subprotocol that was offered',
    options: { protocols: ['a', 'b'] },
    answer: headers('Sec-WebSocket-Protocol: b'),
    protocol: 'b',
  },
  {
    rule: 'F-18',
    title: 'another subprotocol than those offered',
    options: { protocols: ['a', 'b'] },
    answer: headers('Sec-WebSocket-Protocol: c'),
    fails: invalid('not offered'),
  },
  {
    rule: 'F-19',
    title: 'none of the subprotocols offered',
    options: { protocols: 'a' },
    answer: headers(),
    fails: invalid('none'),
  },
  {
    rule: 'F-19',
    title: 'none of them, with requireProtocol off',
    options: { protocols: 'a', requireProtocol: false },
    answer: headers(),
  },
  {
    rule: 'F-22',
    title: 'a header block of 17 KiB',
    answer: headers(`X-Large: ${'x'.repeat(17_000)}`),
    fails: ['HANDSHAKE_INVALID', /HPE_HEADER_OVERFLOW|16384/],
  },
];

const refusals: HandshakeRow[] = [
  ...[
    '200 OK',
    '302 Found',
    '400 Bad Request',
    '401 Unauthorized',
    '403 Forbidden',
    '404 Not Found',
    '503 Busy',
  ].map((line): HandshakeRow => ({
    rule: line.startsWith('3') ? 'F-20' : 'F-21',
    title: `status ${line}`,
    answer: status(line),
    fails: ['HANDSHAKE_REJECTED', line.slice(0, 3)],
  })),
  {
    rule: 'F-11',
    title: 'no HTTP at all',
    answer: (peer) => peer.write('SSH-2.0-OpenSSH_9.2\r\n'),
    fails: ['HANDSHAKE_INVALID', 'HPE_'],
  },
  {
    rule: 'F-53',
    title: 'the end of the connection in place of an answer',
    answer: (peer) => peer.socket.end(),
    fails: ['HANDSHAKE_LOST', 'ended'],
  },
  {
    rule: 'F-53',
    title: 'a reset in place of an answer',
    answer: (peer) => peer.socket.resetAndDestroy(),
    fails: ['HANDSHAKE_LOST', 'ended'],
  },
  {
    rule: 'F-10',
    title: 'half an answer and then silence',
    options: { handshakeTimeoutMs: 50 },
    answer: (peer) => peer.write('HTTP/1.1 101 Switching'),
    fails: ['HANDSHAKE_TIMEOUT', '50 ms'],
  },
];

/** The socket opens in all rows without `fails`; a frame behind the answer must come through. */
export const HANDSHAKE_ROWS: readonly HandshakeRow[] = [...answers, ...refusals].map((row) => ({
  ...row,
  answer: async (peer: RawPeer) => {
    await row.answer(peer);
    if (row.fails === undefined) peer.write(text('first'));
  },
}));
