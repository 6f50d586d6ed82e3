import { FrameSocket } from '../frames/node/frame-socket';
import { UpgradeRequest } from '../frames/node/upgrade-request';
import { FrameSocketError } from '../frames/socket-errors';
import { UsageError } from './failures';
import { FrameConsole, type ConsoleForm } from './frames-console';
import { toJson, toText, type FrameEvent } from './frames-events';
import { parseJsonLine } from './frames-json';
import { invalid, parseFrameLine } from './frames-lines';
import { FRAMES_HELP, parseFramesOptions, type FramesOptions } from './frames-options';
import { Screen, type ScreenStreams } from './screen';
import { processTerminal, watchInterrupts, type Terminal } from './terminal';

/**
 * `webifi frames`: one WebSocket on the console, frame by frame.
 *
 * @returns The exit code: 0 after a close handshake; 1 without one, or when piped input could not all be sent.
 * @throws {@link UsageError} for a command line that cannot be followed.
 */
export async function run(
  args: readonly string[],
  terminal: Terminal = processTerminal(),
  streams: ScreenStreams = { input: process.stdin, output: process.stdout },
): Promise<number> {
  const options = parseFramesOptions(args, terminal.env);
  if (options === 'help') {
    terminal.out(FRAMES_HELP);
    return 0;
  }
  const connecting = new AbortController();
  const request = prepare(options, connecting.signal);
  let interrupt = (): void => connecting.abort();
  const screen = new Screen(streams, terminal, () => interrupt());
  const form = options.json ? jsonForm(screen) : textForm(screen);
  const lines = screen.lines();
  const stopWatching = watchInterrupts(() => interrupt());
  try {
    const socket = await open(request, options, form);
    const console = new FrameConsole(socket, screen, form, options);
    interrupt = () => console.interrupt();
    screen.prompt();
    return await console.hold(lines);
  } catch (error) {
    if (!(error instanceof FrameSocketError)) throw error;
    const { code, message, answer } = error;
    form.show({ type: 'error', code, message, answer });
    return 1;
  } finally {
    stopWatching();
    screen.close();
  }
}

/** The request, checked before anything is opened. */
function prepare({ url, connect }: FramesOptions, signal: AbortSignal): UpgradeRequest {
  try {
    const request = new UpgradeRequest(url, { ...connect, signal });
    request.addWebSocketHeaders();
    return request;
  } catch (cause) {
    if (cause instanceof FrameSocketError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}

async function open(request: UpgradeRequest, options: FramesOptions, form: ConsoleForm): Promise<FrameSocket> {
  const { status, headers } = await request.send();
  const socket = FrameSocket.fromUpgrade(request, options.connect);
  form.show({ type: 'open', place: placeOf(options.url), status, protocol: socket.protocol, headers });
  return socket;
}

/** The URL without what may be secret in it: credentials and parameters. */
function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function textForm(screen: Screen): ConsoleForm {
  return {
    parse: parseFrameLine,
    show(event: FrameEvent) {
      if (event.type === 'error') screen.printProblem(toText(event));
      else screen.print(toText(event));
      if (event.type === 'open' && screen.isTerminal) {
        screen.print('* type a text and it is sent; /help shows what else there is');
      }
    },
  };
}

function jsonForm(screen: Screen): ConsoleForm {
  return {
    parse(line) {
      if (line.startsWith('{')) return parseJsonLine(line);
      const action = parseFrameLine(line);
      return action.type === 'help' ? invalid('"webifi frames --help" shows what a line may be') : action;
    },
    show: (event) => screen.print(toJson(event)),
  };
}
