import { createHash, randomBytes } from 'node:crypto';
import { type Address, RawConnection, toBytes } from './raw-connection';
import { type HeaderList, type RawResponse, headerValue, readResponse, requestHead } from './raw-http';

export const WEBSOCKET_PATH = '/api/WebSocket';

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  fin: boolean;
  /** The three reserved bits as a number, RSV1 = 4. */
  rsv: number;
  opcode: number;
  isMasked: boolean;
  payload: Buffer;
}

export interface FrameToSend {
  opcode: number;
  payload?: string | Uint8Array;
  fin?: boolean;
  rsv?: number;
  isMasked?: boolean;
  /** A length to claim instead of the true one, always written in the 64-bit form. */
  declaredLength?: bigint;
}

export interface UpgradeOptions {
  path?: string;
  /** Added behind the usual ones. */
  headers?: HeaderList;
}

/** The relay answered an upgrade with something else than 101. */
export class UpgradeRefused extends Error {
  override name = 'UpgradeRefused';
  constructor(readonly response: RawResponse) {
    super(`upgrade refused with status ${response.status}`);
  }
}

export function encodeFrame(frame: FrameToSend): Buffer {
  const payload = toBytes(frame.payload ?? '');
  const isMasked = frame.isMasked ?? true;
  const maskBit = isMasked ? 0x80 : 0;
  const first = (frame.fin === false ? 0 : 0x80) | ((frame.rsv ?? 0) << 4) | frame.opcode;
  const head = lengthBytes(first, maskBit, payload.length, frame.declaredLength);
  if (!isMasked) return Buffer.concat([head, payload]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, masked(payload, key)]);
}

function lengthBytes(first: number, maskBit: number, length: number, declared: bigint | undefined): Buffer {
  if (declared === undefined && length < 126) return Buffer.from([first, maskBit | length]);
  if (declared === undefined && length < 65_536) {
    return Buffer.from([first, maskBit | 126, length >> 8, length & 0xff]);
  }
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = maskBit | 127;
  head.writeBigUInt64BE(declared ?? BigInt(length), 2);
  return head;
}

function masked(payload: Uint8Array, key: Uint8Array): Buffer {
  const out = Buffer.from(payload);
  for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) ^ (key[i & 3] ?? 0);
  return out;
}

/** Sends an upgrade request and gives the connection with the answer, whatever it is. */
export async function requestUpgrade(
  address: Address,
  options: UpgradeOptions = {},
): Promise<{ connection: RawConnection; response: RawResponse }> {
  const key = randomBytes(16).toString('base64');
  const connection = await RawConnection.open(address);
  const headers: HeaderList = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
    ...(options.headers ?? []),
  ];
  connection.write(requestHead(address, { method: 'GET', path: options.path ?? WEBSOCKET_PATH, headers }));
  const response = await readResponse(connection, 'GET');
  if (response.status === 101) checkAccept(response, key);
  return { connection, response };
}

function checkAccept(response: RawResponse, key: string): void {
  const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const got = headerValue(response, 'sec-websocket-accept');
  if (got !== expected) throw new Error(`Sec-WebSocket-Accept is ${got}, expected ${expected}`);
}

/** A WebSocket at frame level: nothing is answered, checked or joined by itself. */
export class RawWebSocket {
  private constructor(
    readonly connection: RawConnection,
    readonly response: RawResponse,
  ) {}

  static async open(address: Address, options: UpgradeOptions = {}): Promise<RawWebSocket> {
    const { connection, response } = await requestUpgrade(address, options);
    if (response.status !== 101) {
      connection.destroy();
      throw new UpgradeRefused(response);
    }
    return new RawWebSocket(connection, response);
  }

  sendFrame(frame: FrameToSend): void {
    this.connection.write(encodeFrame(frame));
  }

  sendText(payload: string | Uint8Array): void {
    this.sendFrame({ opcode: Opcode.text, payload });
  }

  sendBinary(payload: string | Uint8Array): void {
    this.sendFrame({ opcode: Opcode.binary, payload });
  }

  sendClose(code: number): void {
    this.sendFrame({ opcode: Opcode.close, payload: Buffer.from([code >> 8, code & 0xff]) });
  }

  async readFrame(deadlineMs?: number): Promise<Frame> {
    const start = await this.connection.read(2, deadlineMs);
    const [first = 0, second = 0] = start;
    let length = second & 0x7f;
    if (length === 126) length = (await this.connection.read(2, deadlineMs)).readUInt16BE();
    else if (length === 127) length = Number((await this.connection.read(8, deadlineMs)).readBigUInt64BE());
    const isMasked = (second & 0x80) !== 0;
    const key = isMasked ? await this.connection.read(4, deadlineMs) : undefined;
    const payload = await this.connection.read(length, deadlineMs);
    return {
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      opcode: first & 0x0f,
      isMasked,
      payload: key ? masked(payload, key) : payload,
    };
  }

  /** Skips frames up to the Close frame; undefined when the connection ended without one. */
  async readCloseCode(deadlineMs?: number): Promise<number | undefined> {
    for (;;) {
      const frame = await this.readFrame(deadlineMs).catch((error: unknown) => {
        if (this.connection.isEnded) return undefined;
        throw error;
      });
      if (!frame) return undefined;
      if (frame.opcode === Opcode.close)
        return frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE();
    }
  }
}
