import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemCode } from './files';

/** Marks of this process. */
const held = new Set<string>();

/**
 * Marks a folder as used by this process; a mark that a killed process left behind counts as none.
 *
 * @returns Takes the mark away.
 * @throws Error when a living process uses the folder, or this one does already.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(resolve(folder), 'lock');
  if (held.has(path)) throw new Error('this process uses it already; choose another folder');
  held.add(path);
  try {
    await makeMark(path);
  } catch (error) {
    held.delete(path);
    throw error;
  }
  return () => {
    held.delete(path);
    return unlink(path);
  };
}

async function makeMark(path: string): Promise<void> {
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (isAlive(owner)) throw new Error(`process ${owner} uses it; stop that one, or choose another folder`);
    await unlink(path).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
