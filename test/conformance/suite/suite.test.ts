import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectOptions } from '../../../src/frames';
import { echoBack, WIDE } from '../echo/echo-client';
import { startEchoServer, WIDE_LIMITS, type EchoServer } from '../echo/echo-server';
import { ACCEPT, KEY } from '../frames/header-pairs';
import { RawServer, readPeer, type RawPeer } from '../frames-client/raw-server';
import type { SuiteCase } from './case';
import { closingCases } from './closing.rows';
import { compressionCases } from './compression.rows';
import { fragmentationCases } from './fragmentation.rows';
import { framingCases } from './framing.rows';
import { autoFragmentCases, limitCases } from './limits.rows';
import type { DeflateTerms } from './peer-deflate';
import { pingCases } from './pings.rows';
import { expectation, play } from './player';
import { reservedBitCases, reservedOpcodeCases } from './reserved.rows';
import { utf8Cases } from './utf8.rows';

/** How many cases each group has; the numbers are those of the suite that is restated here. */
const COUNTS: Record<number, number> = { 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 9: 54, 10: 1, 12: 90, 13: 126 };

const CASES: readonly SuiteCase[] = [
  ...framingCases,
  ...pingCases,
  ...reservedBitCases,
  ...reservedOpcodeCases,
  ...fragmentationCases,
  ...utf8Cases,
  ...closingCases,
  ...limitCases,
  ...autoFragmentCases,
  ...compressionCases,
];
const groupOf = ({ id }: SuiteCase) => Number(id.split('.')[0]);
const NAMED = CASES.map((one) => [`${one.id}, ${one.rule}: ${one.title}`, one] as const);

describe('conformance suite', () => {
  it('has every case, each once', () => {
    const counts: Record<number, number> = {};
    for (const one of CASES) counts[groupOf(one)] = (counts[groupOf(one)] ?? 0) + 1;
    expect(counts).toEqual(COUNTS);
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
  });

  it('F-46: has 75 texts that are no UTF-8', () => {
    expect(CASES.filter(({ ends }) => ends === 'fails 1007').map(groupOf)).toEqual(Array(75).fill(6));
  });
});

describe('conformance suite, as a server', () => {
  let server: EchoServer;
  beforeAll(async () => void (server = await startEchoServer(0, WIDE_LIMITS, {})));
  afterAll(() => server.stop());

  it.each(NAMED)('%s', async (_, one) => {
    const peer = await openAsClient(server.url, one.deflate?.offer);
    expect(peer.request.header('sec-websocket-extensions')).toBe(one.deflate?.accepted);
    try {
      expect(await play(one, peer, 'server')).toEqual(expectation(one));
    } finally {
      peer.socket.destroy();
    }
  });
});

describe('conformance suite, as a client', () => {
  let server: RawServer;
  let onPeer: (peer: RawPeer) => void = () => undefined;
  beforeAll(async () => void (server = await RawServer.start((peer) => onPeer(peer))));
  afterAll(() => server.stop());

  it.each(NAMED)('%s', async (_, one) => {
    const connected = new Promise<RawPeer>((resolve) => (onPeer = resolve));
    const { deflate } = one;
    const echoing = echoBack(server.url, { ...WIDE, ...clientOptions(deflate) });
    const peer = await connected;
    expect(peer.request.header('sec-websocket-extensions')).toBe(offered(deflate));
    const headers = deflate === undefined ? [] : [`Sec-WebSocket-Extensions: ${deflate.answer}`];
    peer.write(peer.answer({ headers }));
    expect(await play(one, peer, 'client')).toEqual(expectation(one));
    expect((await echoing).state).toBe('closed');
  });
});

function clientOptions(deflate: DeflateTerms | undefined): ConnectOptions {
  if (deflate === undefined) return {};
  return { perMessageDeflate: { threshold: 0, ...deflate.asked } };
}

const offered = (deflate: DeflateTerms | undefined) =>
  deflate?.asked === undefined ? deflate && 'permessage-deflate; client_max_window_bits' : deflate.offer;

/** Opens a connection by hand, as a client. */
async function openAsClient(url: string, offer: string | undefined): Promise<RawPeer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  const lines = [
    ...['GET / HTTP/1.1', `Host: ${hostname}:${port}`, 'Upgrade: websocket', 'Connection: Upgrade'],
    ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`],
    ...(offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const peer = await new Promise<RawPeer>((resolve) => readPeer(socket, resolve));
  expect(peer.request.line).toBe('HTTP/1.1 101 Switching Protocols');
  expect(peer.request.header('sec-websocket-accept')).toBe(ACCEPT);
  return peer;
}
