import { isUtf8 } from 'node:buffer';
import { Connection } from '../../../../src/frames/connection';
import { Message } from '../../../../src/frames/frame';
import { giveMemoryBack } from '../../../../src/frames/mask-memory';
import { nodeHost } from '../../../../src/frames/node/host';
import type { Codec } from '../codec';

/** The connection of the relay and of `FrameSocket`, driven as they do it, with all its checks and limits. */
export const codec: Codec = {
  receive({ masked }, onMessage) {
    const role = masked ? 'server' : 'client';
    const connection = new Connection({
      role,
      maskKey: () => nodeHost.maskKey(),
      isUtf8,
      allocate: nodeHost.allocate,
    });
    return (chunk) => {
      connection.receive(chunk);
      for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
        if (event.type !== 'message') throw new Error(`Got ${event.type}.`);
        if (event.opcode === 1) onMessage(new Message('Text', event.payload, nodeHost.decodeText).text());
        else onMessage(event.payload);
      }
    };
  },
  send({ masked }, write) {
    const role = masked ? 'client' : 'server';
    const connection = new Connection({
      role,
      maskKey: () => nodeHost.maskKey(),
      encodeText: nodeHost.encodeText,
    });
    return (data) => {
      connection.send(typeof data === 'string' ? 1 : 2, data);
      const event = connection.poll();
      if (event?.type !== 'transmit') throw new Error('There is nothing to transmit.');
      for (const chunk of event.chunks) {
        write(chunk);
        // As `DuplexStream`, which only clients use, does when a socket has taken it.
        if (masked) giveMemoryBack(chunk);
      }
    };
  },
};
