import { systemClock } from '../../adapters/clock';
import { aborted, onAbort } from '../abort';
import type { AbortSignalLike } from '../abort';
import { Frame } from '../frame';
import type { FrameSink, OutgoingFrame, OutgoingQueue } from '../frame-writer';
import type { MessageOpcode } from '../header';
import { MessageJoiner } from '../message-joiner';
import type { JoinLimits } from '../message-joiner';
import { encodeText } from '../outgoing-text';
import { FrameSocketError } from '../socket-errors';
import { unsupported } from './unsupported';

/** Bytes that may wait in the browser before a send has to wait. */
const MAX_UNDER_WAY = 1_048_576;
/** How often the browser is asked what is left: it does not tell by itself. */
const LOOK_MS = 20;

/** What the writer needs from its socket. @internal */
export interface MessageWriterOwner {
  /** How much of one message is collected. */
  readonly settings: JoinLimits;
  /** Why nothing can be sent any more. */
  refusal(): FrameSocketError;
  /** A send fails. */
  note(error: FrameSocketError): void;
}

interface Waiter {
  readonly limit: number;
  readonly resolve: () => void;
  readonly reject: (error: FrameSocketError) => void;
}

/** Frames on their way out: those of a message are collected and handed to the browser as one. @internal */
export class MessageWriter implements OutgoingQueue {
  isCloseSent = false;
  readonly #socket: WebSocket;
  readonly #owner: MessageWriterOwner;
  readonly #sink: FrameSink;
  readonly #joiner: MessageJoiner;
  #waiters: Waiter[] = [];
  #cancelLook: (() => void) | undefined = undefined;

  constructor(socket: WebSocket, owner: MessageWriterOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#joiner = new MessageJoiner(owner.settings);
    this.#sink = {
      send: (opcode, payload, fin = true) => this.#collect(opcode, payload, fin),
      sendPing: () => {
        throw unsupported('sendPing');
      },
      sendPong: () => {
        throw unsupported('sendPong');
      },
      sendClose: (code, reason) => {
        this.isCloseSent = true;
        if (code === undefined) this.#socket.close();
        else this.#socket.close(code, reason);
        return true;
      },
    };
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** Resolves when the browser has room again; what was handed over cannot be taken back any more. */
  async send(frame: OutgoingFrame, _signal: AbortSignalLike | undefined): Promise<void> {
    try {
      if (!frame.put(this.#sink)) throw this.#owner.refusal();
    } catch (error) {
      frame.takeBack?.();
      if (error instanceof FrameSocketError) this.#owner.note(error);
      throw error;
    }
    if (frame.isData) await this.#untilBelow(MAX_UNDER_WAY);
  }

  drain(signal: AbortSignalLike | undefined): Promise<void> {
    return this.#untilBelow(0, signal);
  }

  /** Gives up what waits. */
  fail(error: FrameSocketError): void {
    this.#cancelLook?.();
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  #collect(opcode: MessageOpcode, data: Uint8Array | string, fin: boolean): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    const payload = typeof data === 'string' ? encodeText(data) : data;
    // A copy, since the caller may use the bytes again before the message is whole.
    const message = this.#joiner.take(new Frame(opcode, fin, fin ? payload : payload.slice(), opcode));
    if (message === undefined) return true;
    const { messageType, payload: whole } = message;
    this.#socket.send(messageType === 'Text' ? message.text() : (whole as Uint8Array<ArrayBuffer>));
    return true;
  }

  #untilBelow(limit: number, signal?: AbortSignalLike): Promise<void> {
    if (this.bufferedAmount <= limit) return Promise.resolve();
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(this.#owner.refusal());
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    return new Promise((resolve, reject) => {
      const forgetSignal = onAbort(signal, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(aborted(signal));
      });
      const waiter: Waiter = {
        limit,
        resolve: () => (forgetSignal(), resolve()),
        reject: (error) => (forgetSignal(), reject(error)),
      };
      this.#waiters.push(waiter);
      this.#look();
    });
  }

  #look(): void {
    this.#cancelLook ??= systemClock.setTimer(() => {
      this.#cancelLook = undefined;
      const left = this.bufferedAmount;
      const isDone = ({ limit }: Waiter): boolean => left <= limit;
      const done = this.#waiters.filter(isDone);
      this.#waiters = this.#waiters.filter((waiter) => !isDone(waiter));
      for (const { resolve } of done) resolve();
      if (this.#waiters.length > 0) this.#look();
    }, LOOK_MS);
  }
}
