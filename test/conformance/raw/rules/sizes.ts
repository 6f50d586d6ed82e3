import { describe, expect, it } from 'vitest';
import { RawConnection } from '../raw-connection';
import { post, requestHead } from '../raw-http';
import { Opcode } from '../raw-websocket';
import { type StartRelay, newNetwork, useRelay } from '../relay-under-test';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What is too large gets a documented answer: section 21. */
export function sizeRules(start: StartRelay): void {
  describe('sizes by default', () => {
    const lab = useRelay(start);

    it('section 21 SEC-13 data of 256 KiB passes, one byte more gets 2, on WebSocket', async () => {
      const device = await lab.webSocket();
      const to = `~s=${device.sessionId}`;
      expect(await device.send(`${to}~d=${'x'.repeat(256 * KIB)}`)).toBe('0');
      expect(await device.send(`${to}~d=${'x'.repeat(256 * KIB + 1)}`)).toBe('2');
      expect((await device.deliveriesSoFar()).map(({ data }) => data.length)).toEqual([256 * KIB]);
    });

    it('section 21 SEC-13 data of 256 KiB passes, one byte more gets 2, on long polling', async () => {
      const device = await lab.polling();
      const to = `~s=${device.sessionId}`;
      expect(await device.upload(`${to}~d=${'x'.repeat(256 * KIB)}`)).toBe('~e=0');
      expect(await device.upload(`${to}~d=${'x'.repeat(256 * KIB + 1)}`)).toBe('~e=2');
      expect((await device.deliveriesSoFar()).map(({ data }) => data.length)).toEqual([256 * KIB]);
    });

    it('section 21 SEC-13 a body of 1 MiB is served, one byte more gets 200 and 2', async () => {
      const { id } = await lab.polling();
      const frontSize = `~id=${id}~d=x~q=`.length;
      const body = (size: number): string => `~id=${id}~d=x~q=${'y'.repeat(size - frontSize)}`;
      expect((await post(lab.address, '/Upload', body(MIB))).body).toBe('~e=0');
      const over = await post(lab.address, '/Upload', body(MIB + 1));
      expect([over.status, over.body]).toEqual([200, '~e=2']);
      const far = await post(lab.address, '/Upload', body(15 * MIB));
      expect([far.status, far.body]).toEqual([200, '~e=2']);
    });

    it('section 21 beyond 16 MiB the connection is closed without an answer', async () => {
      const { id } = await lab.polling();
      const connection = await RawConnection.open(lab.address);
      const headers: [string, string][] = [['Content-Length', String(17 * MIB)]];
      connection.write(`${requestHead(lab.address, { path: '/Upload', headers })}~id=${id}~d=`);
      const block = Buffer.alloc(MIB, 'x');
      for (let sent = 0; sent < 17 && !connection.isEnded; sent++) connection.write(block);
      expect((await connection.readToEnd()).toString('latin1')).not.toMatch(/^HTTP\/1\.1 200/);
    });

    it('section 21 SEC-13 a WebSocket message of 1 MiB is served, one byte more closes with 1009', async () => {
      const device = await lab.webSocket();
      const front = `~s=${device.sessionId}~d=x~q=`;
      const message = (size: number): string => `${front}${'y'.repeat(size - front.length - 4)}~t=1`;
      expect(await device.exchange(message(MIB))).toBe('~rt=s~e=0~t=1');
      device.socket.sendFrame({ opcode: Opcode.text, payload: message(MIB + 1) });
      expect(await device.waitForClose()).toBe(1009);
    });

    it('section 21 SEC-13 the size of all fragments, and of all frames of one message, counts', async () => {
      const fragments = await lab.webSocket();
      fragments.socket.sendFrame({ opcode: Opcode.text, payload: `~d=${'x'.repeat(600 * KIB)}`, fin: false });
      fragments.socket.sendFrame({ opcode: Opcode.continuation, payload: 'x'.repeat(600 * KIB) });
      expect(await fragments.waitForClose()).toBe(1009);
      const frames = await lab.webSocket();
      frames.socket.sendText(`~d=${'x'.repeat(600 * KIB)}`);
      frames.socket.sendText('x'.repeat(600 * KIB));
      expect(await frames.waitForClose()).toBe(1009);
    });
  });

  describe('sizes by option', () => {
    const lab = useRelay(start, { maxTransmissionSize: 4 * KIB, maxDataSize: KIB });

    it('section 21 lowers the size of messages and of data', async () => {
      const network = newNetwork();
      const device = await lab.webSocket();
      const receiver = await lab.webSocket([network]);
      expect(await device.send(`~n=${network}~d=${'x'.repeat(KIB)}`)).toBe('0');
      expect(await device.send(`~n=${network}~d=${'x'.repeat(KIB + 1)}`)).toBe('2');
      expect(await receiver.deliveriesSoFar()).toHaveLength(1);
      device.socket.sendText('x'.repeat(4 * KIB + 1));
      expect(await device.waitForClose()).toBe(1009);
    });

    it('section 21 counts data after decoding', async () => {
      const device = await lab.webSocket();
      expect(await device.send(`~s=${device.sessionId}~d=${'~~'.repeat(KIB)}`)).toBe('0');
      expect((await device.delivery()).data).toBe('~'.repeat(KIB));
    });

    it('section 21 answers 200 and 2 to a body above it', async () => {
      const { id } = await lab.polling();
      const over = await post(lab.address, '/Upload', `~id=${id}~d=${'x'.repeat(4 * KIB)}`);
      expect([over.status, over.body]).toEqual([200, '~e=2']);
    });
  });
}
