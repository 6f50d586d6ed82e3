import { FrameSocket, type ConnectOptions } from '../../../src/frames';
import { RawServer, type RawPeer } from './raw-server';

/** A connected pair: the socket under test and the raw peer behind the 101. */
export interface Pair {
  readonly socket: FrameSocket;
  readonly peer: RawPeer;
  readonly server: RawServer;
  stop(): Promise<void>;
}

export interface PairOptions extends ConnectOptions {
  path?: string;
}

export async function connectPair({ path = '', ...options }: PairOptions = {}): Promise<Pair> {
  let tell: (peer: RawPeer) => void = () => undefined;
  const upgraded = new Promise<RawPeer>((resolve) => (tell = resolve));
  const server = await RawServer.start((peer) => {
    peer.write(peer.answer());
    tell(peer);
  });
  try {
    const socket = await FrameSocket.connect(`${server.url}${path}`, options);
    const stop = async (): Promise<void> => {
      socket.terminate();
      await server.stop();
    };
    return { socket, peer: await upgraded, server, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Runs a test on a connected pair and takes it down whatever happens. */
export async function withPair(options: PairOptions, run: (pair: Pair) => Promise<void>): Promise<void> {
  const pair = await connectPair(options);
  try {
    await run(pair);
  } finally {
    await pair.stop();
  }
}
