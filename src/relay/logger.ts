import type { Logger, LogLevel } from '../frames/logger';
import { isSecretName, toJson, toPlainText } from './log-values';

export type { Logger, LogLevel };

export interface LoggerOptions {
  /** `json`: one object per line; `text`: for people. */
  format: 'json' | 'text';
  /** Called with each line, without a line end. */
  write(line: string): void;
  /** Lower levels are left out. @defaultValue 'info' */
  level?: LogLevel;
  now?: () => Date;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * Makes a logger that never writes a secret or a control character (SEC-19).
 *
 * @remarks
 * Fields named like a secret of the protocol (`password`, `id`, `d`, ...) lose their value at any depth;
 * texts lose device ids and tilde-encoded secrets; long texts and lists are cut. The account of a session is
 * logged as `connectName`, the session as `sessionId`: both are public.
 */
export function createLogger(options: LoggerOptions): Logger {
  const least = RANK[options.level ?? 'info'];
  const now = options.now ?? (() => new Date());
  const format = options.format === 'json' ? jsonLine : textLine;
  const at =
    (level: LogLevel) =>
    (event: string, fields: Record<string, unknown> = {}) => {
      if (RANK[level] >= least) options.write(format(now().toISOString(), level, event, fields));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function jsonLine(time: string, level: LogLevel, event: string, fields: Record<string, unknown>): string {
  const own = Object.entries(fields).filter(
    ([name]) => name !== 'time' && name !== 'level' && name !== 'event',
  );
  return toJson(new Map<string, unknown>([['time', time], ['level', level], ['event', event], ...own]));
}

function textLine(time: string, level: LogLevel, event: string, fields: Record<string, unknown>): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => ` ${toPlainText(name)}=${isSecretName(name) ? '[redacted]' : toPlainText(value)}`,
    );
  return `${time} ${level.padEnd(5)} ${toPlainText(event, ' ')}${pairs.join('')}`;
}

/** Drops everything: the default of an embedded relay. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // A silent logger does nothing.
}
