import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { systemCode } from '../relay/files';
import type { Logger } from '../relay/logger';
import { CommandError } from './failures';

const KEY_SIZE = 32;

/**
 * The key of the tokens that devices come back with after a restart; made at the first start.
 *
 * @param path - As given with `--resume-key`, else beside the accounts.
 * @param isGiven - Whether it must work: beside the accounts, it is only told when it does not.
 */
export async function readResumeKey(path: string, isGiven: boolean, logger: Logger): Promise<Uint8Array | undefined> {
  try {
    return await readOrMake(path);
  } catch (cause) {
    const message = `--resume-key ${path} cannot be used (${problemOf(cause)})`;
    if (isGiven) throw new CommandError(message, { cause });
    logger.warn('no key for coming back after a restart, devices will need their passwords', { reason: message });
    return undefined;
  }
}

async function readOrMake(path: string): Promise<Uint8Array> {
  try {
    await writeFile(path, `${randomBytes(KEY_SIZE).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  const key = Buffer.from((await readFile(path, 'latin1')).trim(), 'base64url');
  if (key.length < KEY_SIZE) throw new TypeError('it does not hold 32 bytes in base64url; remove it to have it made anew');
  return key;
}

function problemOf(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : 'unknown reason');
}
