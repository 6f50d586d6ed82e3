import { randomBytes } from 'node:crypto';
import { WEBSOCKET_PATH } from '../../../conformance/raw/raw-websocket';
import { NumberedLink, NumberedMessage } from '../numbered-link';
import type { RelayCandidate } from '../relay';
import { FrameScanner, TildeScanner } from '../scanners';
import { clientFrame, openWebSocket } from '../web-socket';
import { login, startWebifi } from '../webifi-relay';

const TERMINATOR = '~t=1';
const INSTANCE_BYTES = 16;

/** What is sent to each room. */
const messages = new Map<string, NumberedMessage>();

export const relay: RelayCandidate = {
  start: () => startWebifi(),
  login: (port) => {
    const instance = randomBytes(INSTANCE_BYTES).toString('base64url');
    return login(port, [['x', '1'], ['xf', 'rav'], ['xi', instance]]);
  },
  connect: async (port, { room, listens }, granted) => {
    const [id, token] = granted.split(' ');
    const socket = await openWebSocket(port, WEBSOCKET_PATH);
    const networks = `~nc=1${listens ? `~ns=${room}` : ''}`;
    socket.write(clientFrame(`~id=${id}~xr=${token}~xh=0~z=1${TERMINATOR}${networks}${TERMINATOR}`));
    const answer = await socket.take((text) => {
      const end = text.indexOf(TERMINATOR, text.indexOf(TERMINATOR) + TERMINATOR.length);
      return end < 0 ? -1 : end + TERMINATOR.length;
    });
    if (!answer.includes('~rt=a~e=0~') || !answer.includes('~rt=n~e=4~'))
      throw new Error(`Attaching got ${answer}`);
    return new NumberedLink(socket, () => messages.get(room));
  },
  message: (room, payload) => {
    const message = new NumberedMessage(`~n=${room}~d=${Buffer.from(payload).toString('latin1')}${TERMINATOR}`);
    messages.set(room, message);
    return message.frame;
  },
  scanner: (_room, size) => new FrameScanner(new TildeScanner(size)),
  keepAlive: clientFrame(TERMINATOR),
};
