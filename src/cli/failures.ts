/** A command line that cannot be followed (exit code 2). The text says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something that failed although the command line was fine (exit code 1). The text says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The code that a failed system call carries, such as `EADDRINUSE`. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
