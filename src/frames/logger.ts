import type { Frame } from './frame';

/** How much a line matters. @public */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What lines are told to. Any object with these four functions will do, `console` too. @public */
export interface Logger {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

type Tell = (event: string, fields: Record<string, unknown>) => void;

/** A logger's levels as far as they are wanted: what nobody wants is not even put together. @internal */
export type LevelledLog = Readonly<Record<LogLevel, Tell | undefined>>;

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** @throws TypeError for another level. @internal */
export function levelled(logger: Logger | undefined, least: LogLevel): LevelledLog {
  const first = LEVELS.indexOf(least);
  if (first < 0) throw new TypeError(`logLevel is ${String(least)}; use ${LEVELS.join(', ')}.`);
  const tell = (level: LogLevel): Tell | undefined =>
    logger === undefined || LEVELS.indexOf(level) < first
      ? undefined
      : (event, fields) => logger[level](event, fields);
  return { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
}

/** @internal */
export function logReceived(log: LevelledLog, { opcodeName, fin, payload }: Frame): void {
  log.debug?.('frame received', { opcode: opcodeName, fin, numBytes: payload.length });
}
