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

/**
 * What a connection has to make of these bytes, followed by the end of the bytes. It has the whole input before it,
 * goes through it once, and shares no code with the codec: slow, plain, and made to disagree with it.
 */
export function predict(bytes: Uint8Array, options: ModelOptions): Trace {
  const trace: Trace = [];
  const fault = (code: number) => [...trace, line.sendsClose(code), line.fail(code), line.lost];
  let open: { opcode: number; parts: number[]; size: number; frames: number } | undefined;

  for (let at = 0; at < bytes.length;) {
    if (at + 2 > bytes.length) break;
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    const [opcode, fin, short] = [first & 15, first >= 128, second & 127];
    const control = opcode >= 8;
    if ((first & 0x70) !== 0 || ![0, 1, 2, 8, 9, 10].includes(opcode)) return fault(1002);
    if (control && (!fin || short > 125)) return fault(1002);
    if (second >= 128 !== (options.role === 'server')) return fault(1002);

    const size = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (at + 2 + size > bytes.length) break;
    let length = BigInt(short);
    if (size > 0)
      length = Array.from(bytes.slice(at + 2, at + 2 + size)).reduce(
        (sum, byte) => sum * 256n + BigInt(byte),
        0n,
      );
    if (length >= 1n << 63n) return fault(1002);
    if (options.strictLength && ((size === 2 && length < 126n) || (size === 8 && length < 65_536n))) {
      return fault(1002);
    }
    if (!control && length > BigInt(options.maxFrameSize)) return fault(1009);
    const keyAt = at + 2 + size;
    const start = keyAt + (options.role === 'server' ? 4 : 0);
    if (start > bytes.length) break;

    if (!control) {
      if ((opcode === 0) === (open === undefined)) return fault(1002);
      open ??= { opcode, parts: [], size: 0, frames: 0 };
      open.size += Number(length);
      open.frames += 1;
      if (open.size > options.maxMessageSize) return fault(1009);
      if (open.frames > options.maxFragments) return fault(1008);
    }

    const end = start + Number(length);
    const payload = bytes.slice(start, Math.min(end, bytes.length));
    if (options.role === 'server') {
      payload.forEach((byte, i) => (payload[i] = byte ^ bytes[keyAt + (i % 4)]!));
    }
    const whole = end <= bytes.length;

    if (open !== undefined && !control) {
      open.parts.push(...payload);
      const verdict = options.validateUtf8 && open.opcode === 1 ? judge(open.parts) : 'whole';
      if (verdict === 'broken' || (verdict === 'open' && whole && fin)) return fault(1007);
    }
    if (!whole) break;
    at = end;

    if (opcode === 9) trace.push(line.ping(payload), line.sends(10, payload));
    else if (opcode === 10) trace.push(line.pong(payload));
    else if (opcode === 8) return [...trace, ...closing(payload)];
    else if (open !== undefined) {
      if (options.deliver === 'frames') trace.push(line.frame(opcode, open.opcode, fin, payload));
      else if (fin) trace.push((open.opcode === 1 ? line.text : line.binary)(Uint8Array.from(open.parts)));
      if (fin) open = undefined;
    }
  }
  return [...trace, line.lost];
}

function closing(body: Uint8Array): Trace {
  const fault = (code: number) => [line.sendsClose(code), line.fail(code), line.lost];
  if (body.length === 0) return [line.close(), line.sendsClose(), line.clean];
  const code = body.length === 1 ? 0 : body[0]! * 256 + body[1]!;
  const known =
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
  if (!known) return fault(1002);
  if (judge(Array.from(body.slice(2))) !== 'whole') return fault(1007);
  const reason = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body.slice(2));
  return [line.close(code, reason), line.sendsClose(code), line.clean];
}

function judge(bytes: number[]): 'whole' | 'open' | 'broken' {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    decoder.decode(Uint8Array.from(bytes), { stream: true });
  } catch {
    return 'broken';
  }
  try {
    decoder.decode();
    return 'whole';
  } catch {
    return 'open';
  }
}
