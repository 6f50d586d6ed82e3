import { encodeText, decodeText } from '../core/text';
import type { RelayEnv } from '../relay/env';

const GENERATION_LENGTH = 16;
const ORIGIN_LENGTH = 11;

/**
 * What a relay in memory needs in the place of cryptography: the same every run, and no secret from anybody. Its tokens name
 * whom they let in.
 */
export function memoryEnv(randomBytes: (length: number) => Uint8Array): RelayEnv {
  let issued = 0;
  return {
    randomBytes,
    originId: (instance) => encodeText(instance.slice(0, ORIGIN_LENGTH)),
    issueToken: ({ connectName, generation }) =>
      encodeText(`${generation}${encodeURIComponent(connectName).replaceAll('~', '%7E')}.${++issued}`),
    readToken: (token) => {
      const text = decodeText(token);
      const generation = text.slice(0, GENERATION_LENGTH);
      const name = text.slice(GENERATION_LENGTH, text.lastIndexOf('.'));
      return /^[0-9a-f]{16}$/.test(generation) ? { generation, connectName: decodeURIComponent(name) } : undefined;
    },
  };
}
