import type { Data } from './codec';

/** What messages are filled with. */
export type Filling = 'binary' | 'ASCII text' | 'other text';

const ASCII = '{"id":4711,"name":"thermometer","unit":"C","value":21.5} ';
const OTHER = 'Grüße: 温度は二十一度半です, температура 21,5 °C 🌡. ';

/** A payload of exactly that many bytes. */
export function payloadOf(filling: Filling, length: number): Buffer {
  if (filling === 'binary') return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff));
  const text = filling === 'ASCII text' ? ASCII : OTHER;
  const whole = Buffer.alloc(length + 4, text);
  let end = length;
  while ((whole[end]! & 0xc0) === 0x80) end--;
  return Buffer.concat([whole.subarray(0, end), Buffer.alloc(length - end, '.')]);
}

/** The same as an application has it. */
export function dataOf(filling: Filling, length: number): Data {
  const payload = payloadOf(filling, length);
  return filling === 'binary' ? payload : payload.toString();
}

/** How many times the payload fits into a measurable amount, at most so many frames. */
export function batchSize(length: number): number {
  return Math.max(4, Math.min(10_000, Math.ceil(4_194_304 / length)));
}
