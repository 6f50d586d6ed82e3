import { describe, expect, it } from 'vitest';
import { PollingDevice } from '../polling-device';
import type { Device } from '../raw-client';
import { WebSocketDevice } from '../websocket-device';
import { post } from '../raw-http';
import { type StartRelay, TRANSPORTS, newNetwork, useRelay } from '../relay-under-test';
import { encodeFields } from '../tilde';

/** Encoded value on the wire, and the same decoded. Bytes in, bytes out, whatever the transports (P-23, P-83). */
const VALUES: readonly [numbers: string, encoded: string, decoded: string][] = [
  ['V-1', 'tilde~~ nul~- eq= end~~', 'tilde~ nul\0 eq= end~'],
  ['V-4 P-33', 'x~~t=1y', 'x~t=1y'],
  ['V-5 P-33', 'a~~t=1bc', 'a~t=1bc'],
  ['V-6 P-23', '\xc3\xa9', '\xc3\xa9'],
  ['V-7 P-23', '\xe9', '\xe9'],
  ['V-8 P-23', '\xe2\x82\xac\xf0\x9f\x98\x80', '\xe2\x82\xac\xf0\x9f\x98\x80'],
  ['V-9 P-2', '\xff\xfe\x80', '\xff\xfe\x80'],
  ['V-10 V-11 P-29', '', ''],
  ['V-12', 'a~~', 'a~'],
  ['V-13', '~~', '~'],
  ['V-14 P-31', 'a~-', 'a\0'],
  ['V-15', '~~-', '~-'],
  ['V-16', '~~t=1', '~t=1'],
  ['V-24 P-16', 'a=b==', 'a=b=='],
  ['P-23 every byte', encodeEveryByte(), everyByte()],
];

function everyByte(): string {
  return String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
}

function encodeEveryByte(): string {
  return everyByte().replace('~', '~~').replace('\0', '~-');
}

/** The last delivery exactly as the relay wrote it. */
async function lastBytes(device: Device): Promise<string> {
  if (device instanceof PollingDevice) return device.poll();
  if (!(device instanceof WebSocketDevice)) throw new Error('unknown transport');
  await device.delivery();
  return device.received.at(-1) ?? '';
}

/** V-1 to V-24 end to end: what goes in comes out with the same bytes. */
export function vectorRules(start: StartRelay): void {
  for (const from of TRANSPORTS) {
    for (const to of TRANSPORTS) {
      describe(`vectors from ${from} to ${to}`, () => {
        const lab = useRelay(start);

        it.each(VALUES)('%s comes out as it went in', async (_no, encoded) => {
          const network = newNetwork();
          const receiver = await lab.device(to, [network]);
          const sender = await lab.device(from, []);
          expect(await sender.send(`~n=${network}~d=${encoded}`)).toBe('0');
          const tail = encoded === '' ? '~z=0' : '';
          const bytes = await lastBytes(receiver);
          const expected = `~f=${sender.sessionId}~d=${encoded}`;
          expect(bytes).toBe(to === 'websocket' ? `~rt=r${expected}~t=1` : `~e=0${expected}${tail}`);
        });

        it('V-2 P-15 escapes the data type and the network name', async () => {
          const network = 'net~work\0=~';
          const receiver = await lab.device(to, [network]);
          const sender = await lab.device(from, []);
          expect(
            await sender.send(
              encodeFields([
                ['n', network],
                ['dt', 'd~t'],
                ['d', 'x'],
              ]),
            ),
          ).toBe('0');
          const bytes = await lastBytes(receiver);
          const expected = `~f=${sender.sessionId}~dt=d~~t~d=x`;
          expect(bytes).toBe(to === 'websocket' ? `~rt=r${expected}~t=1` : `~e=0${expected}`);
        });
      });
    }
  }

  describe('vectors by frame type', () => {
    const lab = useRelay(start);

    it.each(VALUES)('%s P-54 comes in a BINARY frame', async (_no, encoded, decoded) => {
      const device = await lab.webSocket();
      device.socket.sendBinary(`~s=${device.sessionId}~d=${encoded}~t=1`);
      expect(await device.answer()).toBe('~rt=s~e=0~t=1');
      expect(await device.delivery()).toEqual({ from: device.sessionId, type: '', data: decoded });
    });
  });

  describe('vectors over HTTP only', () => {
    const lab = useRelay(start);

    it('V-20 P-30 rejects a lone tilde at the end', async () => {
      const device = await lab.polling();
      const body = `~id=${device.id}~s=${device.sessionId}~d=abc~`;
      expect((await post(lab.address, '/Upload', body)).body).toBe('~e=7');
      expect(await device.deliveriesSoFar()).toEqual([]);
    });

    it('P-21 has no terminator: t=1 is an ordinary field', async () => {
      const device = await lab.polling();
      expect(await device.upload(`~s=${device.sessionId}~d=a~t=1~s=${device.sessionId}~d=b`)).toBe('~e=0');
      const data = (await device.deliveriesSoFar()).map((delivery) => delivery.data);
      expect(data).toEqual(['a', 'b']);
    });
  });
}
