import { encodeFrame } from '../frames/encoder';
import { Opcode } from '../frames/header';
import type { CoreContext } from './core-context';
import type { Joined } from './joiner';
import type { Entry } from './out-queue';
import type { SessionState } from './sessions';
import { Transport } from './sessions';

const PING = encodeFrame(Opcode.PING, new Uint8Array(0));

/** The open WebSockets of a relay: what is written to them and how they end. */
export class Transports {
  readonly #transports = new Map<number, Transport>();

  constructor(private readonly context: CoreContext) {}

  get size(): number {
    return this.#transports.size;
  }

  get(transportId: number): Transport | undefined {
    return this.#transports.get(transportId);
  }

  values(): IterableIterator<Transport> {
    return this.#transports.values();
  }

  open(transportId: number): Transport {
    const transport = new Transport(transportId, this.context.limits, this.context.nowMs);
    this.#transports.set(transportId, transport);
    this.context.deadlines.schedule(transport);
    return transport;
  }

  /** The connection is gone. */
  remove(transport: Transport): void {
    this.#transports.delete(transport.transportId);
    transport.state = 'closing';
    transport.stateEndsAtMs = Infinity;
  }

  write(transport: Transport, chunks: readonly Uint8Array[], bytes: number): void {
    const { counters, effects } = this.context;
    counters.socketWrites += 1;
    counters.socketBytes += bytes;
    effects.push({ type: 'write', transport: transport.transportId, chunks });
  }

  /** Writes a frame that was made of queues. */
  writeFrame(transport: Transport, { chunks, groups, bytes }: Joined): void {
    this.context.counters.messagesDelivered += groups;
    this.write(transport, chunks, bytes);
  }

  /** Writes answers by themselves, past the flush: to a transport that has no queue, or no longer. */
  writeAnswers(transport: Transport, answers: readonly Entry[]): void {
    const frames = answers.map((answer) => encodeFrame(Opcode.BINARY, answer.bytes));
    if (frames.length > 0)
      this.write(
        transport,
        frames,
        frames.reduce((sum, frame) => sum + frame.length, 0),
      );
  }

  /** Asks for a sign of life; every WebSocket gives one without help of its application. */
  ping(transport: Transport): void {
    transport.pingedForMs = transport.lastReceivedMs;
    this.write(transport, [PING], PING.length);
  }

  /** Starts the close handshake. Nothing is written or read any more. */
  close(transport: Transport, code: number, reason: string): void {
    if (transport.state === 'closing') return;
    this.#leave(transport, 'closing', this.context.limits.closeTimeoutMs);
    this.context.effects.push({ type: 'close', transport: transport.transportId, code, reason });
  }

  /** The peer has started to close, or was told to by the frame codec: the end is near, or is made. */
  awaitEnd(transport: Transport): void {
    if (transport.state !== 'closing') this.#leave(transport, 'closing', this.context.limits.closeTimeoutMs);
  }

  /** Leaves the client some time to close by itself, because it would take our close for the loss of the socket. */
  awaitClose(transport: Transport, waitMs: number): void {
    this.#leave(transport, 'ending', waitMs);
  }

  /** The client takes the answer as the end of its session and closes; the relay does if it does not (P-6). */
  refuse(transport: Transport, answer: Entry): void {
    this.writeAnswers(transport, [answer]);
    this.awaitClose(transport, this.context.limits.refusedCloseMs);
    this.context.log('debug', 'transport refused');
  }

  /** The client did not answer our Close in time. */
  destroy(transport: Transport): void {
    this.context.effects.push({ type: 'destroy', transport: transport.transportId });
    this.remove(transport);
  }

  /** Loosens a transport from its session, which goes on without it. */
  detach(transport: Transport, state: SessionState): void {
    const { session } = transport;
    if (session === undefined) return;
    session.catchUp();
    transport.session = undefined;
    session.transport = undefined;
    session.enter(state, this.context.limits, this.context.nowMs);
    this.context.deadlines.schedule(session);
  }

  #leave(transport: Transport, state: 'ending' | 'closing', waitMs: number): void {
    transport.state = state;
    transport.splitter = undefined;
    transport.stateEndsAtMs = this.context.nowMs + waitMs;
    this.context.deadlines.schedule(transport);
  }
}
