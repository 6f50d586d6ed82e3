import type { Frame } from '../frame';
import { isControl } from '../header';
import { encodeCut } from '../outgoing-text';
import type { LogNode } from '../log-node';
import { FrameSocketError, ReadFailReason, tellError } from '../socket-errors';
import { OpenSocket } from './open-socket';
import { OutgoingMix } from './outgoing-mix';
import { ReceivedData } from './received-data';
import { takeUpgrade } from './rest';
import type { Rest } from './rest';

/** Bytes that may wait to be fetched. */
const MAX_WAITING = 67_108_864;
const MAX_PING = 125;
const MAX_REASON = 123;
const TOO_LARGE = 1009;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What the properties of a WebSocket say about how to behave. @internal */
export interface Switches {
  autoClose: boolean;
  autoPong: boolean;
  deliverPongs: boolean;
  idleTimeoutMs: number;
}

/** One WebSocket connection from its request to its end, and what was read from it. @internal */
export class Session {
  socket: OpenSocket | undefined;
  failReason: ReadFailReason = ReadFailReason.NONE;
  lastFrame: Frame | undefined;
  /** Whether the last data frame ended its message. */
  isFinal = false;
  readonly received = new ReceivedData();
  readonly #mix = new OutgoingMix();

  constructor(readonly rest: Rest | undefined) {}

  /** @throws FrameSocketError when the answer opens no WebSocket. */
  open(switches: Switches): void {
    if (this.rest === undefined) throw new TypeError('UseConnection comes first.');
    if (this.socket !== undefined) throw new TypeError('The handshake was validated already.');
    this.socket = new OpenSocket(takeUpgrade(this.rest), { ...switches, unsafeCloseCode: true });
  }

  async read(log: LogNode, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.socket === undefined) {
      this.failReason = ReadFailReason.LOST;
      throw new TypeError('The WebSocket is not connected.');
    }
    const result = await this.socket.tryReadFrame(signal === undefined ? {} : { signal });
    if (!result.ok) {
      this.failReason = result.reason;
      log.fact('readFrameFailReason', result.reason);
      tellError(log, result.error);
      return false;
    }
    return this.#take(log, result.frame);
  }

  async sendData(data: string | Uint8Array, fin: boolean, signal: AbortSignal | undefined): Promise<void> {
    const socket = this.requireSocket();
    const wasOpen = this.#mix.isOpen;
    const made = this.#mix.next(data, fin);
    try {
      await socket.sendFrame(made, { fin, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (error instanceof FrameSocketError && error.code === 'ABORTED') this.#mix.takeBack(wasOpen);
      throw error;
    }
  }

  async sendPing(log: LogNode, text: string): Promise<void> {
    const payload = encodeCut(text, MAX_PING);
    log.fact('numBytes', payload.length);
    await this.requireSocket().sendPing(payload);
  }

  async sendClose(log: LogNode, code: number | undefined, reason: string): Promise<void> {
    if (code !== undefined) log.fact('statusCode', code);
    await this.requireSocket().sendClose(code, decoder.decode(encodeCut(reason, MAX_REASON)));
  }

  requireSocket(): OpenSocket {
    if (this.socket === undefined) throw new TypeError('The WebSocket is not connected.');
    return this.socket;
  }

  async #take(log: LogNode, frame: Frame): Promise<boolean> {
    log.fact('frameOpcode', frame.opcodeName);
    log.fact('numBytes', frame.payload.length);
    if (!isControl(frame.opcode) && this.received.length + frame.payload.length > MAX_WAITING) {
      return this.#refuse(log);
    }
    this.failReason = ReadFailReason.NONE;
    this.lastFrame = frame;
    if (!isControl(frame.opcode)) this.isFinal = frame.fin;
    this.received.append(frame);
    return true;
  }

  /** Fails the connection: more waits to be fetched than may. */
  async #refuse(log: LogNode): Promise<boolean> {
    this.failReason = ReadFailReason.INVALID;
    log.fact('error', `More than ${MAX_WAITING} bytes wait for GetFrameData; the connection is ended.`);
    const socket = this.requireSocket();
    await socket.sendClose(TOO_LARGE).catch((error: unknown) => tellError(log, error));
    socket.terminate();
    return false;
  }
}
