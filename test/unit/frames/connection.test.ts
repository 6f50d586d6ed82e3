import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionEvent, type ConnectionOptions } from '../../../src/frames/connection';
import { encodeFrame } from '../../../src/frames/encoder';
import { FrameError } from '../../../src/frames/errors';
import { concat } from '../../helpers/bytes';

const KEY = 0x0badcafe;
const bytes = (text: string) => new TextEncoder().encode(text);
const fromClient = (opcode: number, text: string, fin = true) =>
  encodeFrame(opcode, bytes(text), { fin, maskKey: KEY });

function server(options: Partial<ConnectionOptions> = {}): Connection {
  return new Connection({ ...options, role: 'server' });
}

function poll(connection: Connection): ConnectionEvent[] {
  const events: ConnectionEvent[] = [];
  for (let event = connection.poll(); event !== undefined; event = connection.poll()) events.push(event);
  return events;
}

const types = (events: ConnectionEvent[]) => events.map((event) => event.type);

describe('connection', () => {
  it.each([{ role: 'peer' }, { role: undefined }, {}])('refuses the role of %j', (options) => {
    expect(() => new Connection(options as unknown as ConnectionOptions)).toThrow(TypeError);
  });

  it.each<unknown>(['text', 5, undefined, null, [1], new Uint16Array(2)])(
    'refuses %j as received bytes',
    (chunk) => {
      expect(() => server().receive(chunk as Uint8Array)).toThrow(TypeError);
    },
  );

  it('refuses limits that are none', () => {
    expect(() => server({ limits: { maxFragments: 0 } })).toThrow(RangeError);
  });

  it('a payload that lies whole in its chunk is a view of it; one that does not has memory of its own', () => {
    const connection = server();
    const chunk = concat([fromClient(2, 'whole'), fromClient(2, 'split').slice(0, 8)]);
    connection.receive(chunk);
    const [whole] = poll(connection);
    connection.receive(fromClient(2, 'split').slice(8));
    const [split] = poll(connection);
    if (whole?.type !== 'message' || split?.type !== 'message') throw new Error('two messages were expected');
    expect([whole.payload.buffer === chunk.buffer, whole.payload.byteOffset]).toEqual([true, 6]);
    expect(split.payload.buffer === chunk.buffer).toBe(false);
    expect([whole.payload, split.payload]).toEqual([bytes('whole'), bytes('split')]);
  });

  it('payloads of one chunk stay as they are while later ones are read', () => {
    const connection = server();
    connection.receive(concat(['one', 'two', 'three'].map((text) => fromClient(1, text))));
    const payloads = poll(connection).map((event) =>
      event.type === 'message' ? new TextDecoder().decode(event.payload) : '',
    );
    connection.receive(fromClient(1, 'four'));
    expect(payloads).toEqual(['one', 'two', 'three']);
  });

  it('reads no further than the last event polled: the state is of that moment', () => {
    const connection = server();
    connection.receive(fromClient(1, 'a'));
    connection.receive(encodeFrame(8, Uint8Array.of(3, 232), { maskKey: KEY }));
    expect([connection.poll()?.type, connection.state]).toEqual(['message', 'open']);
    expect([connection.poll()?.type, connection.state]).toEqual(['close', 'close-received']);
    expect([connection.poll()?.type, connection.state]).toEqual(['transmit', 'closed']);
    expect([connection.poll()?.type, connection.poll()?.type]).toEqual(['end', undefined]);
  });

  it('the owner may answer the peer’s Close itself; then nothing is added', () => {
    const connection = server();
    connection.receive(encodeFrame(8, Uint8Array.of(3, 232), { maskKey: KEY }));
    expect(connection.poll()).toEqual({ type: 'close', code: 1000, reason: '' });
    expect([connection.send(1, bytes('bye')), connection.sendClose(4000, 'own')]).toEqual([true, true]);
    const [transmit, end, ...rest] = poll(connection);
    expect(transmit?.type === 'transmit' && concat(transmit.chunks)).toEqual(
      concat([encodeFrame(1, bytes('bye')), Uint8Array.of(0x88, 5, 15, 160, 111, 119, 110)]),
    );
    expect([end, rest]).toEqual([{ type: 'end', clean: true }, []]);
  });

  it('F-45: a failure carries its error, and everything after it is ignored', () => {
    const connection = server();
    connection.receive(
      concat([fromClient(1, 'a'), encodeFrame(1, Uint8Array.of(0xff), { maskKey: KEY }), fromClient(1, 'b')]),
    );
    const events = poll(connection);
    expect(types(events)).toEqual(['message', 'transmit', 'fail', 'end']);
    const fail = events[2];
    expect(
      fail?.type === 'fail' && fail.error instanceof FrameError && [fail.error.name, fail.error.closeCode],
    ).toEqual(['FrameError', 1007]);
    connection.receive(fromClient(1, 'c'));
    connection.receiveEnd();
    connection.closeTimedOut();
    expect(poll(connection)).toEqual([]);
    expect(connection.state).toBe('closed');
  });

  it('F-53: bytes after the end of the bytes are ignored, and the end is told once', () => {
    const connection = server();
    connection.receiveEnd();
    connection.receive(fromClient(1, 'late'));
    connection.receiveEnd();
    expect(poll(connection)).toEqual([{ type: 'end', clean: false }]);
    expect(poll(connection)).toEqual([]);
  });

  it('F-62: a time-out means nothing before our Close is out', () => {
    const connection = server();
    connection.closeTimedOut();
    expect([poll(connection), connection.state]).toEqual([[], 'open']);
  });
});

describe('connection limits', () => {
  it('F-43: of 10,000 Pings in one chunk 60 are answered one by one, then the last; the connection lives', () => {
    const connection = server();
    connection.receive(concat(Array.from({ length: 10_000 }, (_, i) => fromClient(9, String(i)))));
    const events = poll(connection);
    const pongs = events.flatMap((event) => (event.type === 'transmit' ? event.chunks : []));
    expect(events.filter((event) => event.type === 'ping')).toHaveLength(10_000);
    expect(pongs.map((pong) => new TextDecoder().decode(pong.subarray(2)))).toEqual([
      ...Array.from({ length: 60 }, (_, i) => String(i)),
      '9999',
    ]);
    expect(connection.state).toBe('open');
  });

  it('F-43: Pings are counted anew once everything is read', () => {
    const connection = server({ limits: { maxQueuedPings: 2 } });
    for (let round = 0; round < 3; round++) {
      connection.receive(concat(['a', 'b', 'c', 'd'].map((text) => fromClient(9, text))));
      const pongs = poll(connection).flatMap((event) => (event.type === 'transmit' ? event.chunks : []));
      expect(pongs.map((pong) => String.fromCharCode(pong[2]!))).toEqual(['a', 'b', 'd']);
    }
  });

  it('F-43: the Pong that was held back goes out before the connection is failed', () => {
    const connection = server({ limits: { maxQueuedPings: 1 } });
    connection.receive(
      concat([fromClient(9, 'a'), fromClient(9, 'b'), fromClient(9, 'c'), Uint8Array.of(0xff, 0xff)]),
    );
    const sent = concat(poll(connection).flatMap((event) => (event.type === 'transmit' ? event.chunks : [])));
    expect(sent).toEqual(
      concat([encodeFrame(10, bytes('a')), encodeFrame(10, bytes('c')), Uint8Array.of(0x88, 2, 3, 234)]),
    );
  });

  it('SEC-13: an owner that never polls does not grow memory: 1008 after the chunks that may wait', () => {
    const connection = server({ limits: { maxBufferedChunks: 3 } });
    for (let i = 0; i < 1_000; i++) connection.receive(fromClient(1, String(i)));
    const events = poll(connection);
    expect(types(events)).toEqual(['message', 'message', 'message', 'message', 'transmit', 'fail', 'end']);
    const fail = events[5];
    expect(fail?.type === 'fail' && fail.error.closeCode).toBe(1008);
  });

  it('F-51: chunks that come before the owner polls are one stream', () => {
    const connection = server();
    const stream = concat([
      fromClient(1, 'eins'),
      fromClient(9, 'p'),
      fromClient(1, 'zwei', false),
      fromClient(0, 'drei'),
    ]);
    for (const byte of stream) connection.receive(Uint8Array.of(byte));
    expect(types(poll(connection))).toEqual(['message', 'ping', 'transmit', 'message']);
  });
});
