import type { Fields } from '../core/codec';
import { ErrorCode } from '../core/errors';
import type { CoreContext } from './core-context';
import type { Publisher } from './publisher';
import type { Session } from './sessions';

/** Messages that come by `/Upload`, each once however often it is sent (P-107). */
export class Uploads {
  constructor(
    private readonly context: CoreContext,
    private readonly publisher: Publisher,
  ) {}

  /** @returns The code for the answer. */
  take(session: Session, fields: Fields): number {
    const { counters } = this.context;
    counters.uploads += 1;
    const counter = readCounter(fields, 'z');
    const fingerprint = counter === undefined ? '' : fingerprintOf(fields.bytes);
    const last = session.lastUpload;
    if (counter !== undefined && last?.counter === counter && last.fingerprint === fingerprint) {
      counters.uploadsRepeated += 1;
      last.repeats += 1;
      return last.repeats > this.context.limits.maxUploadRepeats ? ErrorCode.UNKNOWN : last.code;
    }
    const code = fields.has('d') ? this.publisher.publish(session, fields) : ErrorCode.PROTOCOL;
    session.lastUpload = counter === undefined ? undefined : { counter, fingerprint, code, repeats: 0 };
    return code;
  }
}

const MAX_COUNTER_DIGITS = 15;

/** The decimal number of the last field with this key; undefined when there is none or it is no number. */
export function readCounter(fields: Fields, key: string): number | undefined {
  const index = fields.keys.lastIndexOf(key);
  return index < 0 ? undefined : readNumberAt(fields, index);
}

/** The decimal number that a field holds; undefined when it holds none. */
export function readNumberAt({ bytes, starts, ends }: Fields, index: number): number | undefined {
  const start = starts[index]!;
  const end = ends[index]!;
  if (end === start || end - start > MAX_COUNTER_DIGITS) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Length and 64 bits of hash: two bodies with the same counter that agree in it are the same body. */
function fingerprintOf(bytes: Uint8Array): string {
  let one = 0x811c9dc5;
  let two = bytes.length;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    one = Math.imul(one ^ byte, 0x01000193);
    two = (Math.imul(two ^ byte, 0x5bd1e995) ^ (two >>> 13)) | 0;
  }
  return `${bytes.length}:${one >>> 0}:${two >>> 0}`;
}
