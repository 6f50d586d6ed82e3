import { request, requestText } from '../../relay/http';
import { FILLER } from '../../relay/scanners';
import { socketIoPacket, socketIoPath, startSocketIo } from '../../relay/socket-io';
import type { PollingCandidate } from '../polling';

/** Between the packets of one body. */
const SEPARATOR = '\x1e';
const FIRST = 0x34;

export const relay: PollingCandidate = {
  start: async () => ({ port: await startSocketIo('polling') }),
  open: async (port, { isEcho, listens, size }) => {
    const start = socketIoPath('polling', 'room', listens);
    const id = /"sid":"([^"]+)"/.exec(await request(port, 'GET', start))?.[1];
    const path = `${start}&sid=${id}`;
    await request(port, 'POST', path, '40');
    const answer = await request(port, 'GET', path);
    if (!answer.startsWith('40{"sid"')) throw new Error(`Connecting got ${answer}`);
    const payload = Buffer.alloc(size, FILLER);
    const packet = socketIoPacket(payload, isEcho ? 'e' : 'm');
    const delivery = packet.length + SEPARATOR.length;
    return {
      poll: () => requestText(port, 'GET', path),
      upload: (count) =>
        requestText(port, 'POST', path, new Array<string>(count).fill(packet).join(SEPARATOR)),
      count: (bytes, from, to) => {
        const count = (to - from + SEPARATOR.length) / delivery;
        if (!Number.isInteger(count) || bytes[from] !== FIRST)
          throw new Error(`A poll got ${bytes.toString('latin1', from, to)}`);
        return count;
      },
      checkUpload: (text) => {
        if (text !== 'ok') throw new Error(`An upload got ${text}`);
      },
    };
  },
};
