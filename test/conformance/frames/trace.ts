import { Connection, type ConnectionEvent, type ConnectionOptions } from '../../../src/frames/connection';
import { concat } from '../../helpers/bytes';
import { readFrames, utf8, type Role, type WireFrame } from './frame-bytes';

const NAMES: Record<number, string> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

/** One line per event and per frame on the wire, so that whole runs can be compared and read. */
export type Trace = string[];

function brief(payload: Uint8Array | string): string {
  const bytes = typeof payload === 'string' ? utf8(payload) : payload;
  if (bytes.length <= 32) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const sum = bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 16_777_619), -2_128_831_035);
  return `${bytes.length} bytes, sum ${(sum >>> 0).toString(16)}`;
}

/** Lines of a trace. Those that begin with `>` stand for a frame that we send. */
export const line = {
  text: (payload: Uint8Array | string) => `text ${brief(payload)}`,
  binary: (payload: Uint8Array | string) => `binary ${brief(payload)}`,
  frame: (opcode: number, message: number, fin: boolean, payload: Uint8Array | string) =>
    `frame ${NAMES[opcode]} of ${NAMES[message]}${fin ? ' fin' : ''} ${brief(payload)}`,
  piece: (bytes: Uint8Array) => `piece ${brief(bytes)}`,
  ping: (payload: Uint8Array | string = '') => `ping ${brief(payload)}`,
  pong: (payload: Uint8Array | string = '') => `pong ${brief(payload)}`,
  close: (code?: number, reason = '') => `close ${code ?? 'without code'} "${reason}"`,
  fail: (code: number) => `fail ${code}`,
  clean: 'end clean',
  lost: 'end lost',
  sends: (opcode: number, payload: Uint8Array | string = '', fin = true) =>
    `> ${NAMES[opcode]}${fin ? ' fin' : ''} ${brief(payload)}`,
  sendsClose: (code?: number, reason = '') =>
    `> close fin ${brief(code === undefined ? '' : concat([Uint8Array.of(code >> 8, code & 0xff), utf8(reason)]))}`,
};

function lineOf(event: Exclude<ConnectionEvent, { type: 'transmit' }>): string {
  switch (event.type) {
    case 'message':
      return event.opcode === 1 ? line.text(event.payload) : line.binary(event.payload);
    case 'frame':
      return line.frame(event.opcode, event.messageOpcode, event.fin, event.payload);
    case 'piece':
      return line.piece(event.bytes.subarray(event.start, event.end));
    case 'ping':
    case 'pong':
      return line[event.type](event.payload);
    case 'close':
      return line.close(event.code, event.reason);
    case 'fail':
      return line.fail(event.error.closeCode);
    case 'end':
      return event.clean ? line.clean : line.lost;
  }
}

function lineOfFrame(role: Role, sent: WireFrame): string {
  if (sent.masked !== (role === 'client')) {
    throw new Error(`The ${role} sent a frame that is masked: ${sent.masked}`);
  }
  if (sent.rsv !== 0) throw new Error('A frame with reserved bits was sent');
  return line.sends(sent.opcode, sent.payload, sent.fin);
}

/** A connection that writes down everything that comes out of it. */
export class TracedConnection {
  readonly connection: Connection;
  readonly trace: Trace = [];
  /** Called on each event, before the next is polled. */
  onEvent: (event: ConnectionEvent, connection: Connection) => void = () => {};

  constructor(
    readonly role: Role,
    options: Omit<ConnectionOptions, 'role'> = {},
  ) {
    let key = 0x1badb002;
    const maskKey = () => (key = Math.imul(key, 747_796_405) + 1);
    this.connection = new Connection({ maskKey, ...options, role });
  }

  /** Polls to the end. */
  drain(): void {
    for (let event = this.connection.poll(); event !== undefined; event = this.connection.poll()) {
      if (event.type !== 'transmit') this.trace.push(lineOf(event));
      else for (const sent of readFrames(concat(event.chunks))) this.trace.push(lineOfFrame(this.role, sent));
      this.onEvent(event, this.connection);
    }
  }

  /** Feeds chunks, polling after each. They are copied first, since the connection changes them. */
  feed(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      this.connection.receive(chunk.slice());
      this.drain();
    }
  }
}
