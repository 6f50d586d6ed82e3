import { isUtf8 } from 'node:buffer';
import type { Delivery } from '../conformance/frames/rows';
import type { Role } from '../conformance/frames/frame-bytes';
import { line, type Trace } from '../conformance/frames/trace';

export interface ModelOptions {
  role: Role;
  deliver: Delivery;
  validateUtf8: boolean;
  strictLength: boolean;
  maxFrameSize: number;
  maxMessageSize: number;
  maxFragments: number;
}

/** What comes out of a connection, and in `send` each frame that goes out. */
export type Predicted =
  | { type: 'message'; opcode: number; payload: Uint8Array }
  | { type: 'frame'; opcode: number; messageOpcode: number; fin: boolean; payload: Uint8Array }
  | { type: 'ping' | 'pong'; payload: Uint8Array }
  | { type: 'close'; code: number | undefined; reason: Uint8Array }
  | { type: 'send'; opcode: number; payload: Uint8Array }
  | { type: 'fail'; code: number }
  | { type: 'end'; clean: boolean };

const NONE = new Uint8Array(0);
const LOST = { type: 'end', clean: false } as const;

/**
 * What a connection has to make of these bytes, followed by the end of the bytes. It has the whole input before it,
 * goes through it once, and shares no code with the codec: plain, and made to disagree with it.
 */
export function predict(bytes: Uint8Array, options: ModelOptions): Predicted[] {
  const events: Predicted[] = [];
  const fault = (code: number) => [...events, ...failing(code)];
  const masked = options.role === 'server';
  let open: { opcode: number; bytes: Uint8Array; frames: number } | undefined;

  for (let at = 0; at + 2 <= bytes.length;) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    const [opcode, fin, short] = [first & 15, first >= 128, second & 127];
    const control = opcode >= 8;
    if ((first & 0x70) !== 0 || (opcode > 2 && opcode < 8) || opcode > 10) return fault(1002);
    if (control && (!fin || short > 125)) return fault(1002);
    if (second >= 128 !== masked) return fault(1002);

    const keyAt = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    if (keyAt > bytes.length) break;
    let length = short;
    if (short >= 126) length = bytes.slice(at + 2, keyAt).reduce((sum, byte) => sum * 256 + byte, 0);
    if (length >= 2 ** 63) return fault(1002);
    if (options.strictLength && short >= 126 && length < (short === 126 ? 126 : 65_536)) return fault(1002);
    if (!control && length > options.maxFrameSize) return fault(1009);
    const start = keyAt + (masked ? 4 : 0);
    if (start > bytes.length) break;

    if (!control) {
      if ((opcode === 0) === (open === undefined)) return fault(1002);
      open ??= { opcode, bytes: NONE, frames: 0 };
      open.frames += 1;
      if (open.bytes.length + length > options.maxMessageSize) return fault(1009);
      if (open.frames > options.maxFragments) return fault(1008);
    }

    const payload = bytes.slice(start, Math.min(start + length, bytes.length));
    if (masked) for (let i = 0; i < payload.length; i++) payload[i]! ^= bytes[keyAt + (i % 4)]!;
    const whole = start + length <= bytes.length;

    if (open !== undefined && !control) {
      open.bytes = Buffer.concat([open.bytes, payload]);
      const verdict = options.validateUtf8 && open.opcode === 1 ? judge(open.bytes) : 'whole';
      if (verdict === 'broken' || (verdict === 'open' && whole && fin)) return fault(1007);
    }
    if (!whole) break;
    at = start + length;

    if (opcode === 8) return [...events, ...closing(payload)];
    if (opcode === 9) events.push({ type: 'ping', payload }, { type: 'send', opcode: 10, payload });
    else if (opcode === 10) events.push({ type: 'pong', payload });
    else if (open !== undefined) {
      const { opcode: messageOpcode, bytes: message } = open;
      if (options.deliver === 'frames') events.push({ type: 'frame', opcode, messageOpcode, fin, payload });
      else if (fin) events.push({ type: 'message', opcode: messageOpcode, payload: message });
      if (fin) open = undefined;
    }
  }
  return [...events, LOST];
}

function failing(code: number): Predicted[] {
  const payload = Uint8Array.of(code >> 8, code & 255);
  return [{ type: 'send', opcode: 8, payload }, { type: 'fail', code }, LOST];
}

function closing(body: Uint8Array): Predicted[] {
  const code = body.length < 2 ? undefined : body[0]! * 256 + body[1]!;
  const isKnown =
    code !== undefined &&
    ((code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999));
  if (body.length > 0 && !isKnown) return failing(1002);
  const reason = body.slice(2);
  if (!isUtf8(reason)) return failing(1007);
  const answer = body.slice(0, 2);
  return [
    { type: 'close', code, reason },
    { type: 'send', opcode: 8, payload: answer },
    { type: 'end', clean: true },
  ];
}

/** Text is still open when something that can follow makes it whole. */
function judge(text: Uint8Array): 'whole' | 'open' | 'broken' {
  if (isUtf8(text)) return 'whole';
  const canGoOn = [0x80, 0xbf].some((filler) =>
    [1, 2, 3].some((count) => isUtf8(Buffer.concat([text, Buffer.alloc(count, filler)]))),
  );
  return canGoOn ? 'open' : 'broken';
}

/** The same in the words of a trace. */
export function traceOf(events: readonly Predicted[]): Trace {
  return events.map((event) => {
    switch (event.type) {
      case 'message':
        return (event.opcode === 1 ? line.text : line.binary)(event.payload);
      case 'frame':
        return line.frame(event.opcode, event.messageOpcode, event.fin, event.payload);
      case 'ping':
      case 'pong':
        return line[event.type](event.payload);
      case 'close':
        return line.close(event.code, new TextDecoder('utf-8', { ignoreBOM: true }).decode(event.reason));
      case 'send':
        return line.sends(event.opcode, event.payload);
      case 'fail':
        return line.fail(event.code);
      case 'end':
        return event.clean ? line.clean : line.lost;
    }
  });
}
