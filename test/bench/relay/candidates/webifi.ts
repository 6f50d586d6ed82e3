import { createRelay } from '../../../../src/relay';
import { WEBSOCKET_PATH } from '../../../conformance/raw/raw-websocket';
import { loginBody } from '../../../conformance/raw/raw-client';
import { LoadSocket } from '../load-socket';
import type { RelayCandidate, RunningServer } from '../relay';
import { FrameScanner, TildeScanner } from '../scanners';
import { clientFrame, endOfHead, openWebSocket } from '../web-socket';

const ACCOUNT = { connectName: 'bench', password: 'only for the bench' };
const TERMINATOR = '~t=1';

/** One request on a connection of its own, as from a device of its own. @returns The device id. */
async function login(port: number): Promise<string> {
  const socket = await LoadSocket.open(port);
  const body = loginBody(ACCOUNT, []);
  const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: ${body.length}`;
  socket.write(`${head}\r\nContent-Type: application/octet-stream\r\n\r\n${body}`);
  const answer = await socket.take((text) => {
    const length = /^content-length: (\d+)/im.exec(text)?.[1];
    const end = length === undefined ? -1 : endOfHead(text) + Number(length);
    return text.length < end ? -1 : end;
  });
  socket.drop();
  const id = /\r\n\r\n~e=0~id=(\w+)~/.exec(answer)?.[1];
  if (id === undefined) throw new Error(`The login got ${answer}`);
  return id;
}

async function start(): Promise<RunningServer> {
  const server = createRelay({ accounts: [ACCOUNT] });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { port, writes: () => server.stats().counters.socketWrites };
}

export const relay: RelayCandidate = {
  start,
  login,
  connect: async (port, { room, listens }, id) => {
    const socket = await openWebSocket(port, WEBSOCKET_PATH);
    const networks = `~nc=1${listens ? `~ns=${room}` : ''}`;
    socket.write(clientFrame(`~id=${id}${TERMINATOR}${networks}${TERMINATOR}`));
    const answer = await socket.take((text) => {
      const end = text.indexOf(TERMINATOR, text.indexOf(TERMINATOR) + TERMINATOR.length);
      return end < 0 ? -1 : end + TERMINATOR.length;
    });
    if (!answer.includes('~rt=a~e=0~') || !answer.includes('~rt=n~e=4~'))
      throw new Error(`Attaching got ${answer}`);
    return socket;
  },
  message: (room, payload) =>
    clientFrame(`~n=${room}~d=${Buffer.from(payload).toString('latin1')}${TERMINATOR}`),
  scanner: (_room, size) => new FrameScanner(new TildeScanner(size)),
  keepAlive: clientFrame(TERMINATOR),
};
