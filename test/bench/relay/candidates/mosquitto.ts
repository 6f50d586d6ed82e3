import { LoadSocket } from '../load-socket';
import { startProgram } from '../program';
import type { RelayCandidate } from '../relay';
import { FixedScanner } from '../scanners';

/** Types of MQTT 5 packets, with the flags that belong to them. */
const Packet = { connect: 0x10, publish: 0x30, subscribe: 0x82 } as const;
const NO_PROPERTIES = Uint8Array.of(0);
/** Quality of service 0, and nothing that we have sent ourselves. */
const NO_LOCAL = Uint8Array.of(0x04);
const CLEAN_START = 0x02;

function packet(type: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = body.length; rest > 0 || length.length === 0; rest >>= 7) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  }
  return Buffer.concat([Uint8Array.of(type, ...length), body]);
}

function text(value: string): Buffer {
  return Buffer.concat([Uint8Array.of(value.length >> 8, value.length & 0xff), Buffer.from(value)]);
}

/** A delivery is the same packet as the one that was sent. */
function publish(room: string, payload: Uint8Array): Buffer {
  return packet(Packet.publish, text(room), NO_PROPERTIES, payload);
}

/** Where a packet of up to 127 bytes ends, or -1. */
function endOfPacket(bytes: string): number {
  const end = 2 + bytes.charCodeAt(1);
  return end <= bytes.length ? end : -1;
}

/** @param codeAt - Place of the code in the answer; its last byte when it is negative. */
async function ask(socket: LoadSocket, question: Buffer, codeAt: number): Promise<void> {
  socket.write(question);
  const answer = await socket.take(endOfPacket);
  const code = answer.at(codeAt)!.charCodeAt(0);
  if (code !== 0) throw new Error(`mosquitto answered with code ${code}.`);
}

export const relay: RelayCandidate = {
  start: () =>
    startProgram('mosquitto', (port) =>
      [
        `listener ${port} 127.0.0.1`,
        'socket_domain ipv4',
        'allow_anonymous true',
        'set_tcp_nodelay true',
        'max_queued_messages 0',
        'persistence false',
        'log_dest none',
        '',
      ].join('\n'),
    ),
  connect: async (port, { room, listens }) => {
    const socket = await LoadSocket.open(port);
    const noKeepAlive = Uint8Array.of(0, 0);
    const head = [text('MQTT'), Uint8Array.of(5, CLEAN_START), noKeepAlive, NO_PROPERTIES];
    await ask(socket, packet(Packet.connect, ...head, text('')), 3);
    const packetId = Uint8Array.of(0, 1);
    if (listens) {
      await ask(socket, packet(Packet.subscribe, packetId, NO_PROPERTIES, text(room), NO_LOCAL), -1);
    }
    return socket;
  },
  message: publish,
  scanner: (room, size) => new FixedScanner(publish(room, new Uint8Array(size)).length, Packet.publish),
};
