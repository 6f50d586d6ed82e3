import { open } from 'node:fs/promises';

/**
 * Makes the rename itself lasting. Some systems cannot open a folder; there the rename is as lasting as it
 * gets.
 */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } catch (error) {
    if (errorCode(error) !== 'EPERM' && errorCode(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}

/** The code of the system, such as `ENOENT`. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown reason';
}
