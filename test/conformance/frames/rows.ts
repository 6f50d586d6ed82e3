import type { Connection, ConnectionOptions } from '../../../src/frames/connection';
import { concat, randomSplit, seededRandom } from '../../helpers/bytes';
import type { PeerBytes, Role } from './frame-bytes';
import { TracedConnection, type Trace } from './trace';

/** One case of the checklist: bytes in, events and answer out. */
export interface Row {
  /** Statement of the checklist. */
  rule: string;
  title: string;
  options?: Omit<ConnectionOptions, 'role' | 'deliver'>;
  /** Done before any byte arrives. */
  first?: (connection: Connection) => void;
  input: readonly PeerBytes[];
  /** Whether data is sent back as it comes. */
  echo?: boolean;
  /** Done after the input, such as telling that the bytes ended. */
  last?: (connection: Connection) => void;
  /** What comes out when whole messages are delivered. */
  expect: Trace;
  /** What comes out when frames are delivered; derived from `expect` when every message is one frame. */
  expectFrames?: Trace;
}

export type Delivery = 'messages' | 'frames';

const RANDOM_SPLITS = 12;
/** Above this size a split into single bytes and many random ones would only cost time. */
const LARGE = 20_000;

export const connectionLost = (connection: Connection): void => connection.receiveEnd();

export function expected(row: Row, deliver: Delivery): Trace {
  if (deliver === 'messages') return row.expect;
  return (
    row.expectFrames ?? row.expect.map((one) => one.replace(/^(text|binary) (.*)$/, 'frame $1 of $1 fin $2'))
  );
}

export function play(row: Row, role: Role, deliver: Delivery, chunks: readonly Uint8Array[]): Trace {
  const traced = new TracedConnection(role, { ...row.options, deliver });
  if (row.echo === true) {
    traced.onEvent = (event, connection) => {
      if (event.type === 'message') connection.send(event.opcode, event.payload);
      else if (event.type === 'frame') connection.send(event.messageOpcode, event.payload, event.fin);
    };
  }
  row.first?.(traced.connection);
  traced.drain();
  traced.feed(chunks);
  row.last?.(traced.connection);
  traced.drain();
  return traced.trace;
}

/** The input in one chunk, byte by byte, and at random places, each with a name that leads back to it. */
export function* splitsOf(row: Row, role: Role): Generator<[name: string, chunks: Uint8Array[]]> {
  const whole = concat(row.input.map((bytes) => bytes(role)));
  yield ['one chunk', [whole]];
  if (whole.length <= LARGE) yield ['byte by byte', Array.from(whole, (byte) => Uint8Array.of(byte))];
  else yield ['1,448 bytes each', pieces(whole, 1_448)];
  for (let seed = 1; seed <= (whole.length <= LARGE ? RANDOM_SPLITS : 3); seed++) {
    yield [`split with seed ${seed}`, randomSplit(whole, seededRandom(seed))];
  }
}

function pieces(whole: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(whole.length / length) }, (_, i) =>
    whole.slice(i * length, (i + 1) * length),
  );
}
