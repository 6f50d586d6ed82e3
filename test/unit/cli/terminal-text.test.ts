import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeData, safeLine, safeLines } from '../../../src/cli/terminal-text';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('text from strangers on a terminal (SEC-19)', () => {
  it.each([
    ['an escape sequence', '\u001b[2J', '\\x1b[2J'],
    ['a bell and a backspace', 'a\u0007\bb', 'a\\x07\\x08b'],
    ['a carriage return that would overwrite the line', 'safe\rfake', 'safe\\x0dfake'],
    ['an eight-bit control sequence', '\u009b31m', '\\x9b31m'],
    ['a mark that reverses the direction', 'a\u202eb', 'a\\u{202e}b'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['a lone surrogate', 'a\ud800b', 'a\\u{d800}b'],
    ['a line end', 'a\nb', 'a\\x0ab'],
  ])('SEC-19: %s is written out', (_what, text, safe) => {
    expect(safeLine(text)).toBe(safe);
  });

  it('leaves ordinary text alone, a family joined from three people included', () => {
    const text = 'Grüße\t— 你好 👩‍👩‍👧';
    expect(safeLine(text)).toBe(text);
  });

  it('SEC-19: a second line cannot pose as a message of its own', () => {
    expect(safeLines('hello\r\nboss: pay now')).toBe('hello\n    boss: pay now');
  });

  it('SEC-19: nothing that steers a terminal survives, whatever arrives', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safeLine(text)).not.toMatch(/(?!\t)[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it('shows text as text, bytes as hexadecimal, and nothing as words', () => {
    expect(safeData('é', bytesOf('é'))).toBe('é');
    expect(safeData('\u0000ÿ', Uint8Array.of(0, 255))).toBe('(2 bytes) 00 ff');
    expect(safeData('', new Uint8Array())).toBe('(empty message)');
  });

  it('cuts long bytes', () => {
    const text = safeData('x', new Uint8Array(1000).fill(0xff));
    expect(text).toMatch(/^\(1000 bytes\) (ff ){64}\.\.\.$/);
  });
});
