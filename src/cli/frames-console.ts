import { setTimeout } from 'node:timers/promises';
import { buildCloseBody } from '../frames/close-codes';
import { Frame } from '../frames/frame';
import type { FrameSocket } from '../frames/node/frame-socket';
import { Opcode, type MessageOpcode } from '../frames/header';
import { OutgoingText } from '../frames/outgoing-text';
import { FrameSocketError, ReadFailReason } from '../frames/socket-errors';
import type { FrameEvent } from './frames-events';
import { LINES_HELP, type FrameAction } from './frames-lines';
import type { FramesOptions } from './frames-options';
import type { Screen } from './screen';

const NORMAL = 1000;
const encoder = new TextEncoder();

/** How a console reads lines and shows events. */
export interface ConsoleForm {
  parse(line: string): FrameAction;
  show(event: FrameEvent): void;
}

/**
 * One open connection on the console: lines go out as frames, what comes and goes is shown. Pings and the peer's Close
 * are answered here and not in the socket, so that the answers are shown, too.
 */
export class FrameConsole {
  readonly #socket: FrameSocket;
  readonly #screen: Screen;
  readonly #form: ConsoleForm;
  readonly #waitMs: number;
  readonly #text = new OutgoingText();
  /** Aborted by an interrupt: nothing waits any longer. */
  readonly #stop = new AbortController();
  #autoPong: boolean;
  #autoClose: boolean;
  /** Type of the message that was begun and not finished. */
  #open: MessageOpcode | undefined = undefined;
  /** Payload of the last Ping that was not answered. */
  #ping: Uint8Array | undefined = undefined;
  #hasQuit = false;
  /** Lines that could not be followed, and those that came too late. */
  #failed = 0;
  #late = 0;

  constructor(socket: FrameSocket, screen: Screen, form: ConsoleForm, options: FramesOptions) {
    this.#socket = socket;
    this.#screen = screen;
    this.#form = form;
    this.#waitMs = options.waitMs;
    this.#autoPong = options.autoPong;
    this.#autoClose = options.autoClose;
  }

  /**
   * Goes on until the connection has ended, by either side, by `quit` or by the end of the input.
   *
   * @returns 0 after a close handshake; 1 without one, or when piped input could not all be sent.
   */
  async hold(lines: AsyncIterable<string>): Promise<number> {
    const reading = this.#readFrames().finally(() => {
      this.#stop.abort();
      this.#screen.close();
    });
    await this.#followLines(lines);
    if (!this.#hasQuit && !this.#screen.isTerminal) await this.#wait();
    await quietly(this.#closeIfOpen());
    await this.#socket.close();
    await reading;
    if (this.#late > 0) this.#showFailure(`lines not sent, since the connection had ended: ${this.#late}`);
    const isWhole = this.#failed + this.#late === 0 || this.#screen.isTerminal;
    return this.#socket.wasClean && isWhole ? 0 : 1;
  }

  /** The first time begins to close, the second time ends at once. */
  interrupt(): void {
    if (this.#stop.signal.aborted) this.#socket.terminate();
    this.#stop.abort();
    this.#screen.close();
  }

  async #followLines(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      if (this.#hasQuit) continue;
      const action = this.#form.parse(line);
      if (this.#socket.state === 'closed') {
        if (action.type === 'send' || action.type === 'ping' || action.type === 'pong') this.#late += 1;
        continue;
      }
      try {
        await this.#carryOut(action);
      } catch (error) {
        this.#failed += 1;
        this.#showFailure(error instanceof Error ? error.message : String(error));
      }
      if (this.#hasQuit) this.#screen.close();
      else this.#screen.prompt();
    }
  }

  async #carryOut(action: FrameAction): Promise<void> {
    switch (action.type) {
      case 'send':
        return this.#send(action);
      case 'ping':
        await this.#socket.sendPing(action.data);
        return this.#showSent(new Frame(Opcode.PING, true, bytesOf(action.data)));
      case 'pong':
        return this.#sendPong();
      case 'close':
        await this.#sendClose(action.code, action.reason);
        // Sees to it that a peer who does not answer is not waited for for ever.
        void this.#socket.close();
        return undefined;
      case 'set':
        this.#autoPong = action.autoPong ?? this.#autoPong;
        this.#autoClose = action.autoClose ?? this.#autoClose;
        return undefined;
      case 'help':
        return this.#screen.print(LINES_HELP);
      case 'quit':
        this.#hasQuit = true;
        return undefined;
      case 'invalid':
        throw new TypeError(action.problem);
    }
  }

  async #send({ data, fin, place }: Extract<FrameAction, { type: 'send' }>): Promise<void> {
    if (place === 'first' && this.#open !== undefined) {
      throw new TypeError('a message is open; /continue goes on with it and /finish ends it');
    }
    if (place === 'later' && this.#open === undefined) {
      throw new TypeError('no message is open; /start begins one');
    }
    await this.#socket.sendFrame(data, { fin });
    const type = typeof data === 'string' ? Opcode.TEXT : Opcode.BINARY;
    const payload = typeof data === 'string' ? this.#text.encode(data, fin) : data;
    this.#showSent(new Frame(this.#open === undefined ? type : Opcode.CONTINUATION, fin, payload, type));
    this.#open = fin ? undefined : type;
  }

  async #sendPong(): Promise<void> {
    const payload = this.#ping ?? new Uint8Array(0);
    this.#ping = undefined;
    await this.#socket.sendPong();
    this.#showSent(new Frame(Opcode.PONG, true, payload));
  }

  async #sendClose(code: number | undefined, reason: string): Promise<void> {
    await this.#socket.sendClose(code, reason);
    this.#showSent(new Frame(Opcode.CLOSE, true, buildCloseBody(code, reason, true)));
  }

  async #closeIfOpen(): Promise<void> {
    const { state } = this.#socket;
    if (state === 'open' || state === 'close-received') await this.#sendClose(NORMAL, '');
  }

  /** Gives the peer time to answer what was piped, until it ends the connection. */
  async #wait(): Promise<void> {
    if (this.#waitMs > 0) await delay(this.#waitMs, this.#stop.signal);
  }

  async #readFrames(): Promise<void> {
    for (;;) {
      const result = await this.#socket.tryReadFrame();
      if (result.ok) await this.#take(result.frame);
      else if (result.reason !== ReadFailReason.TIMEOUT) return this.#showEnd(result.error);
    }
  }

  async #take(frame: Frame): Promise<void> {
    this.#form.show({ type: 'frame', direction: 'in', frame });
    const { opcode } = frame;
    const { state, closeCode } = this.#socket;
    if (opcode === Opcode.PING) {
      this.#ping = frame.payload;
      if (this.#autoPong && state === 'open') await quietly(this.#sendPong());
    }
    if (opcode === Opcode.CLOSE && this.#autoClose && state === 'close-received') {
      await quietly(this.#sendClose(closeCode, ''));
    }
    await this.#screen.drained(this.#stop.signal);
  }

  #showSent(frame: Frame): void {
    this.#form.show({ type: 'frame', direction: 'out', frame });
  }

  #showEnd(error: unknown): void {
    if (!(error instanceof FrameSocketError)) throw error;
    const { code, message } = error;
    if (code !== 'CLOSED') this.#form.show({ type: 'error', code, message });
    const { closeCode, closeReason, wasClean } = this.#socket;
    this.#form.show({ type: 'close', code: closeCode, reason: closeReason, clean: wasClean });
  }

  #showFailure(message: string): void {
    this.#form.show({ type: 'error', code: 'INPUT', message });
  }
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? encoder.encode(data) : data;
}

/** Waits for a send whose failure the reading side tells: the connection has ended. */
async function quietly(sending: Promise<void>): Promise<void> {
  try {
    await sending;
  } catch (error) {
    if (!(error instanceof FrameSocketError)) throw error;
  }
}

async function delay(ms: number, signal: AbortSignal): Promise<void> {
  // An abort is the end of the wait, and no fault.
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
