import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toJson, toText, type FrameEvent } from '../../../src/cli/frames-events';
import { Frame } from '../../../src/frames/frame';
import { Opcode, type MessageOpcode } from '../../../src/frames/header';

const bytes = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new TextEncoder().encode(text);
const decode = (encoded: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(encoded);

function frameEvent(opcode: Opcode, payload: Uint8Array, fin = true, message?: MessageOpcode): FrameEvent {
  return { type: 'frame', direction: 'in', frame: new Frame(opcode, fin, payload, message) };
}

const { TEXT, BINARY, CONTINUATION, PING, PONG, CLOSE } = Opcode;

describe('a frame on the console', () => {
  it.each([
    ['text', frameEvent(TEXT, utf8('grüße'), true, TEXT), 'in  Text         FIN=1 7 B  grüße', { text: 'grüße' }],
    ['nothing', frameEvent(TEXT, bytes(), false, TEXT), 'in  Text         FIN=0 0 B', { text: '', fin: false }],
    ['bytes', frameEvent(BINARY, utf8('A~'), true, BINARY), 'in  Binary       FIN=1 2 B  41 7e', { data: 'QX4=' }],
    ['a piece', frameEvent(CONTINUATION, utf8('b'), true, TEXT), 'in  Continuation FIN=1 1 B  b', { text: 'b' }],
    ['half a character', frameEvent(TEXT, bytes(0xc3), false, TEXT), 'in  Text         FIN=0 1 B  c3', { data: 'ww==' }],
    ['a Ping', frameEvent(PING, utf8('p')), 'in  Ping         FIN=1 1 B  p', { text: 'p' }],
    ['a Pong of bytes', frameEvent(PONG, bytes(255)), 'in  Pong         FIN=1 1 B  ff', { data: '/w==' }],
    ['a Close', frameEvent(CLOSE, bytes(3, 232, 98, 121, 101)), 'in  Close        FIN=1 5 B  1000 bye', { code: 1000, reason: 'bye' }],
    ['an empty Close', frameEvent(CLOSE, bytes()), 'in  Close        FIN=1 0 B', { opcode: 'Close', length: 0 }],
  ])('%s is one line, for people and for programs', (_what, event, line, members) => {
    expect(toText(event)).toBe(line);
    expect(JSON.parse(toJson(event))).toMatchObject({ type: 'frame', direction: 'in', ...members });
  });

  it('a long text is cut for people, and whole for programs', () => {
    const event = frameEvent(TEXT, utf8('x'.repeat(10_000)), true, TEXT);
    expect(toText(event).length).toBeLessThan(5_000);
    expect(toText(event)).toMatch(/10000 B {2}x+ \.\.\. \(cut; --json shows all\)$/);
    expect(JSON.parse(toJson(event))).toMatchObject({ length: 10_000, text: 'x'.repeat(10_000) });
  });

  it('SEC-19: nothing that steers a terminal survives, whatever arrives, and programs get it back', () => {
    const steering = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
    const text = fc.string({ unit: fc.oneof(fc.constantFrom('\u001b', '\r', '\n', '\u009b', '\u202e', '\u{e0001}'), fc.string()) });
    fc.assert(
      fc.property(text, (sent) => {
        const event = frameEvent(TEXT, utf8(sent), true, TEXT);
        expect(toText(event).replaceAll('\t', '')).not.toMatch(steering);
        expect(toJson(event)).not.toMatch(steering);
        expect(JSON.parse(toJson(event))).toMatchObject({ text: decode(utf8(sent)) });
      }),
    );
  });
});

describe('other events on the console', () => {
  it.each<[string, FrameEvent, string, object]>([
    [
      'open',
      { type: 'open', place: 'ws://host/', status: 101, protocol: 'chat', headers: [['A', 'b']] },
      '* connected to ws://host/, subprotocol chat',
      { type: 'open', status: 101, protocol: 'chat', headers: [['A', 'b']] },
    ],
    [
      'close',
      { type: 'close', code: 1001, reason: 'by\u0007e', clean: true },
      '* closed: 1001 by\\x07e',
      { type: 'close', code: 1001, reason: 'by\u0007e', clean: true },
    ],
    [
      'close without a code',
      { type: 'close', code: undefined, reason: '', clean: true },
      '* closed: without a code',
      { type: 'close', code: null, reason: '', clean: true },
    ],
    [
      'loss',
      { type: 'close', code: undefined, reason: '', clean: false },
      '* the connection ended without a close handshake',
      { type: 'close', code: null, reason: '', clean: false },
    ],
    [
      'refusal',
      {
        type: 'error',
        code: 'HANDSHAKE_REJECTED',
        message: 'no',
        answer: { status: 403, headers: [['X', 'a\u001bb']], body: utf8('go\naway') },
      },
      '! no\n  answer 403\n    X: a\\x1bb\n    go\\x0aaway',
      { type: 'error', code: 'HANDSHAKE_REJECTED', message: 'no', status: 403, headers: [['X', 'a\u001bb']], body: 'go\naway' },
    ],
  ])('%s is shown', (_what, event, text, json) => {
    expect(toText(event)).toBe(text);
    expect(JSON.parse(toJson(event))).toEqual(json);
    expect(toJson(event)).not.toContain('\u001b');
  });
});
