import type { OpenSocket } from '../core/transport';

/** The part of the standard WebSocket that is used here; `ws` and every browser offer it. */
export interface WebSocketLike {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ignore = (): void => undefined;

/** Opens WebSockets with the given class. */
export function socketOpener(WebSocketClass: WebSocketConstructor | undefined): OpenSocket {
  return (url, handlers) => {
    if (!WebSocketClass) {
      throw new TypeError('No WebSocket here: pass the option WebSocket, or use long polling.');
    }
    const socket = new WebSocketClass(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => handlers.opened();
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) =>
      handlers.message(typeof data === 'string' ? encoder.encode(data) : new Uint8Array(data));
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => handlers.closed(code, reason);
    // Every error is followed by a close event, which says all that is known.
    socket.onerror = ignore;
    return {
      send: (bytes) => socket.send(textOrBytes(bytes)),
      close() {
        socket.onopen = socket.onmessage = socket.onclose = ignore;
        socket.close();
      },
    };
  };
}

function textOrBytes(bytes: Uint8Array): string | Uint8Array<ArrayBuffer> {
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes as Uint8Array<ArrayBuffer>;
  }
}
