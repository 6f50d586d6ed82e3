import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRelay, type Relay } from '../../src/relay';
import { login } from '../conformance/raw/raw-client';
import { type Address, closeAllConnections } from '../conformance/raw/raw-connection';
import { WebSocketDevice } from '../conformance/raw/websocket-device';

const ACCOUNT = { connectName: 'home', password: 'word' };
const WINDOW = 64;

describe('writes of a relay on real sockets', () => {
  let relay: Relay;
  let address: Address;

  beforeAll(async () => {
    relay = createRelay({ accounts: [ACCOUNT] });
    address = await relay.listen({ port: 0 });
  });
  afterEach(closeAllConnections);
  afterAll(() => relay.close({ drainMs: 0 }));

  async function device(network: string): Promise<WebSocketDevice> {
    const opened = await WebSocketDevice.attach(address, (await login(address, ACCOUNT)).id);
    expect(await opened.setNetworks(network)).toBe('4');
    return opened;
  }

  it.each([10, 100])(
    '64 in flight to %i receivers: at most 0.03 writes per delivered message',
    async (count) => {
      const network = `fan-out ${count}`;
      const sender = await device(network);
      const receivers = await Promise.all(Array.from({ length: count }, () => device(network)));
      const before = relay.stats().counters;
      const rounds = 10;
      for (let round = 0; round < rounds; round++) {
        // Sent together, as a client does that has them in flight: the relay answers each, and all of them at once.
        sender.socket.sendText(
          Array.from({ length: WINDOW }, (_, i) => `~d=${round}.${i}:${'x'.repeat(100)}~t=1`).join(''),
        );
        for (let i = 0; i < WINDOW; i++) expect(await sender.answer()).toBe('~rt=s~e=0~t=1');
      }
      for (const receiver of receivers) {
        for (let i = 0; i < rounds * WINDOW; i++) {
          expect((await receiver.delivery()).data).toMatch(`${Math.floor(i / WINDOW)}.${i % WINDOW}:`);
        }
      }
      const after = relay.stats().counters;
      const delivered = after.messagesDelivered - before.messagesDelivered;
      expect(delivered).toBe(rounds * WINDOW * count);
      expect((after.socketWrites - before.socketWrites) / delivered).toBeLessThanOrEqual(0.03);
      expect(after.messagesEncoded - before.messagesEncoded).toBe(rounds * WINDOW);
      expect(after.payloadDecodes).toBe(0);
    },
  );
});
