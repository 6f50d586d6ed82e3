import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '../../../src/frames/base64';
import { acceptValue } from '../../../src/frames/handshake';
import { sha1 } from '../../../src/frames/sha1';

const INPUT = Uint8Array.from({ length: 300 }, (_, i) => i * 37);

describe('hash of the handshake', () => {
  it('SHA-1 of every length from 0 to 300 is that of the platform', () => {
    for (let length = 0; length <= 300; length++) {
      const part = INPUT.subarray(0, length);
      expect(Buffer.from(sha1(part)).toString('hex')).toBe(createHash('sha1').update(part).digest('hex'));
    }
  });

  it('base64 of every length from 0 to 300 is that of the platform', () => {
    for (let length = 0; length <= 300; length++) {
      expect(encodeBase64(INPUT.subarray(0, length))).toBe(
        Buffer.from(INPUT.subarray(0, length)).toString('base64'),
      );
    }
  });

  it('F-15: the example of the RFC', () => {
    expect(acceptValue('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });
});
