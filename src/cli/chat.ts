import { nodePlatform } from '../adapters/node';
import { bothTransports } from '../client/links';
import { WebifiClient } from '../client/webifi';
import { Conversation, type ChatDevice } from './chat-conversation';
import { CHAT_HELP, parseChatOptions, type ChatOptions } from './chat-options';
import { Screen, type ScreenStreams } from './screen';
import { processTerminal, watchInterrupts, type Terminal } from './terminal';
import { safeLine } from './terminal-text';

/** What a conversation needs beside a terminal; replaced in tests. */
export interface ChatHost extends ScreenStreams {
  /** @param warn - Takes what the client has to say about itself. */
  createDevice(options: ChatOptions, warn: (text: string) => void): ChatDevice;
  /** Calls `interrupt` when the process is asked to end; the result stops that. */
  watchInterrupts(interrupt: () => void): () => void;
}

/**
 * `webifi chat`: one conversation on the console.
 *
 * @returns The exit code: 0 after an orderly end; 1 when the relay refused, or when piped input could not all be sent.
 * @throws {@link UsageError} for a command line that cannot be followed.
 */
export async function run(
  args: readonly string[],
  terminal: Terminal = processTerminal(),
  host: ChatHost = processHost(),
): Promise<number> {
  const options = parseChatOptions(args, terminal.env);
  if (options === 'help') {
    terminal.out(CHAT_HELP);
    return 0;
  }
  const screen = new Screen(host, terminal, () => conversation.interrupt());
  const device = host.createDevice(options, (text) => screen.printProblem(`! ${safeLine(text)}`));
  const conversation = new Conversation(options, device, screen);
  const stopWatching = host.watchInterrupts(() => conversation.interrupt());
  try {
    return await conversation.hold();
  } finally {
    stopWatching();
  }
}

function processHost(): ChatHost {
  return {
    input: process.stdin,
    output: process.stdout,
    createDevice: (options, warn) => new WebifiClient({ ...options, logger: { warn } }, nodePlatform, bothTransports),
    watchInterrupts,
  };
}
