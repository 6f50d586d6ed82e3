import { expect, it } from 'vitest';
import { decodeText } from '../../../../src/frames/frame';
import { nodeHost } from '../../../../src/frames/node/host';

const ENDS = ['', 'ü', '\ufeff', '温', '🌡'].map((text) => Buffer.from(text));
const FAULTS = [[0xff], [0xc3], [0xe6, 0xb8], [0xf0, 0x9f, 0x8c], [0xed, 0xa0, 0x80]].map((bytes) => Buffer.from(bytes));

it('F-31: texts of any length, valid or not, become the strings that the platform’s decoder makes', () => {
  for (const length of [0, 1, 16_383, 16_384, 70_000]) {
    const ascii = Buffer.alloc(length, 'webifi ');
    for (const end of [...ENDS, ...FAULTS]) {
      for (const bytes of [Buffer.concat([ascii, end]), Buffer.concat([end, ascii])]) {
        const view = new Uint8Array(bytes);
        expect(nodeHost.decodeText?.(view) === decodeText(view), `${length}, ${end.toString('hex')}`).toBe(true);
      }
    }
  }
});

it('F-31: strings of any length, whole or with half a surrogate pair, become the bytes that the platform’s encoder makes', () => {
  const encoder = new TextEncoder();
  for (const length of [0, 1, 63, 64, 4_097, 70_000]) {
    const ascii = 'webifi '.repeat(length).slice(0, length);
    for (const end of ['', 'ü', '\ufeff', '温', '🌡', '\ud83c', '\udf21']) {
      for (const text of [ascii + end, end + ascii]) {
        const encoded = Buffer.from(nodeHost.encodeText?.(text) ?? []);
        expect(encoded.equals(encoder.encode(text)), `${length}, ${JSON.stringify(end)}`).toBe(true);
      }
    }
  }
});
