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
    if (systemCode(error) !== 'EPERM' && systemCode(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}

/** The code that a failed system call carries, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
