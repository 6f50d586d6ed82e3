#!/usr/bin/env node
import { dispatch } from './commands';

/**
 * A reader that goes away, as in `webifi --help | head -1`, is no fault; other failures of the output are.
 */
function ignoreClosedPipe(error: Error): void {
  if (!('code' in error && error.code === 'EPIPE')) throw error;
}

process.stdout.on('error', ignoreClosedPipe);
process.stderr.on('error', ignoreClosedPipe);

void dispatch(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
