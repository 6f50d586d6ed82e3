import { describe, expect, it } from 'vitest';
import { FrameSocket, FrameSocketError, type Frame } from '../../../src/frames';
import { concat } from '../../helpers/bytes';
import type { WireFrame } from '../frames/frame-bytes';
import { FRAME_ROWS, type FrameRow } from './frame.rows';
import { HANDSHAKE_ROWS, type HandshakeRow } from './handshake.rows';
import { withPair, type Pair } from './lab';
import { onePeer, type RawPeer } from './raw-server';

const LONG = 100;
/** Above it, byte by byte only costs time. */
const MAX_DRIPPED = 300;

describe('scenario matrix: opening handshake', () => {
  it.each(HANDSHAKE_ROWS.map((row) => ({ row, name: `${row.rule}: ${row.title}` })))('$name', ({ row }) =>
    playHandshake(row),
  );
});

describe('scenario matrix: frames', () => {
  it('has the 67 scenarios and the two extra', () => {
    expect(HANDSHAKE_ROWS.length + FRAME_ROWS.length).toBeGreaterThanOrEqual(69);
  });

  it.each(FRAME_ROWS.map((row) => ({ row, name: `${row.rule}: ${row.title}` })))('$name', ({ row }) =>
    playFrames(row, (bytes) => [bytes]),
  );

  const short = FRAME_ROWS.filter((row) => bytesOf(row).length <= MAX_DRIPPED && row.then !== 'reset');
  it.each(short.map((row) => ({ row, name: `F-51, ${row.rule}: ${row.title}, byte by byte` })))(
    '$name',
    ({ row }) => playFrames(row, (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte))),
  );
});

async function playHandshake(row: HandshakeRow): Promise<void> {
  const { server, peer } = await onePeer();
  try {
    const opening = FrameSocket.connect(server.url, row.options);
    const outcome = opening.catch((error: unknown) => error);
    const raw = await peer;
    row.answer(raw);
    const result = await outcome;
    if (row.fails !== undefined) {
      expect(result).toBeInstanceOf(FrameSocketError);
      expect(result).toMatchObject({
        code: row.fails[0],
        message: expect.stringMatching(row.fails[1]) as string,
      });
      await raw.ended();
      return;
    }
    const socket = result as FrameSocket;
    expect(socket.protocol).toBe(row.protocol);
    expect((await socket.readFrame()).text()).toBe('first');
    socket.terminate();
  } finally {
    await server.stop();
  }
}

function playFrames(row: FrameRow, split: (bytes: Uint8Array) => Uint8Array[]): Promise<void> {
  return withPair({ ...row.options }, async (pair) => {
    const { socket, peer } = pair;
    for (const chunk of split(bytesOf(row))) {
      peer.write(chunk);
      await new Promise(setImmediate);
    }
    if (row.then === 'fin') peer.socket.end();
    if (row.then === 'reset') peer.socket.resetAndDestroy();
    const reads: string[] = [];
    for (const _ of row.reads) reads.push(show(await socket.readFrame()));
    expect(reads).toEqual(row.reads);
    await (row.ends === undefined ? expectOpen(pair, row) : expectEnd(pair, row, row.ends));
  });
}

/** Nothing more is there to be read, and the connection works both ways. */
async function expectOpen({ socket, peer }: Pair, row: FrameRow): Promise<void> {
  const sent = row.sends ?? [];
  expect((await peer.frames(sent.length)).map(showSent)).toEqual(sent);
  expect([socket.isConnected, socket.state]).toEqual([true, 'open']);
  await socket.sendFrame('still here');
  expect((await peer.frames(sent.length + 1)).at(-1)).toMatchObject({ opcode: 1, masked: true });
  expect(socket.dataAvailable).toBe(false);
}

async function expectEnd({ socket, peer }: Pair, row: FrameRow, code: string): Promise<void> {
  await expect(socket.readFrame()).rejects.toMatchObject({
    code,
    failReason: code === 'INVALID_FRAME' ? 4 : 3,
  });
  expect(await socket.tryReadFrame()).toMatchObject({ ok: false, reason: 3 });
  expect([socket.isConnected, socket.state, socket.closeCode]).toEqual([false, 'closed', row.closeCode]);
  await peer.ended();
  if (row.then !== 'reset') expect(await sentBy(peer)).toEqual(row.sends ?? []);
  await expect(socket.sendFrame('x')).rejects.toBeInstanceOf(FrameSocketError);
}

async function sentBy(peer: RawPeer): Promise<string[]> {
  return (await peer.frames()).map(showSent);
}

function bytesOf({ input }: FrameRow): Uint8Array {
  return concat(input.map((bytes) => bytes('client')));
}

function show(frame: Frame): string {
  if (frame.opcodeName === 'Close') return 'Close';
  const payload = frame.payload.length > LONG ? frame.payload.length : frame.text();
  return `${frame.opcodeName} ${frame.fin ? 'fin' : 'more'} ${payload}`;
}

function showSent({ opcode, payload }: WireFrame): string {
  if (opcode === 10) return `Pong ${Buffer.from(payload).toString('hex')}`;
  if (opcode !== 8) return `opcode ${opcode}`;
  return payload.length === 2 ? `Close ${((payload[0] ?? 0) << 8) | (payload[1] ?? 0)}` : 'Close ';
}
