import { parseArgs, type ParseArgsConfig } from 'node:util';
import { systemCode } from '../relay/files';
import { UsageError } from './failures';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * Reads the arguments of one command.
 *
 * @param maxOperands - How many arguments without an option name are allowed.
 * @returns `values` by option name, `operands` in order.
 * @throws {@link UsageError} for an unknown option, a missing value or too many operands. The text never
 *   holds the value of an argument: it may be a password.
 */
export function parseArguments<const T extends Options>(
  args: readonly string[],
  options: T,
  maxOperands = 0,
) {
  const { values, positionals } = parseStrictly(args, options);
  const excess = positionals.length - maxOperands;
  if (excess > 0) {
    const count = excess === 1 ? '1 argument' : `${excess} arguments`;
    throw new UsageError(`${count} too many; a value needs its option in front of it, as in --option VALUE`);
  }
  return { values, operands: positionals };
}

function parseStrictly<const T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs<{ args: string[]; options: T; strict: true; allowPositionals: true }>({
      args: [...args],
      options,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw new UsageError(explain(cause, options), { cause });
  }
}

function explain(cause: unknown, options: Options): string {
  const option =
    /'(?:-\w, )?(--?[\w-]+)/.exec(cause instanceof Error ? cause.message : '')?.[1] ?? 'an option';
  if (systemCode(cause) === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const names = Object.keys(options).map((name) => `--${name}`);
    const meant = closest(option, names);
    return `there is no option ${option}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }
  const takesValue = options[option.replace(/^-+/, '')]?.type === 'string';
  return takesValue
    ? `${option} needs a value; write ${option}=VALUE when the value begins with a dash`
    : `${option} takes no value`;
}

/** A list of names as it stands on a command line: `a,b`. */
export function parseNames(text: string, option: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new UsageError(`${option} holds an empty name; write it as ${option} a,b`);
  return names;
}

/** A port number; 0 asks the system for a free one. */
export function parsePort(text: string, option: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new UsageError(`${option} must be a number from 0 to 65535`);
  return port;
}

/** The known word nearest to a mistyped one; undefined when none is near. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.ceil(word.length / 3) ? best.candidate : undefined;
}

/** Insertions, deletions and replacements from one word to the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
