import { describe, expect, it } from 'vitest';
import type { ByteSink, ByteStream } from '../../../src/frames/byte-stream';
import { throttled } from '../../../src/frames/throttled-stream';
import { VirtualHost } from '../../helpers/virtual-host';

/** The stream below: keeps what is asked of it, and lets the test say what comes. */
class FakeStream implements ByteStream {
  sink!: ByteSink;
  readonly log: string[] = [];
  /** Bytes and the time at which they were written. */
  readonly written: [bytes: number, atMs: number][] = [];

  constructor(readonly host: VirtualHost) {}

  start(sink: ByteSink): void {
    this.sink = sink;
  }
  pause(): void {
    this.log.push('pause');
  }
  resume(): void {
    this.log.push('resume');
  }
  write(chunks: readonly Uint8Array[], onWritten: (error?: unknown) => void): void {
    for (const { length } of chunks) this.written.push([length, this.host.now()]);
    onWritten();
  }
  end(): void {
    this.log.push('end');
  }
  destroy(): void {
    this.log.push('destroy');
    this.sink.onClose();
  }
}

function make(limits: { upBytesPerSecond?: number; downBytesPerSecond?: number }) {
  const host = new VirtualHost();
  const inner = new FakeStream(host);
  const stream = throttled(inner, host, limits);
  const seen: [what: string | number, atMs: number][] = [];
  const note = (what: string | number) => seen.push([what, host.now()]);
  stream.start({
    onBytes: ({ length }) => note(length),
    onProgress: () => note('progress'),
    onEnd: () => note('end'),
    onClose: (error) => note(error instanceof Error ? `close ${error.message}` : 'close'),
  });
  return { host, inner, stream, seen };
}

const bytes = (length: number) => new Uint8Array(length);
const sum = (list: readonly (readonly [unknown, number])[]) =>
  list.reduce((total, [count]) => total + (typeof count === 'number' ? count : 0), 0);

describe('throttled', () => {
  it('without limits it is the stream itself', () => {
    const inner = new FakeStream(new VirtualHost());
    expect(throttled(inner, inner.host, {})).toBe(inner);
    expect(throttled(inner, inner.host, { upBytesPerSecond: 0 })).toBe(inner);
  });

  it('up: writes leave in order and in time, and each is told of when its last byte has left', () => {
    const { host, inner, stream } = make({ upBytesPerSecond: 1_000 });
    const told: [string, number][] = [];
    stream.write([bytes(50), bytes(250)], () => told.push(['first', host.now()]));
    stream.write([bytes(700)], () => told.push(['second', host.now()]));
    stream.write([], () => told.push(['third', host.now()]));
    stream.end();
    expect([sum(inner.written), inner.log]).toEqual([100, []]);
    host.goTo(200);
    expect([sum(inner.written), told]).toEqual([300, [['first', 200]]]);
    host.goTo(900);
    expect(sum(inner.written)).toBe(1_000);
    expect(told).toEqual([['first', 200], ['second', 900], ['third', 900]]);
    expect([inner.log, host.timers]).toEqual([['end'], 0]);
  });

  it('down: a chunk is told in pieces, and the stream below is paused until all of it was', () => {
    const { host, inner, seen } = make({ downBytesPerSecond: 1_000 });
    inner.sink.onBytes(bytes(400));
    expect([sum(seen), inner.log]).toEqual([100, ['pause']]);
    host.goTo(299);
    expect([sum(seen), inner.log]).toEqual([350, ['pause']]);
    host.goTo(300);
    expect([sum(seen), inner.log]).toEqual([400, ['pause', 'resume']]);
    expect(host.timers).toBe(0);
  });

  it('down: the end and the close come behind the bytes', () => {
    const { host, inner, seen } = make({ downBytesPerSecond: 1_000 });
    inner.sink.onBytes(bytes(150));
    inner.sink.onEnd();
    inner.sink.onClose(new Error('reset'));
    expect(seen).toEqual([[100, 0]]);
    host.goTo(1_000);
    expect(seen).toEqual([[100, 0], [50, 50], ['end', 50], ['close reset', 50]]);
  });

  it('a pause of the owner holds, whatever the time', () => {
    const { host, inner, stream, seen } = make({ downBytesPerSecond: 1_000 });
    inner.sink.onBytes(bytes(150));
    stream.pause();
    host.goTo(1_000);
    expect(sum(seen)).toBe(100);
    stream.resume();
    expect([sum(seen), inner.log]).toEqual([150, ['pause', 'resume']]);
  });

  it('one way only leaves the other as it is', () => {
    const { inner, stream, seen } = make({ upBytesPerSecond: 10 });
    inner.sink.onBytes(bytes(1_000_000));
    inner.sink.onProgress();
    expect(seen).toEqual([[1_000_000, 0], ['progress', 0]]);
    stream.pause();
    expect(inner.log).toEqual(['pause']);
  });

  it('what waits fails when the stream below ends, and is dropped when it is destroyed', () => {
    const first = make({ upBytesPerSecond: 10 });
    const errors: unknown[] = [];
    first.stream.write([bytes(100)], (error) => errors.push(error));
    first.inner.sink.onClose(new Error('reset'));
    expect([errors, first.seen]).toEqual([[new Error('reset')], [['close reset', 0]]]);
    expect(first.host.timers).toBe(0);

    const second = make({ upBytesPerSecond: 10, downBytesPerSecond: 10 });
    second.stream.write([bytes(100)], (error) => errors.push(error));
    second.inner.sink.onBytes(bytes(100));
    second.stream.destroy();
    expect(second.seen).toEqual([[1, 0], ['close', 0]]);
    expect([errors.length, second.host.timers]).toEqual([2, 0]);
  });
});
