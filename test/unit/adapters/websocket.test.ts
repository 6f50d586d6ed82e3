import { describe, expect, it } from 'vitest';
import { socketOpener } from '../../../src/adapters/websocket';
import { show } from '../../helpers/bytes';

type Handler = ((event: never) => void) | null;

class FakeWebSocket {
  static last: FakeWebSocket;
  binaryType = 'blob';
  onopen: Handler = null;
  onmessage: Handler = null;
  onclose: Handler = null;
  onerror: Handler = null;
  readonly sent: (string | Uint8Array)[] = [];
  isClosed = false;

  constructor(readonly url: string) {
    FakeWebSocket.last = this;
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(): void {
    this.isClosed = true;
  }

  fire(handler: 'onopen' | 'onmessage' | 'onclose' | 'onerror', event: unknown): void {
    this[handler]?.(event as never);
  }
}

function open(): { log: string[]; socket: FakeWebSocket; transport: ReturnType<ReturnType<typeof socketOpener>> } {
  const log: string[] = [];
  const transport = socketOpener(FakeWebSocket)('ws://h', {
    opened: () => log.push('opened'),
    message: (bytes) => log.push(`message ${show(bytes)}`),
    closed: (code, reason) => log.push(`closed ${code} ${reason}`),
  });
  return { log, socket: FakeWebSocket.last, transport };
}

describe('a WebSocket of the platform', () => {
  it('P-54 gives text and binary frames as bytes', () => {
    const { log, socket } = open();
    expect([socket.url, socket.binaryType]).toEqual(['ws://h', 'arraybuffer']);
    socket.fire('onopen', {});
    socket.fire('onmessage', { data: 'é\ufeff' });
    socket.fire('onmessage', { data: Uint8Array.of(0, 255).buffer });
    socket.fire('onerror', { message: 'reset' });
    socket.fire('onclose', { code: 1012, reason: '10' });
    expect(log).toEqual(['opened', 'message \\xc3\\xa9\\xef\\xbb\\xbf', 'message \\x00\\xff', 'closed 1012 10']);
  });

  it('P-54 sends TEXT, byte order mark and all, or BINARY when the bytes are no valid UTF-8', () => {
    const { socket, transport } = open();
    transport.send(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61));
    transport.send(Uint8Array.of(0xff));
    expect(socket.sent).toEqual(['\ufeffa', Uint8Array.of(0xff)]);
  });

  it('says nothing more once it is closed from here', () => {
    const { log, socket, transport } = open();
    transport.close();
    expect(socket.isClosed).toBe(true);
    socket.fire('onopen', {});
    socket.fire('onmessage', { data: 'x' });
    socket.fire('onclose', { code: 1000, reason: '' });
    socket.fire('onerror', {});
    expect(log).toEqual([]);
  });

  it('without a class it says what to do', () => {
    const handlers = { opened: () => undefined, message: () => undefined, closed: () => undefined };
    expect(() => socketOpener(undefined)('ws://h', handlers)).toThrow(/option WebSocket/);
  });
});
