import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { takeMemory } from '../../../../src/frames/mask-memory';
import { DuplexStream } from '../../../../src/frames/node/duplex-stream';

/** Whether memory that was written to the stream is handed out again afterwards. */
async function isUsedAgain(duplex: Duplex): Promise<boolean> {
  const chunk = takeMemory(50_000);
  const stream = new DuplexStream(duplex, new Uint8Array(0));
  await new Promise((resolve) => stream.write([chunk], resolve));
  return takeMemory(50_000).buffer === chunk.buffer;
}

it('memory that a socket has written is used again', async () => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  expect(await isUsedAgain(socket)).toBe(true);
  socket.destroy();
  server.close();
});

it('memory that another stream has taken is not: it may hand the same chunk on', async () => {
  expect(await isUsedAgain(new PassThrough().resume())).toBe(false);
});
