import { describe, expect, it } from 'vitest';
import { parseBody } from '../../../src/core/codec';
import { createCounters } from '../../../src/relay/counters';
import { GroupEncoder, OWN_CHUNK_SIZE } from '../../../src/relay/group-encoder';
import type { Entry } from '../../../src/relay/out-queue';
import { bytesOf, textOf } from '../../helpers/relay-core-lab';

function encode(encoder: GroupEncoder, group: string, sessionId = 101): Entry {
  const fields = parseBody(bytesOf(group), { maxSize: 1_000_000 });
  const sender = { id: `${sessionId}ssecret`, idDigits: String(sessionId).length };
  return encoder.encode(sender, fields, fields.indexOf('dt'), fields.indexOf('d'));
}

const textIn = ({ bytes, start, end }: Entry): string => textOf(bytes.subarray(start, end));

describe('group encoder', () => {
  it.each([
    ['V-32', '~dt=t~d=hello', 101, '~f=101~dt=t~d=hello'],
    ['P-104 the shortest id', '~d=x', 1, '~f=1~d=x'],
    ['the longest id', '~d=x', 2 ** 48 - 1, '~f=281474976710655~d=x'],
    ['a round id', '~d=x', 1_000_000, '~f=1000000~d=x'],
    ['P-23 escapes as they came', '~dt=a~~b~d=~~~-', 7, '~f=7~dt=a~~b~d=~~~-'],
    ['an empty type is none', '~dt=~d=x', 7, '~f=7~d=x'],
    ['P-29 empty data', '~dt=t~d=', 7, '~f=7~dt=t~d='],
    ['P-80 targets are left out', '~n=a~s=1~dt=t~d=x', 7, '~f=7~dt=t~d=x'],
  ])('%s', (_what, group, sessionId, encoded) => {
    const entry = encode(new GroupEncoder(createCounters()), group, sessionId);
    expect(textIn(entry)).toBe(encoded);
    expect(entry.hasEmptyData).toBe(encoded.endsWith('~d='));
  });

  it('moves out what waits when its memory has its turn again, and takes no more memory for the rest', () => {
    const encoder = new GroupEncoder(createCounters());
    const waiting = encode(encoder, '~d=waiting');
    waiting.refs = 2;
    const { buffer } = waiting.bytes;
    const buffers = new Set([buffer]);
    for (let turn = 0; waiting.bytes.buffer === buffer; turn++) {
      encoder.settle();
      expect(turn).toBeLessThan(10_000);
      const soonGone = encode(encoder, `~d=${'x'.repeat(1_000)}`);
      soonGone.refs = 1;
      buffers.add(soonGone.bytes.buffer);
      expect(textIn(waiting)).toBe('~f=101~d=waiting');
      encoder.settle();
      soonGone.refs = 0;
    }
    expect(waiting.bytes.buffer.byteLength).toBe(waiting.length);
    expect(buffers.size).toBe(16);
    expect(textIn(waiting)).toBe('~f=101~d=waiting');
  });

  it('uses the same memory every turn when nothing waits', () => {
    const encoder = new GroupEncoder(createCounters());
    const { buffer } = encode(encoder, '~d=x').bytes;
    encoder.settle();
    for (let turn = 0; turn < 100; turn++) {
      for (let i = 0; i < 50; i++) expect(encode(encoder, `~d=${'x'.repeat(100)}`).bytes.buffer).toBe(buffer);
      encoder.settle();
    }
  });

  it('gives memory of its own to a large group, and to all when the slab is full', () => {
    const counters = createCounters();
    const encoder = new GroupEncoder(counters);
    const small = encode(encoder, '~d=x').bytes.buffer;
    expect(encode(encoder, `~d=${'x'.repeat(OWN_CHUNK_SIZE)}`).bytes.buffer).not.toBe(small);
    const texts = Array.from({ length: 100 }, (_, i) => `${i}:${'x'.repeat(3_900)}`);
    const entries = texts.map((text) => encode(encoder, `~d=${text}`));
    expect(entries.filter(({ bytes }) => bytes.buffer !== small).length).toBeGreaterThan(0);
    expect(entries.map(textIn)).toEqual(texts.map((text) => `~f=101~d=${text}`));
    expect(counters.messagesEncoded).toBe(102);
  });
});
