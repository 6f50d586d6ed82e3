import { readTypedLine, splitOnce } from './typed-line';

/** What one line asks for, whether typed or JSON. */
export type FrameAction =
  | {
      readonly type: 'send';
      readonly data: string | Uint8Array;
      readonly fin: boolean;
      /** Whether it begins a message or goes on with one; a JSON line leaves that to what is open. */
      readonly place: 'first' | 'later' | 'any';
    }
  | { readonly type: 'ping'; readonly data: string | Uint8Array }
  | { readonly type: 'pong' }
  | { readonly type: 'close'; readonly code: number | undefined; readonly reason: string }
  | { readonly type: 'set'; readonly autoPong?: boolean; readonly autoClose?: boolean }
  | { readonly type: 'help' }
  | { readonly type: 'quit' }
  | { readonly type: 'invalid'; readonly problem: string };

export const LINES_HELP = `  any text             a message in one Text frame
  //text               the same for /text
  /hex 00 ff           a message in one Binary frame
  /start TEXT          the first frame of a message, FIN=0; /start-hex for bytes
  /continue TEXT       a further frame, FIN=0; /continue-hex for bytes
  /finish TEXT         its last frame, FIN=1; /finish-hex for bytes
  /ping TEXT           a Ping
  /pong                a Pong: answers the last Ping, or is empty
  /close CODE REASON   a Close; code and reason can be left out
  /auto-pong on|off    whether Pings are answered
  /auto-close on|off   whether the peer's Close is answered
  quit                 a Close with 1000, and the end (also Ctrl-C, or the end of input)`;

type Parse = (rest: string) => FrameAction;

const text = (fin: boolean, place: 'first' | 'later'): Parse => (data) => ({ type: 'send', data, fin, place });

const hex = (fin: boolean, place: 'first' | 'later'): Parse => (rest) => {
  const data = parseHex(rest);
  if (data === undefined) return invalid('bytes are pairs of hexadecimal digits, as in /hex 00 ff');
  return { type: 'send', data, fin, place };
};

const onOff = (name: 'autoPong' | 'autoClose'): Parse => (rest) => {
  if (rest !== 'on' && rest !== 'off') return invalid('that is switched on or off');
  const on = rest === 'on';
  return name === 'autoPong' ? { type: 'set', autoPong: on } : { type: 'set', autoClose: on };
};

const COMMANDS: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['/hex', hex(true, 'first')],
  ['/start', text(false, 'first')],
  ['/continue', text(false, 'later')],
  ['/finish', text(true, 'later')],
  ['/start-hex', hex(false, 'first')],
  ['/continue-hex', hex(false, 'later')],
  ['/finish-hex', hex(true, 'later')],
  ['/ping', (data) => ({ type: 'ping', data })],
  ['/pong', () => ({ type: 'pong' })],
  ['/close', parseClose],
  ['/auto-pong', onOff('autoPong')],
  ['/auto-close', onOff('autoClose')],
  ['/help', () => ({ type: 'help' })],
  ['/quit', () => ({ type: 'quit' })],
]);

/** Reads one typed line. */
export function parseFrameLine(line: string): FrameAction {
  const typed = readTypedLine(line);
  if (typed.type === 'text') return { type: 'send', data: typed.text, fin: true, place: 'first' };
  const parse = COMMANDS.get(typed.command);
  if (parse !== undefined) return parse(typed.rest);
  return invalid(`${typed.command} is not known; /help shows what is, and // starts a text with a slash`);
}

export function invalid(problem: string): FrameAction {
  return { type: 'invalid', problem };
}

function parseClose(rest: string): FrameAction {
  if (rest === '') return { type: 'close', code: undefined, reason: '' };
  const [code, reason] = splitOnce(rest);
  if (!/^\d{1,5}$/.test(code)) return invalid('a Close has its code before its reason, as in /close 1000 bye');
  return { type: 'close', code: Number(code), reason };
}

function parseHex(digits: string): Uint8Array | undefined {
  const dense = digits.replace(/\s/g, '');
  return /^(?:[\da-f]{2})*$/i.test(dense) ? new Uint8Array(Buffer.from(dense, 'hex')) : undefined;
}
