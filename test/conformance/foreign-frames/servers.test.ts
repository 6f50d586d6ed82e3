import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FrameSocket, type ConnectOptions } from '../../../src/frames';
import { describeWith } from '../../helpers/part';
import { pattern } from '../frames/frame-bytes';
import { startPython, startWebSocket, startWs, type ForeignServer } from './servers';

const SIZES = [0, 1, 125, 126, 65_535, 65_536, 300_000, 1_048_576];

describe.each([
  { name: 'ws', suite: describe, start: startWs },
  { name: 'websocket', suite: describe, start: startWebSocket },
  { name: 'Python websockets', suite: describeWith('Python websockets'), start: startPython },
])('server', ({ name, suite, start }) => {
  suite(`FrameSocket against ${name}`, () => {
    let server: ForeignServer;
    const sockets: FrameSocket[] = [];

    beforeAll(async () => {
      server = await start();
    });

    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.terminate();
    });

    afterAll(() => server.stop());

    async function connect(path = '/', options: ConnectOptions = {}): Promise<FrameSocket> {
      const socket = await FrameSocket.connect(`${server.url}${path}`, options);
      sockets.push(socket);
      return socket;
    }

    it('F-25, F-52: every size comes back, as text and as binary', async () => {
      const socket = await connect();
      const messages = socket.messages();
      for (const size of SIZES) {
        const [text, data] = ['ü'.repeat(size / 2), pattern(size)];
        void socket.sendFrame(text);
        const { value: first } = await messages.next();
        expect([first?.messageType, first?.text() === text]).toEqual(['Text', true]);
        void socket.sendFrame(data);
        const { value: second } = await messages.next();
        expect([second?.messageType, Buffer.compare(second?.payload ?? pattern(0), data)]).toEqual([
          'Binary',
          0,
        ]);
      }
    });

    it('F-26, F-27: our fragments and the Ping between them are understood', async () => {
      const socket = await connect('/', { deliverPongs: true });
      await socket.sendFrame('ei', { fin: false });
      await socket.sendPing('between');
      await socket.sendFrame('', { fin: false });
      await socket.sendFrame('ns');
      const frames = [await socket.readFrame(), await socket.readFrame()];
      expect(frames.map((frame) => [frame.opcodeName, frame.text()])).toEqual([
        ['Pong', 'between'],
        ['Text', 'eins'],
      ]);
    });

    it('F-44: its fragments come one by one, and joined as messages', async () => {
      const socket = await connect();
      await socket.sendFrame('fragments');
      const kinds: string[] = [];
      let length = 0;
      for await (const frame of socket) {
        kinds.push(`${frame.opcodeName}${frame.fin ? ' fin' : ''}`);
        length += frame.payload.length;
        if (frame.fin) break;
      }
      expect(kinds[0]).toBe('Text');
      expect(new Set(kinds.slice(1, -1))).toEqual(new Set(['Continuation']));
      expect(kinds.at(-1)).toBe('Continuation fin');
      expect(length).toBe(100_000);
      await socket.sendFrame('fragments');
      const { value } = await socket.messages().next();
      expect(value?.text()).toBe('x'.repeat(100_000));
    });

    it('F-32: its Ping is answered without a read', async () => {
      const socket = await connect();
      await socket.sendFrame('ping me');
      await expect.poll(() => server.seen()).toContain('pong there?\n');
      expect(socket.dataAvailable).toBe(false);
    });

    it('F-4, F-18: the subprotocol that it chooses', async () => {
      expect((await connect('/', { protocols: ['a.example', 'b.example'] })).protocol).toBe('b.example');
    });

    it('F-57: closing with a code and a reason', async () => {
      const socket = await connect();
      await socket.close(4000, 'done');
      expect(socket.wasClean).toBe(true);
      // RFC 6455, section 5.5.1, asks for the same code back; not every server sends it.
      expect([4000, 1000]).toContain(socket.closeCode);
      await expect.poll(() => server.seen()).toContain('close 4000 done\n');
    });

    it('F-54: closing without a code', async () => {
      const socket = await connect();
      await socket.close();
      expect(socket.wasClean).toBe(true);
    });

    it('F-57: being closed with a code and a reason', async () => {
      const socket = await connect();
      await socket.sendFrame('close me');
      const frame = await socket.readFrame();
      expect(frame.opcodeName).toBe('Close');
      await expect(socket.readFrame()).rejects.toMatchObject({ code: 'CLOSED' });
      expect([socket.wasClean, socket.closeCode, socket.closeReason]).toEqual([true, 4001, 'bye']);
    });

    it('F-11: being refused', async () => {
      await expect(connect('/refused')).rejects.toMatchObject({
        code: 'HANDSHAKE_REJECTED',
        answer: { status: 403 },
      });
    });
  });
});
