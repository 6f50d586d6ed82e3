import { WEBSOCKET_PATH } from '../../../conformance/raw/raw-websocket';
import type { RelayCandidate } from '../relay';
import { FrameScanner, TildeScanner } from '../scanners';
import { clientFrame, openWebSocket } from '../web-socket';
import { login, startWebifi } from '../webifi-relay';

const TERMINATOR = '~t=1';

export const relay: RelayCandidate = {
  start: () => startWebifi(),
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
