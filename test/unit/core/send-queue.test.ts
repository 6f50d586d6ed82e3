import { describe, expect, it } from 'vitest';
import { SendQueue, type Batch } from '../../../src/core/send-queue';
import { copiedBytes } from '../../helpers/copied-bytes';
import { show } from '../../helpers/bytes';
import { Harness } from '../../helpers/session-harness';

const MEBIBYTE = 1024 * 1024;

function push(queue: SendQueue, token: number, data: string | Uint8Array, toSessionIds: string[] = []): void {
  queue.push({ data, dataType: '', toNetworks: [], toSessionIds }, token, true);
}

function takeAll(queue: SendQueue): Batch[] {
  const batches: Batch[] = [];
  for (let batch = queue.take(); batch; batch = queue.take()) batches.push(batch);
  return batches;
}

describe('the send queue', () => {
  it('P-82 100,000 messages go out in order, in batches bounded in bytes', () => {
    const queue = new SendQueue();
    for (let i = 1; i <= 100_000; i++) push(queue, i, `${i}`.padStart(100));
    expect(queue.length).toBe(100_000);
    const batches = takeAll(queue);
    expect(Math.max(...batches.map(({ groups }) => groups.length))).toBeLessThanOrEqual(128 * 1024);
    expect(batches.length).toBe(Math.ceil(100_000 / Math.floor((128 * 1024) / 103)));
    expect(batches.flatMap(({ tokens }) => tokens)).toEqual(Array.from({ length: 100_000 }, (_, i) => i + 1));
    const sent = batches.flatMap(({ groups }) => Buffer.from(groups).toString().split('~d=').slice(1));
    expect(sent.every((data, i) => Number(data) === i + 1)).toBe(true);
    expect(queue.length).toBe(0);
  });

  it('P-82 the smallest messages go out in batches bounded in count', () => {
    const queue = new SendQueue();
    for (let i = 1; i <= 10_000; i++) push(queue, i, '');
    expect(takeAll(queue).map(({ tokens }) => tokens.length)).toEqual([4096, 4096, 1808]);
  });

  it('a message above the bound goes alone, and the next one is not kept from going', () => {
    const queue = new SendQueue();
    push(queue, 1, 'a');
    push(queue, 2, new Uint8Array(200_000));
    push(queue, 3, 'b');
    expect(takeAll(queue).map(({ tokens }) => tokens)).toEqual([[1], [2], [3]]);
  });

  it('X-2 a relay that takes less gets less at once, in order; what is taken back meanwhile is left out', () => {
    const queue = new SendQueue();
    for (let i = 1; i <= 100; i++) push(queue, i, `<${i}>`.padStart(i === 50 ? 2000 : 50));
    const batches: Batch[] = [];
    for (let batch = queue.take(1000); batch; batch = queue.take(1000)) {
      if (batches.push(batch) === 1) expect([queue.remove(3), queue.remove(90)]).toEqual([false, true]);
    }
    expect(batches.flatMap(({ tokens }) => tokens)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1).filter((i) => i !== 90));
    const withModes = batches.map(({ groups, tokens }) => groups.length + 5 * tokens.length);
    expect(withModes.filter((size) => size > 1000)).toHaveLength(1);
    expect(batches.length).toBeLessThan(10);
    expect([queue.length, queue.bytes]).toEqual([0, 0]);
  });

  it('what is taken back leaves no trace, whether its batch is open or full', () => {
    const queue = new SendQueue();
    for (let i = 1; i <= 5000; i++) push(queue, i, `<${i}>`);
    const gone = [1, 4096, 4097, 4999];
    expect(gone.map((token) => queue.remove(token))).toEqual([true, true, true, true]);
    expect(queue.remove(1)).toBe(false);
    expect(queue.length).toBe(4996);
    const batches = takeAll(queue);
    const text = batches.map(({ groups }) => show(groups)).join('');
    expect(text.split('~d=')).toHaveLength(4997);
    for (const token of gone) expect(text).not.toContain(`<${token}>`);
    expect(batches.flatMap(({ tokens }) => tokens)).toHaveLength(4996);
    expect(queue.remove(2)).toBe(false);
  });

  it('S-17 a batch that is put back goes first, and a queue that was empty takes more behind it', () => {
    const queue = new SendQueue();
    push(queue, 1, 'a');
    const batch = queue.take();
    if (!batch) throw new Error('There is no batch.');
    queue.putBack(batch);
    push(queue, 2, 'b');
    push(queue, 3, 'c', ['7']);
    expect(queue.length).toBe(3);
    expect(takeAll(queue).map(({ groups }) => show(groups))).toEqual(['~d=a', '~d=b', '~s=7~d=c']);
  });

  it('a batch that is put back, with gaps from before, loses what is taken back and nothing else', () => {
    const queue = new SendQueue();
    for (let i = 1; i <= 6; i++) push(queue, i, `<${i}>`.repeat(i));
    queue.remove(2);
    const batch = queue.take();
    if (!batch) throw new Error('There is no batch.');
    queue.putBack(batch);
    expect([2, 4, 6, 6].map((token) => queue.remove(token))).toEqual([false, true, true, false]);
    expect(queue.length).toBe(3);
    expect(takeAll(queue).map(({ groups }) => show(groups))).toEqual(['~d=<1>~d=<3><3><3>~d=<5><5><5><5><5>']);
    expect(queue.length).toBe(0);
  });

  it('clear gives the tokens of what waits; what nobody awaits can stay', () => {
    const queue = new SendQueue();
    push(queue, 1, 'a');
    queue.push({ data: 'b', dataType: '', toNetworks: [], toSessionIds: [] }, 2, false);
    push(queue, 3, 'c', ['7']);
    expect(queue.clear(true)).toEqual([1, 3]);
    expect(queue.length).toBe(1);
    expect(takeAll(queue).map(({ groups }) => show(groups))).toEqual(['~d=b']);
  });
});

describe('bytes copied', () => {
  it('a queued message is copied a fixed number of times, however many wait', () => {
    const data = new Uint8Array(100).fill(120);
    const perMessage = [1000, 20_000].map((count) => {
      const queue = new SendQueue();
      return copiedBytes(() => {
        for (let i = 1; i <= count; i++) push(queue, i, data);
        takeAll(queue);
      }) / count;
    });
    for (const bytes of perMessage) expect(bytes).toBeLessThan(4 * 103);
  });

  it.each([true, false])('a received mebibyte, in 64 KiB or in 1 KiB pieces (WebSocket: %s)', (useWebSocket) => {
    const h = new Harness({ useWebSocket }).run();
    const head = '~rt=r~f=7~d=';
    const message = Buffer.from(`${useWebSocket ? head : '~e=0~f=7~d='}${'x'.repeat(MEBIBYTE)}${useWebSocket ? '~t=1' : ''}`);
    for (const size of useWebSocket ? [64 * 1024, 1024] : [message.length]) {
      let received = 0;
      const copied = copiedBytes(() => {
        for (let at = 0; at < message.length; at += size) {
          const bytes = message.subarray(at, at + size);
          const effects = useWebSocket
            ? h.input({ type: 'bytes', id: h.socket, bytes })
            : h.input({ type: 'answer', id: h.post('/Download').id, status: 200, body: bytes });
          for (const effect of effects) if (effect.type === 'message') received += effect.message.bytes.length;
        }
      });
      expect(received).toBe(MEBIBYTE);
      expect(copied).toBeLessThan(5 * MEBIBYTE);
    }
  });
});
