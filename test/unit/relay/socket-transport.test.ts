import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConnectionGuard } from '../../../src/relay/connection-guard';
import { RelayDriver } from '../../../src/relay/driver';
import { resolveLimits } from '../../../src/relay/limits';
import { frameSettings, SocketTransport } from '../../../src/relay/socket-transport';

const FRAME_SIZE = 100;
/** Node's pool, from which the memory of small frames comes. */
const POOL_SIZE = Buffer.poolSize;

/** A socket whose peer reads nothing, or everything. */
class FakeSocket extends Duplex {
  readonly chunks: Uint8Array[] = [];
  #done: (() => void) | undefined;

  constructor(private isRead: boolean) {
    super();
  }

  /** From now on the peer reads. */
  readAll(): void {
    this.isRead = true;
    this.#done?.();
  }

  override _read(): void {
    // Nothing comes.
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.isRead) done();
    else this.#done = done;
  }

  override write(chunk: Uint8Array, ...more: never[]): boolean {
    this.chunks.push(chunk);
    return super.write(chunk, ...more);
  }
}

function open(isRead: boolean) {
  const limits = resolveLimits();
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const accounts = {
    login: () => Promise.reject(new Error('nobody logs in here')),
    close: () => Promise.resolve(),
  };
  const driver = new RelayDriver(limits, accounts, silent);
  const socket = new FakeSocket(isRead);
  const transport = new SocketTransport({
    driver,
    socket: socket as unknown as Socket,
    limits,
    frames: frameSettings(limits),
    guard: new ConnectionGuard(1),
  });
  const inputs: string[] = [];
  const input = driver.input.bind(driver);
  driver.input = (event) => {
    inputs.push(event.type);
    input(event);
  };
  return { socket, transport, inputs, close: () => driver.close() };
}

/** As in a busy relay: between two frames of this socket, others take theirs from the same memory. */
function writeFrames({ transport }: ReturnType<typeof open>, count: number): void {
  for (let i = 0; i < count; i++) {
    transport.write([Buffer.allocUnsafe(FRAME_SIZE).fill(i)]);
    for (let other = 0; other < 100; other++) Buffer.allocUnsafe(FRAME_SIZE);
  }
}

function heldBy({ chunks }: FakeSocket): number {
  let bytes = 0;
  for (const buffer of new Set(chunks.map((chunk) => chunk.buffer))) bytes += buffer.byteLength;
  return bytes;
}

describe('memory that a socket holds', () => {
  it('SEC-16 a reader that is slow keeps no memory of others: one pool, and what waits for it itself', () => {
    const lab = open(false);
    writeFrames(lab, 1_000);
    expect(lab.socket.chunks).toHaveLength(1_000);
    expect(heldBy(lab.socket)).toBeLessThanOrEqual(POOL_SIZE + 1_000 * FRAME_SIZE);
    expect(lab.socket.chunks.every((chunk, i) => chunk.every((byte) => byte === i % 256))).toBe(true);
    lab.close();
  });

  it('what a reader takes at once is not copied', () => {
    const lab = open(true);
    const frame = Buffer.allocUnsafe(FRAME_SIZE);
    for (let i = 0; i < 10; i++) lab.transport.write([frame]);
    expect(lab.socket.chunks).toHaveLength(10);
    for (const chunk of lab.socket.chunks) expect(chunk).toBe(frame);
    lab.close();
  });

  it('a large payload is not copied, for a slow reader either', () => {
    const lab = open(false);
    const payload = Buffer.allocUnsafe(100_000);
    lab.transport.write([Buffer.allocUnsafe(FRAME_SIZE), payload]);
    lab.transport.write([Buffer.allocUnsafe(FRAME_SIZE), payload]);
    expect(lab.socket.chunks.map((chunk) => chunk === payload)).toEqual([false, true, false, true]);
    lab.close();
  });
});

describe('a socket that is full', () => {
  it.each([
    ['one large write', [200_000]],
    ['several writes', [FRAME_SIZE, 100_000, 100_000, FRAME_SIZE]],
  ])('SEC-16 %s: says once that it is full, and once that it takes more', async (_, sizes) => {
    const lab = open(false);
    for (const size of sizes) lab.transport.write([Buffer.alloc(size)]);
    expect(lab.inputs).toEqual(['blocked']);
    lab.socket.readAll();
    await endOfTurn();
    expect(lab.inputs).toEqual(['blocked', 'drained']);
    lab.close();
  });

  it('a socket that keeps up has nothing to tell when a write is done', async () => {
    const lab = open(true);
    for (let i = 0; i < 100; i++) lab.transport.write([Buffer.alloc(10_000)]);
    await endOfTurn();
    expect(lab.inputs).toEqual([]);
    lab.close();
  });
});
