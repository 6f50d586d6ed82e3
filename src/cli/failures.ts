/** A command line that cannot be followed (exit code 2). The text says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something that failed although the command line was fine (exit code 1). The text says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
