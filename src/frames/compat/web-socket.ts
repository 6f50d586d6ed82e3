import { randomBytes } from 'node:crypto';
import type { OpcodeName } from '../frame';
import { checkTime } from '../socket-options';
import type { ReadFailReason } from '../socket-errors';
import type { BinData } from './bin-data';
import type { LogNode } from '../log-node';
import { call, callAsync, Logged } from './logged';
import { Rest } from './rest';
import { Session } from './session';
import type { Switches } from './session';
import type { StringBuilder } from './string-builder';
import { makeTask, taskCaller } from './task';
import type { Task } from './task';

type Signal = AbortSignal | undefined;

/**
 * A WebSocket client by frames under the names of seed 2, for programs that come from there. Nothing throws: what waits
 * for the network gives a promise of a boolean, and `LastErrorText` says why it is false.
 *
 * @remarks
 * Unlike the class it follows: Pings are answered also while nothing is read, certificates are checked, and texts are
 * cut in front of a character. At most 64 MiB may wait to be fetched. New programs use `FrameSocket`.
 *
 * @example
 * ```ts
 * const rest = new Rest();
 * await rest.Connect('127.0.0.1', 8080, false, false);
 * const ws = new WebSocket();
 * ws.UseConnection(rest);
 * ws.AddClientHeaders();
 * await rest.FullRequestNoBody('GET', '/echo');
 * if (!(await ws.ValidateServerHandshake())) throw new Error(ws.LastErrorText);
 * await ws.SendFrame('Hello', true);
 * if (await ws.ReadFrame()) console.log(ws.GetFrameData());
 * ```
 *
 * @public
 */
export class WebSocket extends Logged {
  /** Words for uncommon needs; none has a meaning here. */
  UncommonOptions = '';
  #session = new Session(undefined);
  #switches: Switches = {
    autoClose: true,
    autoPong: true,
    deliverPongs: false,
    idleTimeoutMs: 30_000,
  };

  /** Whether the peer's Close is answered with its code and the connection ended. @defaultValue true */
  get CloseAutoRespond(): boolean {
    return this.#switches.autoClose;
  }

  set CloseAutoRespond(on: boolean) {
    this.#switch('autoClose', on);
  }

  /** Reason of the peer's Close. */
  get CloseReason(): string {
    return this.#session.socket?.closeReason ?? '';
  }

  /** Whether a Close came from the peer. */
  get CloseReceived(): boolean {
    return this.#session.socket?.closeReceived ?? false;
  }

  /** Code of the peer's Close; 0 when none came or it had none. */
  get CloseStatusCode(): number {
    return this.#session.socket?.closeCode ?? 0;
  }

  /** Whether the last data frame that was read ended its message. */
  get FinalFrame(): boolean {
    return this.#session.isFinal;
  }

  /** Bytes of data frames that were read and not fetched. */
  get FrameDataLen(): number {
    return this.#session.received.length;
  }

  /** Of the last frame that was read; empty before the first. */
  get FrameOpcode(): OpcodeName | '' {
    return this.#session.lastFrame?.opcodeName ?? '';
  }

  /** Of the last frame that was read; 0 also before the first. */
  get FrameOpcodeInt(): number {
    return this.#session.lastFrame?.opcode ?? 0;
  }

  /**
   * How long reading may wait with no byte coming, or writing with none taken. What is no such time is not taken over.
   * Unit: milliseconds; 0 for no limit.
   *
   * @defaultValue 30000
   */
  get IdleTimeoutMs(): number {
    return this.#switches.idleTimeoutMs;
  }

  set IdleTimeoutMs(ms: number) {
    call(this, 'IdleTimeoutMs', false, () => {
      this.#switch('idleTimeoutMs', checkTime('IdleTimeoutMs', ms));
      return true;
    });
  }

  /** True until the connection is over and every frame that came before has been read. */
  get IsConnected(): boolean {
    return this.#session.socket?.isConnected ?? false;
  }

  /** Whether a Ping was read that nobody answered; only possible with `PingAutoRespond` off. */
  get NeedSendPong(): boolean {
    return this.#session.socket?.pongPending ?? false;
  }

  /** Whether Pings are answered, and then not delivered. @defaultValue true */
  get PingAutoRespond(): boolean {
    return this.#switches.autoPong;
  }

  set PingAutoRespond(on: boolean) {
    this.#switch('autoPong', on);
  }

  /** Whether Pongs are passed over. @defaultValue true */
  get PongAutoConsume(): boolean {
    return !this.#switches.deliverPongs;
  }

  set PongAutoConsume(on: boolean) {
    this.#switch('deliverPongs', !on);
  }

  /** Whether the last read passed a Pong over. */
  get PongConsumed(): boolean {
    return this.#session.socket?.pongConsumed ?? false;
  }

  /** Why the last read failed; 0 when it did not. See `ReadFailReason`. */
  get ReadFrameFailReason(): ReadFailReason {
    return this.#session.failReason;
  }

  /** Begins anew with the connection of `connection`; the first call of all. */
  UseConnection(connection: Rest): boolean {
    return call(this, 'UseConnection', false, () => {
      if (!(connection instanceof Rest)) throw new TypeError('The connection is a Rest object.');
      this.#session.socket?.terminate();
      this.#session = new Session(connection);
      return true;
    });
  }

  /** Gives the request the headers that ask for a WebSocket, with a fresh key. */
  AddClientHeaders(): boolean {
    return call(this, 'AddClientHeaders', false, () => {
      const { rest } = this.#session;
      if (rest === undefined) throw new TypeError('UseConnection comes first.');
      const headers = [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Key', randomBytes(16).toString('base64')],
        ['Sec-WebSocket-Version', '13'],
      ] as const;
      return headers.every(([name, value]) => rest.AddHeader(name, value));
    });
  }

  /** Checks the answer to the request. When it opens no WebSocket, the connection is closed. */
  async ValidateServerHandshake(): Promise<boolean> {
    return callAsync(this, 'ValidateServerHandshake', false, async () => {
      this.#session.open(this.#switches);
      return true;
    });
  }

  /** Ends the connection at once, without a Close. True also when it is over. */
  CloseConnection(): boolean {
    return call(this, 'CloseConnection', false, () => {
      const { socket, rest } = this.#session;
      if (socket !== undefined) socket.terminate();
      else void rest?.Disconnect(0);
      return true;
    });
  }

  /** What was read and not fetched, as UTF-8: the last control frame first, then the data. */
  GetFrameData(): string | null {
    return call<string | null>(this, 'GetFrameData', null, () => this.#session.received.takeText());
  }

  /** Adds what {@link WebSocket.GetFrameData} would give to `binData`. */
  GetFrameDataBd(binData: BinData): boolean {
    return call(this, 'GetFrameDataBd', false, () => {
      const append = binData.AppendBinary.bind(binData);
      return append(this.#session.received.takeBytes());
    });
  }

  /** Adds what {@link WebSocket.GetFrameData} would give to `sb`. */
  GetFrameDataSb(sb: StringBuilder): boolean {
    return call(this, 'GetFrameDataSb', false, () => {
      const append = sb.Append.bind(sb);
      return append(this.#session.received.takeText());
    });
  }

  /** Becomes another name for the WebSocket that made the task. */
  LoadTaskCaller(task: Task): boolean {
    return call(this, 'LoadTaskCaller', false, () => {
      const caller = taskCaller(task);
      if (!(caller instanceof WebSocket)) throw new TypeError('The task was not made by a WebSocket.');
      this.#session = caller.#session;
      this.#switches = caller.#switches;
      return true;
    });
  }

  /** Whether the next read would settle at once: with a frame, or with the end. */
  PollDataAvailable(): boolean {
    let isAvailable = false;
    call(this, 'PollDataAvailable', false, () => {
      isAvailable = this.#session.socket?.dataAvailable ?? false;
      return true;
    });
    return isAvailable;
  }

  /** Waits for one frame. False leaves the reason in `ReadFrameFailReason`; after 1 and 2 the next read goes on. */
  async ReadFrame(): Promise<boolean> {
    return this.#readFrame(undefined);
  }

  ReadFrameAsync(): Task | null {
    return this.#task('ReadFrameAsync', (signal) => this.#readFrame(signal));
  }

  /**
   * Sends our Close. Answering the peer's ends the connection; otherwise the peer's is still to be read.
   *
   * @param includeStatus - Whether code and reason are sent.
   * @param statusCode - 0 to 16383.
   * @param reason - Cut after 123 bytes.
   */
  async SendClose(includeStatus: boolean, statusCode: number, reason: string): Promise<boolean> {
    return this.#sending('SendClose', (log) =>
      this.#session.sendClose(log, includeStatus ? statusCode : undefined, includeStatus ? reason : ''),
    );
  }

  SendCloseAsync(includeStatus: boolean, statusCode: number, reason: string): Task | null {
    return this.#task('SendCloseAsync', () => this.SendClose(includeStatus, statusCode, reason));
  }

  /** Sends one data frame; the first of a message is Text, those after it are Continuations. */
  async SendFrame(stringToSend: string, finalFrame: boolean): Promise<boolean> {
    return this.#sendText('SendFrame', () => stringToSend, finalFrame, undefined);
  }

  SendFrameAsync(stringToSend: string, finalFrame: boolean): Task | null {
    return this.#task('SendFrameAsync', (signal) =>
      this.#sendText('SendFrame', () => stringToSend, finalFrame, signal),
    );
  }

  /** Sends one data frame; the first of a message is Binary, those after it are Continuations. */
  async SendFrameBd(bdToSend: BinData, finalFrame: boolean): Promise<boolean> {
    return this.#sendBytes(bdToSend, finalFrame, undefined);
  }

  SendFrameBdAsync(bdToSend: BinData, finalFrame: boolean): Task | null {
    return this.#task('SendFrameBdAsync', (signal) => this.#sendBytes(bdToSend, finalFrame, signal));
  }

  /** Like {@link WebSocket.SendFrame}, with the text of a StringBuilder. */
  async SendFrameSb(sbToSend: StringBuilder, finalFrame: boolean): Promise<boolean> {
    return this.#sendText('SendFrameSb', () => sbToSend.GetAsString(), finalFrame, undefined);
  }

  SendFrameSbAsync(sbToSend: StringBuilder, finalFrame: boolean): Task | null {
    return this.#task('SendFrameSbAsync', (signal) =>
      this.#sendText('SendFrameSb', () => sbToSend.GetAsString(), finalFrame, signal),
    );
  }

  /** Sends a Ping, also between the frames of a message. @param pingData - Cut after 125 bytes. */
  async SendPing(pingData: string): Promise<boolean> {
    return this.#sending('SendPing', (log) => this.#session.sendPing(log, pingData));
  }

  SendPingAsync(pingData: string): Task | null {
    return this.#task('SendPingAsync', () => this.SendPing(pingData));
  }

  /** Answers the last Ping that was read and not answered; without one sends an empty Pong. */
  async SendPong(): Promise<boolean> {
    return this.#sending('SendPong', () => this.#session.requireSocket().sendPong());
  }

  SendPongAsync(): Task | null {
    return this.#task('SendPongAsync', () => this.SendPong());
  }

  #switch<Name extends keyof Switches>(name: Name, value: Switches[Name]): void {
    this.#switches[name] = value;
    if (this.#session.socket !== undefined) Object.assign(this.#session.socket, { [name]: value });
  }

  #readFrame(signal: Signal): Promise<boolean> {
    return callAsync(this, 'ReadFrame', false, (log) => this.#session.read(log, signal));
  }

  #sendText(method: string, text: () => string, fin: boolean, signal: Signal): Promise<boolean> {
    return this.#sending(method, (log) => {
      const data = text();
      if (typeof data !== 'string') throw new TypeError('A text is a string.');
      log.fact('numCharacters', data.length);
      return this.#session.sendData(data, fin, signal);
    });
  }

  #sendBytes(bd: BinData, fin: boolean, signal: Signal): Promise<boolean> {
    return this.#sending('SendFrameBd', (log) => {
      log.fact('numBytes', bd.NumBytes);
      return this.#session.sendData(bd.GetBinary(), fin, signal);
    });
  }

  #sending(method: string, send: (log: LogNode) => Promise<void>): Promise<boolean> {
    return callAsync(this, method, false, async (log) => {
      await send(log);
      return true;
    });
  }

  #task(method: string, run: (signal: AbortSignal) => Promise<boolean>): Task | null {
    return call<Task | null>(this, method, null, () => makeTask({ caller: this, run }));
  }
}
