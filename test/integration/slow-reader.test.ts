import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it } from 'vitest';
import { createRelay } from '../../src/relay';
import { login } from '../conformance/raw/raw-client';
import { type Address, closeAllConnections } from '../conformance/raw/raw-connection';
import { WebSocketDevice } from '../conformance/raw/websocket-device';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const ACCOUNT = { connectName: 'home', password: 'word' };
const MEBIBYTE = 1_048_576;
const QUEUE = MEBIBYTE;
/** What waits in the socket itself before it counts as full, the transmission under way, and what the test's readers hold. */
const BESIDE = 4 * MEBIBYTE;
const MESSAGES = 200;
const ROUNDS = 1_000;

async function device(address: Address): Promise<WebSocketDevice> {
  const opened = await WebSocketDevice.attach(address, (await login(address, ACCOUNT)).id);
  expect(await opened.setNetworks('room')).toBe('4');
  return opened;
}

/** Bytes outside of the heap that are alive: where messages are. */
async function heldBytes(): Promise<number> {
  await new Promise(setImmediate);
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

afterEach(closeAllConnections);

it('a reader that stops holds no more than its queue, while 25 MiB pass by it in small messages', async () => {
  const relay = createRelay({ accounts: [ACCOUNT], maxQueuedBytes: QUEUE });
  const address = await relay.listen({ port: 0 });
  try {
    const [sender, slow, ...readers] = await Promise.all(Array.from({ length: 5 }, () => device(address)));
    slow!.socket.connection.pause();
    const before = await heldBytes();
    const text = Array.from({ length: MESSAGES }, (_, i) => `~d=${i}:${'x'.repeat(100)}~t=1`).join('');
    let most = 0;
    for (let round = 0; round < ROUNDS; round++) {
      sender!.socket.sendText(text);
      for (let i = 0; i < MESSAGES; i++) await sender!.answer();
      for (const reader of readers) for (let i = 0; i < MESSAGES; i++) await reader.delivery();
      if (round % 100 === 99) most = Math.max(most, (await heldBytes()) - before);
    }
    expect(relay.stats().counters.messagesEncoded).toBe(ROUNDS * MESSAGES);
    expect(most).toBeGreaterThan(QUEUE / 2);
    expect(most).toBeLessThanOrEqual(QUEUE + BESIDE);
  } finally {
    await relay.close({ drainMs: 0 });
  }
}, 120_000);
