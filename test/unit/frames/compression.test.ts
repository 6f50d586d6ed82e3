import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionEvent } from '../../../src/frames/connection';
import type { DeflateParameters } from '../../../src/frames/deflate-offer';
import { createCompression } from '../../../src/frames/node/deflate';
import { ping, utf8 } from '../../conformance/frames/frame-bytes';
import { concat } from '../../helpers/bytes';
import { prose } from '../../helpers/compressible';

const PLAIN: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const TUNING = { threshold: 10, level: -1, memLevel: 8 };

function client(agreed = PLAIN): Connection {
  const compression = createCompression(agreed, 'client', TUNING);
  return new Connection({ role: 'client', maskKey: () => 0x1234_5678, compression });
}

function server(agreed = PLAIN, deliver: 'messages' | 'frames' = 'messages'): Connection {
  const compression = createCompression(agreed, 'server', TUNING);
  return new Connection({ role: 'server', deliver, compression, limits: { maxMessageSize: 50_000 } });
}

function pollAll(connection: Connection): ConnectionEvent[] {
  const events: ConnectionEvent[] = [];
  for (let event = connection.poll(); event !== undefined; event = connection.poll()) events.push(event);
  return events;
}

function failureOf(connection: Connection): number | undefined {
  const event = pollAll(connection).find(({ type }) => type === 'fail');
  return event?.type === 'fail' ? event.error.closeCode : undefined;
}

function sent(connection: Connection): Uint8Array {
  return concat(pollAll(connection).flatMap((event) => (event.type === 'transmit' ? event.chunks : [])));
}

/** What the bytes come to when they are received in pieces, without what is sent on them. */
function outcome(bytes: Uint8Array, cuts: readonly number[], deliver: 'messages' | 'frames'): unknown[] {
  const receiver = server(PLAIN, deliver);
  const events: ConnectionEvent[] = [];
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    // The codec unmasks in place.
    receiver.receive(bytes.slice(start, end));
    events.push(...pollAll(receiver));
    start = end;
  }
  return events
    .filter(({ type }) => type !== 'transmit')
    .map((event) => (event.type === 'fail' ? [event.error.closeCode, event.error.message] : event));
}

const parts = fc.array(fc.tuple(fc.nat(3_000), fc.nat(4_000), fc.boolean(), fc.boolean()), { maxLength: 5 });

/** A place and what stands there instead. */
const damages = fc.option(fc.tuple(fc.nat(), fc.nat(255)));

function conversation(messages: readonly (readonly [number, number, boolean, boolean])[]): Uint8Array {
  const sender = client();
  for (const [start, length, isSplit, isText] of messages) {
    const payload = utf8(prose.slice(start, start + length));
    const opcode = isText ? 1 : 2;
    if (isSplit) sender.send(opcode, payload.subarray(0, length >> 1), false);
    sender.send(opcode, isSplit ? payload.subarray(length >> 1) : payload);
    sender.sendPing();
  }
  return sent(sender);
}

describe('a connection with compression', () => {
  it.each(['messages', 'frames'] as const)(
    'F-69: the same %s come out, however the bytes are cut, whatever is damaged in them',
    (deliver) => {
      fc.assert(
        fc.property(parts, fc.array(fc.nat()), damages, (messages, cuts, damage) => {
          const bytes = conversation(messages);
          if (damage !== null && bytes.length > 0) bytes[damage[0] % bytes.length] = damage[1];
          expect(outcome(bytes, cuts, deliver)).toEqual(outcome(bytes, [], deliver));
        }),
        { numRuns: 60 },
      );
    },
  );

  it('F-70: text is checked as it is restored: it fails with the byte that is wrong, in an unfinished message', () => {
    const sender = client();
    sender.send(1, concat([utf8(prose.slice(0, 1_000)), Uint8Array.of(0xff)]), false);
    const receiver = server();
    receiver.receive(sent(sender));
    expect(failureOf(receiver)).toBe(1007);
  });

  it('F-70: the limit of a message counts what its frames restore to', () => {
    const sender = client();
    const block = new Uint8Array(20_000);
    for (const fin of [false, false, true]) sender.send(2, block, fin);
    const receiver = server();
    const bytes = sent(sender);
    expect(bytes.length).toBeLessThan(500);
    receiver.receive(bytes);
    expect(failureOf(receiver)).toBe(1009);
  });

  it('F-42: a frame that declares more than the limit is refused before anything is restored', () => {
    const receiver = server();
    receiver.receive(Uint8Array.of(0xc2, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 1, 2, 3, 4));
    expect(failureOf(receiver)).toBe(1009);
  });

  it('closes what it compresses with once, whether it ends well or badly', () => {
    const invalid = (connection: Connection) => connection.receive(Uint8Array.of(0xff, 0x80));
    for (const end of [invalid, (connection: Connection) => connection.receiveEnd()]) {
      const closed: string[] = [];
      const connection = new Connection({
        role: 'server',
        compression: {
          threshold: 0,
          deflater: { compress: (payload) => payload, close: () => void closed.push('deflater') },
          inflater: { decompress: () => undefined, close: () => void closed.push('inflater') },
        },
      });
      connection.receive(ping()('server'));
      pollAll(connection);
      expect(closed).toEqual([]);
      end(connection);
      connection.receiveEnd();
      pollAll(connection);
      expect(closed).toEqual(['deflater', 'inflater']);
    }
  });
});
