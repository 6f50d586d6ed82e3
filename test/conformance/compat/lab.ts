import { expect } from 'vitest';
import { Rest, WebSocket } from '../../../src/compat';
import { RawServer, type RawPeer } from '../frames-client/raw-server';

/** A WebSocket under the seed's names, validated, and the raw peer behind it. */
export interface CompatPair {
  readonly ws: WebSocket;
  readonly rest: Rest;
  readonly peer: RawPeer;
}

/** Runs the steps of W1 and then the test; takes everything down whatever happens. */
export async function withWebSocket(
  run: (pair: CompatPair) => Promise<void>,
  prepare: (ws: WebSocket) => void = () => undefined,
): Promise<void> {
  let tell: (peer: RawPeer) => void = () => undefined;
  const upgraded = new Promise<RawPeer>((resolve) => (tell = resolve));
  const server = await RawServer.start((peer) => {
    peer.write(peer.answer());
    tell(peer);
  });
  const rest = new Rest();
  const ws = new WebSocket();
  prepare(ws);
  try {
    expect(await rest.Connect('127.0.0.1', server.port, false, false)).toBe(true);
    expect(ws.UseConnection(rest)).toBe(true);
    expect(ws.AddClientHeaders()).toBe(true);
    expect(await rest.FullRequestNoBody('GET', '/')).toBe('');
    expect(await ws.ValidateServerHandshake(), ws.LastErrorText).toBe(true);
    await run({ ws, rest, peer: await upgraded });
  } finally {
    ws.CloseConnection();
    await server.stop();
  }
}
