import { createRequire } from 'node:module';
import { isUtf8 } from 'node:buffer';
import type { Codec } from '../codec';

/** What is used here of files of `websocket` that its types do not know. */
interface WebSocketFrame {
  addData(list: BufferList): boolean;
  toBuffer(): Buffer;
  fin: boolean;
  mask: boolean;
  opcode: number;
  binaryPayload: Buffer;
}
interface BufferList {
  write(chunk: Buffer): void;
}

const require = createRequire(import.meta.url);
const Frame = require('websocket/lib/WebSocketFrame') as new (
  maskBytes: Buffer,
  header: Buffer,
  config: { maxReceivedFrameSize: number },
) => WebSocketFrame;
const List = require('websocket/vendor/FastBufferList') as new () => BufferList;

const config = { maxReceivedFrameSize: 1_048_576 };

/** Its connection class does the same around these two, and one `nextTick` for each frame. */
export const codec: Codec = {
  receive({ type }, onMessage) {
    const list = new List();
    const maskBytes = Buffer.allocUnsafe(4);
    const header = Buffer.allocUnsafe(10);
    let frame = new Frame(maskBytes, header, config);
    return (chunk) => {
      list.write(chunk);
      while (frame.addData(list)) {
        const { binaryPayload } = frame;
        if (type === 'text' && !isUtf8(binaryPayload)) throw new Error('Not UTF-8.');
        onMessage(type === 'text' ? binaryPayload.toString() : binaryPayload);
        frame = new Frame(maskBytes, header, config);
      }
    };
  },
  send({ masked, type }, write) {
    const maskBytes = Buffer.allocUnsafe(4);
    const header = Buffer.allocUnsafe(10);
    return (data) => {
      const frame = new Frame(maskBytes, header, config);
      frame.opcode = type === 'text' ? 1 : 2;
      frame.fin = true;
      frame.mask = masked;
      frame.binaryPayload = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.length);
      write(frame.toBuffer());
    };
  },
};
