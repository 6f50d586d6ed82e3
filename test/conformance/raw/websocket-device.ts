import {
  type Delivery,
  type Device,
  codeOf,
  groupToSelf,
  isSame,
  newFence,
  readDeliveries,
} from './raw-client';
import { type Address, ConnectionEnded, within } from './raw-connection';
import { type Frame, Opcode, RawWebSocket, type UpgradeOptions } from './raw-websocket';
import { Queue } from './queue';
import { decodeFields, escapeValue, splitMessages } from './tilde';

export class WebSocketDevice implements Device {
  /** Every message as it came, with its terminator. */
  readonly received: string[] = [];
  /** Settles with the close code; 1006 when the connection ended without a Close frame. */
  readonly closed: Promise<number>;
  readonly sessionId: string;
  private readonly answers = new Queue<string>();
  private readonly deliveries = new Queue<Delivery>();
  private readonly pongs = new Queue<string>();
  private unfinished = '';

  private constructor(
    readonly socket: RawWebSocket,
    readonly id: string,
  ) {
    this.sessionId = id.slice(0, id.indexOf('s'));
    this.closed = this.pump();
  }

  /** Upgraded, not yet authenticated. */
  static async open(address: Address, id: string, options?: UpgradeOptions): Promise<WebSocketDevice> {
    return new WebSocketDevice(await RawWebSocket.open(address, options), id);
  }

  static async attach(address: Address, id: string): Promise<WebSocketDevice> {
    const device = await WebSocketDevice.open(address, id);
    const answer = await device.exchange(`~id=${id}~t=1`);
    if (answer !== '~rt=a~e=0~t=1') throw new Error(`not attached: ${answer}`);
    return device;
  }

  /** Sends one message as a TEXT frame and gives the next answer that is not a delivery. */
  async exchange(message: string): Promise<string> {
    this.socket.sendText(message);
    return this.answer();
  }

  answer(deadlineMs?: number): Promise<string> {
    return this.answers.next('answer', deadlineMs);
  }

  delivery(): Promise<Delivery> {
    return this.deliveries.next('delivery');
  }

  /** Sends a Ping and waits for its Pong: proof that the relay still holds the socket open. */
  async ping(payload = 'still there'): Promise<string> {
    this.socket.sendFrame({ opcode: Opcode.ping, payload });
    return this.pongs.next('pong');
  }

  async setNetworks(...names: string[]): Promise<string> {
    const list = names.map((name) => `~ns=${escapeValue(name)}`).join('');
    return codeOf((await this.exchange(`~nc=1${list}~t=1`)).replace(/~t=1$/, ''));
  }

  async send(groups: string): Promise<string> {
    return codeOf((await this.exchange(`${groups}~t=1`)).replace(/~t=1$/, ''));
  }

  async deliveriesSoFar(): Promise<Delivery[]> {
    const fence = newFence(this.sessionId);
    const code = await this.send(groupToSelf(fence));
    if (code !== '0') throw new Error(`a message to the own session id got ${code}`);
    const before: Delivery[] = [];
    for (;;) {
      const delivery = await this.delivery();
      if (isSame(delivery, fence)) return before;
      before.push(delivery);
    }
  }

  async waitForClose(): Promise<number> {
    return within(this.closed, 'close');
  }

  /** Loses the socket without any close handshake. */
  drop(): void {
    this.socket.connection.destroy();
  }

  private async pump(): Promise<number> {
    try {
      for (;;) {
        const frame = await this.socket.readFrame(3_600_000);
        if (frame.opcode === Opcode.close) return this.finishClose(frame);
        this.take(frame);
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
      if (error instanceof ConnectionEnded) return 1006;
      throw error;
    }
  }

  private take(frame: Frame): void {
    if (frame.isMasked || frame.rsv !== 0) throw new Error('frame with a mask or a reserved bit');
    if (frame.opcode === Opcode.pong) return this.pongs.push(frame.payload.toString('latin1'));
    if (frame.opcode === Opcode.ping)
      return this.socket.sendFrame({ opcode: Opcode.pong, payload: frame.payload });
    if (frame.opcode !== Opcode.binary && frame.opcode !== Opcode.continuation) {
      throw new Error(`P-1: frame with opcode ${frame.opcode}, only binary is allowed`);
    }
    const { messages, rest } = splitMessages(this.unfinished + frame.payload.toString('latin1'));
    this.unfinished = rest;
    for (const message of messages) this.takeMessage(message);
  }

  private takeMessage(message: string): void {
    this.received.push(message);
    if (!message.startsWith('~rt=r~')) return this.answers.push(message);
    for (const delivery of readDeliveries(decodeFields(message))) this.deliveries.push(delivery);
  }

  private finishClose(frame: Frame): number {
    const code = frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE();
    this.socket.sendFrame({ opcode: Opcode.close, payload: frame.payload.subarray(0, 2) });
    this.socket.connection.end();
    this.fail(new ConnectionEnded(`closed with code ${code}`));
    return code;
  }

  private fail(failure: Error): void {
    this.answers.fail(failure);
    this.deliveries.fail(failure);
    this.pongs.fail(failure);
  }
}
