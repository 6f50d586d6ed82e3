import { post, requestText } from '../../relay/http';
import { FILLER, TildeScanner } from '../../relay/scanners';
import { login, startWebifi } from '../../relay/webifi-relay';
import type { PollingCandidate } from '../polling';

const ROOM = 'room';

export const relay: PollingCandidate = {
  start: () => startWebifi(),
  open: async (port, { isEcho, listens, size }) => {
    const id = await login(port);
    const sessionId = id.slice(0, id.indexOf('s'));
    const answer = await post(port, '/Download', `~id=${id}~n=${listens ? ROOM : ''}~z=0`);
    if (answer !== '~e=4') throw new Error(`Setting the networks got ${answer}`);
    const group = `${isEcho ? `~s=${sessionId}` : `~n=${ROOM}`}~d=${String.fromCharCode(FILLER).repeat(size)}`;
    const scanner = new TildeScanner(size);
    let [polls, uploads] = [1, 0];
    return {
      poll: () => requestText(port, 'POST', '/Download', `~id=${id}~z=${polls++}`),
      upload: (count) =>
        requestText(port, 'POST', '/Upload', `~id=${id}${group.repeat(count)}~z=${uploads++}`),
      count: (bytes, start, end) => {
        const before = scanner.delivered;
        if (scanner.scan(bytes, start, end) !== end) throw new Error('A message was cut.');
        return scanner.delivered - before;
      },
      checkUpload: (code) => {
        if (code !== '~e=0') throw new Error(`An upload got ${code}`);
      },
    };
  },
};
