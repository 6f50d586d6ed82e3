import type { Frame } from '../frames/frame';
import { Opcode } from '../frames/header';
import type { HeaderList } from '../frames/http-headers';
import type { RefusedAnswer } from '../frames/socket-errors';
import { hexText, safeJson, safeLine, utf8Text } from './terminal-text';

/** What happened, for a person or for a program. */
export type FrameEvent =
  | {
      readonly type: 'open';
      readonly place: string;
      readonly status: number;
      readonly protocol: string | undefined;
      readonly headers: HeaderList;
    }
  | { readonly type: 'frame'; readonly direction: 'in' | 'out'; readonly frame: Frame }
  | { readonly type: 'close'; readonly code: number | undefined; readonly reason: string; readonly clean: boolean }
  | {
      readonly type: 'error';
      /** Of a `FrameSocketError`, or `INPUT` for a line that was not sent. */
      readonly code: string;
      readonly message: string;
      readonly answer?: RefusedAnswer | undefined;
    };

/** Characters of text in one printed line; `--json` has all of them. */
const MAX_SHOWN = 4_096;
/** Characters of the body that came with a refusal. */
const MAX_BODY_SHOWN = 200;

/** An event as a person reads it; faults begin with `!`, frames with their direction. */
export function toText(event: FrameEvent): string {
  switch (event.type) {
    case 'open': {
      const protocol = event.protocol === undefined ? '' : `, subprotocol ${safeLine(event.protocol)}`;
      return `* connected to ${safeLine(event.place)}${protocol}`;
    }
    case 'frame':
      return frameText(event.direction, event.frame);
    case 'close': {
      if (!event.clean) return '* the connection ended without a close handshake';
      const said = event.code === undefined ? 'without a code' : `${event.code} ${safeLine(event.reason)}`;
      return `* closed: ${said.trimEnd()}`;
    }
    case 'error':
      return `! ${safeLine(event.message)}${event.answer === undefined ? '' : answerText(event.answer)}`;
  }
}

/** An event as one line of JSON: no character in it steers a terminal. */
export function toJson(event: FrameEvent): string {
  switch (event.type) {
    case 'open': {
      const { type, status, protocol = null, headers } = event;
      return safeJson({ type, status, protocol, headers });
    }
    case 'frame':
      return safeJson(frameJson(event.direction, event.frame));
    case 'close': {
      const { type, code = null, reason, clean } = event;
      return safeJson({ type, code, reason, clean });
    }
    case 'error': {
      const { type, code, message, answer } = event;
      return safeJson({ type, code, message, ...(answer === undefined ? {} : answerJson(answer)) });
    }
  }
}

function frameText(direction: string, frame: Frame): string {
  const { opcodeName, fin, payload, rsv1 } = frame;
  const bits = `FIN=${fin ? 1 : 0}${rsv1 ? ' RSV1=1' : ''}`;
  const head = `${direction.padEnd(3)} ${opcodeName.padEnd(12)} ${bits} ${payload.length} B`;
  return payload.length === 0 ? head : `${head}  ${payloadText(frame)}`;
}

function payloadText({ opcode, payload, messageType }: Frame): string {
  if (opcode === Opcode.CLOSE) {
    const { code, reason } = closeBody(payload);
    return `${code} ${safeLine(reason)}`.trimEnd();
  }
  if (messageType === 'Binary') return hexText(payload);
  // A character that is cut by the end of a fragment shows as bytes.
  const text = utf8Text(payload);
  if (text === undefined) return hexText(payload);
  if (text.length <= MAX_SHOWN) return safeLine(text);
  return `${safeLine(text.slice(0, MAX_SHOWN))} ... (cut; --json shows all)`;
}

function frameJson(direction: string, { opcode, opcodeName, fin, payload, messageType, rsv1 }: Frame): object {
  const bits = rsv1 ? { rsv1 } : {};
  const head = { type: 'frame', direction, opcode: opcodeName, fin, ...bits, length: payload.length };
  if (opcode === Opcode.CLOSE) return payload.length === 0 ? head : { ...head, ...closeBody(payload) };
  const text = messageType === 'Binary' ? undefined : utf8Text(payload);
  return text === undefined ? { ...head, data: Buffer.from(payload).toString('base64') } : { ...head, text };
}

/** Code and reason of a Close, also of one that only `--unsafe-close-code` lets pass. */
function closeBody(payload: Uint8Array): { code: number; reason: string } {
  const [high = 0, low = 0] = payload;
  return { code: high * 256 + low, reason: utf8Text(payload.subarray(2)) ?? '' };
}

function answerText({ status, headers, body }: RefusedAnswer): string {
  const lines = headers.map(([name, value]) => `\n    ${safeLine(`${name}: ${value}`)}`);
  const text = safeLine(new TextDecoder().decode(body).slice(0, MAX_BODY_SHOWN));
  return `\n  answer ${status}${lines.join('')}${text === '' ? '' : `\n    ${text}`}`;
}

function answerJson({ status, headers, body }: RefusedAnswer): object {
  return { status, headers, body: new TextDecoder().decode(body) };
}
