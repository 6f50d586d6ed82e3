import { describe, expect, it } from 'vitest';
import { Fifo } from '../../../src/frames/fifo';
import { Frame } from '../../../src/frames/frame';
import { Opcode } from '../../../src/frames/header';
import { ReadQueue } from '../../../src/frames/read-queue';
import { seededRandom } from '../../helpers/bytes';

describe('Fifo', () => {
  it('keeps its order against a plain array, whatever is put in, taken and removed', () => {
    const random = seededRandom(7);
    const fifo = new Fifo<number>();
    const plain: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      const choice = random();
      if (choice < 0.5) [fifo, plain].forEach((queue) => queue.push(i));
      else if (choice < 0.95) expect(fifo.shift()).toBe(plain.shift());
      else if (plain.length > 0) {
        const item = plain[Math.floor(random() * plain.length)] ?? 0;
        plain.splice(plain.indexOf(item), 1);
        fifo.remove(item);
      }
      expect(fifo.length).toBe(plain.length);
    }
    expect(fifo.findLast((item) => item % 2 === 0)).toBe(plain.filter((item) => item % 2 === 0).at(-1));
    expect(fifo.takeAll()).toEqual(plain);
    expect([fifo.length, fifo.shift(), fifo.findLast(() => true)]).toEqual([0, undefined, undefined]);
    fifo.remove(1);
  });
});

describe('ReadQueue', () => {
  const waiting = (length: number) => ({
    frame: new Frame(Opcode.BINARY, true, new Uint8Array(length), Opcode.BINARY),
    afterPong: false,
  });

  it('D-3: is full at 64 frames', () => {
    const queue = new ReadQueue();
    for (let i = 0; i < 63; i++) queue.push(waiting(0));
    expect(queue.isFull).toBe(false);
    queue.push(waiting(0));
    expect(queue.isFull).toBe(true);
    queue.shift();
    expect(queue.isFull).toBe(false);
  });

  it('D-3: is full at 1 MiB', () => {
    const queue = new ReadQueue();
    queue.push(waiting(1_048_575));
    expect(queue.isFull).toBe(false);
    queue.push(waiting(1));
    expect(queue.isFull).toBe(true);
    queue.clear();
    expect([queue.isFull, queue.isEmpty]).toEqual([false, true]);
  });
});
