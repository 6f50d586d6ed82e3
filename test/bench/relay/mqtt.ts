import { LoadSocket } from './load-socket';
import type { RelayCandidate } from './relay';
import { FixedScanner } from './scanners';

/** The byte that says which version is spoken. */
export const MqttVersion = {
  /** 3.1.1 as bridges speak it: its only way to say that one's own messages are not wanted. */
  bridge: 0x84,
  five: 5,
} as const;

/** Types of packets, with the flags that belong to them. */
const Packet = { connect: 0x10, publish: 0x30, subscribe: 0x82 } as const;
const CLEAN_START = 0x02;
const NO_KEEP_ALIVE = Uint8Array.of(0, 0);
const PACKET_ID = Uint8Array.of(0, 1);
/** In version 5: quality of service 0, and nothing that we have sent ourselves. */
const NO_LOCAL = 0x04;

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
  if (code !== 0) throw new Error(`The MQTT server answered with code ${code}.`);
}

/** The load client's side of MQTT over TCP, quality of service 0; a room is a topic. */
export function mqttClient(version: number): Pick<RelayCandidate, 'connect' | 'message' | 'scanner'> {
  const isFive = version === MqttVersion.five;
  const properties = isFive ? Uint8Array.of(0) : new Uint8Array(0);
  // A delivery is the same packet as the one that was sent.
  const message = (room: string, payload: Uint8Array): Buffer =>
    packet(Packet.publish, text(room), properties, payload);
  return {
    message,
    connect: async (port, { room, listens }) => {
      const socket = await LoadSocket.open(port);
      const head = [text('MQTT'), Uint8Array.of(version, CLEAN_START), NO_KEEP_ALIVE, properties];
      await ask(socket, packet(Packet.connect, ...head, text('')), 3);
      const options = Uint8Array.of(isFive ? NO_LOCAL : 0);
      if (listens) await ask(socket, packet(Packet.subscribe, PACKET_ID, properties, text(room), options), -1);
      return socket;
    },
    scanner: (room, size) => new FixedScanner(message(room, new Uint8Array(size)).length, Packet.publish),
  };
}
