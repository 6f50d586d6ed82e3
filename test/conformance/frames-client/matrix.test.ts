import { describe, expect, it } from 'vitest';
import { FrameSocket, FrameSocketError, type ConnectOptions, type Frame } from '../../../src/frames';
import { concat } from '../../helpers/bytes';
import { expected, type Row } from '../frames/rows';
import { line } from '../frames/trace';
import { FRAME_ROWS } from './frame.rows';
import { HANDSHAKE_ROWS, type HandshakeRow } from './handshake.rows';
import { withPair, type Pair } from './lab';
import { onePeer, type RawPeer } from './raw-server';

/** Above it, byte by byte only costs time. */
const MAX_DRIPPED = 300;

const named = <T extends { rule: string; title: string }>(rows: readonly T[], more = '') =>
  rows.map((row) => [`${row.rule}: ${row.title}${more}`, row] as const);

describe('scenario matrix', () => {
  it('has a scenario for each statement on the server\u2019s answer and on reading and closing', () => {
    const rules = new Set([...HANDSHAKE_ROWS, ...FRAME_ROWS].map(({ rule }) => rule));
    const answers = Array.from({ length: 14 }, (_, i) => 10 + i);
    const frames = Array.from({ length: 30 }, (_, i) => 35 + i);
    // Sums of fragments, our own codes and what happens behind our Close have tests of their own.
    const elsewhere = [43, 58, 61, 62, 63];
    const wanted = [...answers, ...frames].filter((rule) => !elsewhere.includes(rule));
    expect(wanted.filter((rule) => !rules.has(`F-${rule}`))).toEqual([]);
  });
});

describe('scenario matrix: opening handshake', () => {
  it.each(named(HANDSHAKE_ROWS))('%s', (_, row) => playHandshake(row));
});

describe('scenario matrix: frames', () => {
  it.each(named(FRAME_ROWS))('%s', (_, row) => playFrames(row, (bytes) => [bytes]));

  const short = FRAME_ROWS.filter((row) => bytesOf(row).length <= MAX_DRIPPED);
  it.each(named(short, ', byte by byte'))('F-51, %s', (_, row) =>
    playFrames(row, (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte))),
  );

  it('F-53: a reset', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.socket.resetAndDestroy();
      await expect(socket.readFrame()).rejects.toMatchObject({ code: 'CONNECTION_LOST', failReason: 3 });
      expect(socket.closeCode).toBeUndefined();
    }));
});

async function playHandshake(row: HandshakeRow): Promise<void> {
  const { server, peer } = await onePeer();
  try {
    const opening = FrameSocket.connect(server.url, row.options);
    const outcome = opening.catch((error: unknown) => error);
    const raw = await peer;
    await row.answer(raw);
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

/** What a socket gives where the codec has this trace: what is read, what goes out, how it ends. */
function outcomeOf(row: Row): { reads: string[]; sends: string[]; ends: string | undefined; code: number } {
  const trace = expected(row, 'frames');
  const isRead = row.options?.autoPong === false ? /^(frame|close|ping)/ : /^(frame|close)/;
  const isAnswer = /^> (pong|close)/;
  const fails = Number(trace.find((one) => one.startsWith('fail '))?.slice(5) ?? 0);
  const ends = { [line.clean]: 'CLOSED', [line.lost]: fails > 0 ? 'INVALID_FRAME' : 'CONNECTION_LOST' };
  return {
    reads: trace.filter((one) => isRead.test(one)),
    // A socket echoes nothing.
    sends: trace.filter((one) => isAnswer.test(one)),
    ends: ends[trace.at(-1) ?? ''],
    code: fails,
  };
}

function optionsOf({ options: { limits, validateUtf8, strictLength, autoPong } = {} }: Row): ConnectOptions {
  const given = { validateUtf8, strictLength, autoPong, maxFrameSize: limits?.maxFrameSize };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function playFrames(row: Row, split: (bytes: Uint8Array) => Uint8Array[]): Promise<void> {
  return withPair(optionsOf(row), async (pair) => {
    const { socket, peer } = pair;
    for (const chunk of split(bytesOf(row))) {
      peer.write(chunk);
      await new Promise(setImmediate);
    }
    if (row.last !== undefined) peer.socket.end();
    const { reads, ends } = outcomeOf(row);
    const seen: string[] = [];
    for (const _ of reads) seen.push(show(await socket.readFrame(), socket));
    expect(seen).toEqual(reads);
    await (ends === undefined ? expectOpen(pair, row) : expectEnd(pair, row, ends));
  });
}

/** Nothing more is there to be read, and the connection works both ways. */
async function expectOpen({ socket, peer }: Pair, row: Row): Promise<void> {
  const { sends } = outcomeOf(row);
  expect(await sentBy(peer, sends.length)).toEqual(sends);
  expect([socket.isConnected, socket.state]).toEqual([true, 'open']);
  await socket.sendFrame('still here');
  expect((await sentBy(peer, sends.length + 1)).at(-1)).toBe(line.sends(1, 'still here'));
  expect(socket.dataAvailable).toBe(false);
}

async function expectEnd({ socket, peer }: Pair, row: Row, code: string): Promise<void> {
  const { sends, code: closeCode } = outcomeOf(row);
  await expect(socket.readFrame()).rejects.toMatchObject(
    code === 'INVALID_FRAME' ? { code, failReason: 4, closeCode } : { code, failReason: 3 },
  );
  expect(await socket.tryReadFrame()).toMatchObject({ ok: false, reason: 3 });
  expect([socket.isConnected, socket.state, socket.wasClean]).toEqual([false, 'closed', code === 'CLOSED']);
  await peer.ended();
  expect(await sentBy(peer)).toEqual(sends);
  await expect(socket.sendFrame('x')).rejects.toBeInstanceOf(FrameSocketError);
}

/** The first frames that the socket sent, or all of them once it has ended. */
async function sentBy(peer: RawPeer, count?: number): Promise<string[]> {
  return (await peer.frames(count)).map(({ opcode, payload, fin, masked }) => {
    expect(masked).toBe(true);
    return line.sends(opcode, payload, fin);
  });
}

function bytesOf({ input }: Row): Uint8Array {
  return concat(input.map((bytes) => bytes('client')));
}

function show({ opcode, fin, payload, messageType }: Frame, socket: FrameSocket): string {
  if (opcode === 8) return line.close(socket.closeCode, socket.closeReason);
  if (opcode === 9) return line.ping(payload);
  return line.frame(opcode, messageType === 'Text' ? 1 : 2, fin, payload);
}
