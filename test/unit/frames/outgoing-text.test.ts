import { expect, it } from 'vitest';
import { encodeText } from '../../../src/frames/outgoing-text';

const LETTERS = ['a', 'ü', '温', '🌡', '\ud800', '\udc00'];

it('F-44: texts of any length and kind are encoded as the platform does, none in the memory of another', () => {
  const encoder = new TextEncoder();
  const texts = LETTERS.flatMap((letter) =>
    [0, 1, 2, 15, 16, 1_000, 4_095, 4_096, 4_097, 20_000].flatMap((length) => [
      letter.repeat(length),
      `${'b'.repeat(length)}${letter}`,
    ]),
  );
  const encoded = texts.map((text) => encodeText(text));
  texts.forEach((text, i) => expect(Buffer.compare(encoded[i]!, encoder.encode(text)), `text ${i}`).toBe(0));
});
