import { appendFileSync } from 'node:fs';
import type { Logger, LogLevel } from '../logger';

/**
 * Writes each line to the end of a file, as JSON with `time`, `level` and `event`. At once, so that the file is complete
 * also when the process ends in the next moment; that costs a system call for each line.
 *
 * @throws The error of the file system when the file cannot be written. A later one becomes a warning of the process.
 * @public
 */
export function fileLogger(path: string): Logger {
  appendFileSync(path, '');
  const write = (level: LogLevel, event: string, fields: Record<string, unknown> = {}): void => {
    const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...fields });
    try {
      appendFileSync(path, `${line}\n`);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  };
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
  };
}
