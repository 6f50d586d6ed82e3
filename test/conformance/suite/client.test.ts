import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectOptions } from '../../../src/frames';
import { echoBack, WIDE } from '../echo/echo-client';
import { RawServer, type RawPeer } from '../frames-client/raw-server';
import { NAMED } from './cases';
import type { DeflateTerms } from './peer-deflate';
import { expectation, play } from './player';

describe('conformance suite, as a client', () => {
  let server: RawServer;
  let onPeer: (peer: RawPeer) => void = () => undefined;
  beforeAll(async () => void (server = await RawServer.start((peer) => onPeer(peer))));
  afterAll(() => server.stop());

  it.each(NAMED)('%s', async (_, one) => {
    const connected = new Promise<RawPeer>((resolve) => (onPeer = resolve));
    const { deflate } = one;
    const echoing = echoBack(server.url, clientOptions(deflate));
    const peer = await connected;
    expect(peer.request.header('sec-websocket-extensions')).toBe(offered(deflate));
    const headers = deflate === undefined ? [] : [`Sec-WebSocket-Extensions: ${deflate.answer}`];
    peer.write(peer.answer({ headers }));
    expect(await play(one, peer, 'client')).toEqual(expectation(one));
    expect((await echoing).state).toBe('closed');
  });
});

/** Compression is offered in every case; in most of them the player does not take it up. */
const clientOptions = (deflate: DeflateTerms | undefined): ConnectOptions => ({
  ...WIDE,
  perMessageDeflate: { threshold: 0, ...deflate?.asked },
});

const offered = (deflate: DeflateTerms | undefined) =>
  deflate?.asked === undefined ? 'permessage-deflate; client_max_window_bits' : deflate.offer;
