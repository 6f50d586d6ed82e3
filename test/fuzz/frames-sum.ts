import type { Compression } from '../../src/frames/compression';
import { Connection, type ConnectionEvent, type ConnectionOptions } from '../../src/frames/connection';
import type { Role } from '../conformance/frames/frame-bytes';
import type { ModelOptions, Predicted } from './frames-model';

export function connectionOptions(options: ModelOptions): Omit<ConnectionOptions, 'role'> {
  const { maxFrameSize, maxMessageSize, maxFragments } = options;
  const { deliver, validateUtf8, strictLength } = options;
  return { deliver, validateUtf8, strictLength, limits: { maxFrameSize, maxMessageSize, maxFragments } };
}

/** A sum over what comes out, so that hundreds of thousands of runs can be compared. */
class Sum {
  value = 17;

  add(number: number): void {
    this.value = (Math.imul(this.value, 31) + number) | 0;
  }

  addAll(bytes: Uint8Array): void {
    for (const byte of bytes) this.add(byte);
  }
}

const KEY = Uint8Array.of(1, 2, 3, 4);
const encoder = new TextEncoder();

/** The sum of a prediction: each event by its kind and content, each frame sent by its bytes on the wire. */
export function predictedSum(events: readonly Predicted[], role: Role): number {
  const sum = new Sum();
  for (const event of events) {
    if (event.type === 'send') {
      const masked = role === 'client';
      sum.add(0x80 | event.opcode);
      sum.add((masked ? 0x80 : 0) | event.payload.length);
      if (masked) sum.addAll(KEY);
      event.payload.forEach((byte, i) => sum.add(masked ? byte ^ KEY[i % 4]! : byte));
      continue;
    }
    sum.add(KINDS.indexOf(event.type));
    if (event.type === 'fail') sum.add(event.code);
    else if (event.type === 'end') sum.add(event.clean ? 1 : 0);
    else if (event.type === 'close') {
      sum.add(event.code ?? 0);
      sum.addAll(event.reason);
    } else {
      if (event.type === 'message') sum.add(event.opcode);
      if (event.type === 'frame') sum.add(event.opcode * 16 + event.messageOpcode * 2 + (event.fin ? 1 : 0));
      sum.addAll(event.payload);
    }
  }
  return sum.value;
}

/** Deflate makes no more of one byte. */
const MOST_INFLATED = 1_032;
const FAIL_CODES: readonly number[] = [1002, 1007, 1008, 1009];
const KINDS = ['message', 'frame', 'ping', 'pong', 'close', 'fail', 'end'];

/**
 * The sum of a run over the same bytes, cut at these places. Checks what holds for every input: events in a legal
 * order, no more bytes out than can be, one end.
 */
export function foundSum(
  bytes: Uint8Array,
  cuts: readonly number[],
  options: ModelOptions,
  compression?: Compression,
): number {
  const { role } = options;
  const maskKey = () => 0x01020304;
  const connection = new Connection({ ...connectionOptions(options), role, maskKey, compression });
  const sum = new Sum();
  const seen = { data: 0, sent: 0, fails: 0, ends: 0 };
  // The connection alters what it is given.
  const given = bytes.slice();
  for (let i = 0, at = 0; i <= cuts.length + 1; i++) {
    const end = cuts[i] ?? bytes.length;
    if (i > cuts.length) connection.receiveEnd();
    else connection.receive(given.subarray(at, end));
    at = end;
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
      if (seen.ends > 0) throw new Error(`${event.type} came after the end`);
      addEvent(sum, event, seen);
    }
  }
  if (seen.ends !== 1 || seen.fails > 1 || connection.state !== 'closed') throw new Error('not ended once');
  const most = bytes.length * (compression === undefined ? 1 : MOST_INFLATED);
  if (seen.data > most || seen.sent > 2 * bytes.length + 10) {
    throw new Error('more came out than went in');
  }
  return sum.value;
}

type Seen = Record<'data' | 'sent' | 'fails' | 'ends', number>;

function addEvent(sum: Sum, event: ConnectionEvent, seen: Seen): void {
  if (event.type === 'transmit') {
    for (const chunk of event.chunks) {
      seen.sent += chunk.length;
      sum.addAll(chunk);
    }
    return;
  }
  sum.add(KINDS.indexOf(event.type));
  if (event.type === 'fail') {
    const { closeCode } = event.error;
    if (!FAIL_CODES.includes(closeCode)) throw new Error(`failed with ${closeCode}`);
    seen.fails += 1;
    sum.add(closeCode);
  } else if (event.type === 'end') {
    seen.ends += 1;
    sum.add(event.clean ? 1 : 0);
  } else if (event.type === 'close') {
    sum.add(event.code ?? 0);
    sum.addAll(encoder.encode(event.reason));
  } else if (event.type === 'piece') {
    seen.data += event.end - event.start;
    sum.addAll(event.bytes.subarray(event.start, event.end));
  } else {
    if (event.type === 'message') sum.add(event.opcode);
    if (event.type === 'frame') sum.add(event.opcode * 16 + event.messageOpcode * 2 + (event.fin ? 1 : 0));
    seen.data += event.payload.length;
    sum.addAll(event.payload);
  }
}
