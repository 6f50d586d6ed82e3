import { FrameDecoder } from '../../src/frames/decoder';
import { Opcode } from '../../src/frames/header';
import type { Dice } from './dice';
import type { Peer } from './peer';
import { Pipe } from './pipe';
import type { RelayHost, TransportSink } from './relay-host';
import { Violation } from './record';
import type { World } from './world';

const CLIENT_RULES = { masked: false, strictLength: true, maxFrameSize: 64 * 1024 * 1024, rsv1: false };
const MAX_CHUNKS = 1024;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** A WebSocket between a peer and a relay, over two pipes that may be cut. */
export class SocketWire implements TransportSink {
  readonly #up: Pipe;
  readonly #down: Pipe;
  readonly #decoder = new FrameDecoder(CLIENT_RULES, MAX_CHUNKS);
  readonly #pending: Uint8Array[] = [];
  transport: number | undefined;
  #isBlocked = false;
  /** The peer listens no more. */
  #isLetGo = false;
  #isPeerDone = false;
  #hasClosed = false;
  /** Dead without a sign, as after a change of address: other connections are well. */
  #isDead = false;

  constructor(
    private readonly world: World,
    private readonly peer: Peer,
    readonly id: number,
    private readonly relay: RelayHost,
    dice: Dice,
  ) {
    const { timeline } = world;
    const { path } = peer;
    this.#up = new Pipe({
      timeline,
      dice,
      path,
      isHeld: () => peer.isSilent,
      onBytes: (bytes) => this.#toRelay(bytes),
      onEnd: () => this.#relayLosesPeer(),
    });
    this.#down = new Pipe({
      timeline,
      dice,
      path,
      isHeld: () => this.#isDead || peer.isSilent || !peer.isReading,
      onBytes: (bytes) => this.#toPeer(bytes),
      onEnd: ({ isBroken, code, reason }) => this.#peerLosesRelay(isBroken, code, reason),
    });
  }

  get isOpen(): boolean {
    return this.transport !== undefined && !this.#isPeerDone;
  }

  /** The upgrade has come through. */
  accept(): void {
    if (this.#isLetGo) return;
    this.transport = this.relay.openTransport(this);
    // The answer to the upgrade goes ahead of all frames.
    this.#down.write(NO_BYTES);
  }

  /** Bytes of one frame from the peer. */
  transmit(bytes: Uint8Array): void {
    this.#up.write(bytes);
  }

  /** The peer closes and listens no more. */
  letGo(): void {
    this.#isLetGo = this.#isPeerDone = true;
    this.#up.end(1000, '');
  }

  /** The network breaks: both ends lose a part of what is under way. */
  cut(): void {
    this.#up.cut();
    this.#down.cut();
  }

  /** Dies, and neither end learns of it. */
  die(): void {
    this.#isDead = true;
    this.#up.lose();
  }

  /** The network is well: what is dead is known to be. */
  heal(): void {
    if (this.#isDead) {
      this.#isDead = false;
      this.cut();
    } else this.#hurry();
  }

  pump(): void {
    this.#up.pump();
    this.#down.pump();
  }

  #hurry(): void {
    this.#up.hurry();
    this.#down.hurry();
  }

  /** @internal */
  write(chunks: readonly Uint8Array[]): void {
    if (this.#hasClosed) throw new Violation('relay', 'a write after the close');
    for (const chunk of chunks) this.#down.write(chunk);
    this.world.wires.written(this.relay, this.transport!, this.peer, chunks);
    if (this.#isBlocked || this.#down.buffered < this.relay.plan.socketBuffer) return;
    this.#isBlocked = true;
    this.world.counts.add('fault full socket');
    this.relay.input({ type: 'blocked', transport: this.transport! });
  }

  /** @internal */
  close(code: number, reason: string): void {
    if (this.#hasClosed) throw new Violation('relay', 'a second close');
    this.#hasClosed = true;
    this.peer.closedByRelay(code);
    this.#down.end(code, reason);
  }

  /** The relay's end is gone at once. @internal */
  destroy(): void {
    this.#up.drop();
    this.#down.cut();
  }

  /** Nothing stands for the answer to a ping: only the relay's frame codec sees it. */
  #toRelay(bytes: Uint8Array): void {
    const { transport } = this;
    if (transport === undefined || !this.relay.sinks.has(transport)) return;
    if (this.#hasClosed || bytes.length === 0) this.relay.input({ type: 'alive', transport });
    else this.relay.receive(transport, bytes);
  }

  #relayLosesPeer(): void {
    const { transport } = this;
    if (transport === undefined || !this.relay.sinks.has(transport)) return;
    this.relay.input({ type: 'lost', transport });
    this.world.timeline.after(0.1, () => this.relay.closeTransport(transport));
  }

  #toPeer(bytes: Uint8Array): void {
    if (this.#isBlocked && this.#down.buffered <= this.relay.plan.socketBuffer / 2) {
      this.#isBlocked = false;
      if (this.relay.sinks.has(this.transport!)) this.relay.input({ type: 'drained', transport: this.transport! });
    }
    if (this.#isLetGo) return;
    if (bytes.length === 0) return this.peer.input({ type: 'opened', id: this.id });
    this.#decoder.push(bytes);
    while (this.#decoder.next()) this.#takePiece();
  }

  #takePiece(): void {
    const { header, bytes, start, end, missing } = this.#decoder;
    if (header.opcode === Opcode.PING) {
      this.world.counts.add('ping');
      return this.#up.write(NO_BYTES);
    }
    if (header.opcode !== Opcode.BINARY || !header.fin) throw new Violation('P-1', 'a frame that is not BINARY');
    if (end > start) this.#pending.push(bytes.slice(start, end));
    if (missing > 0) return;
    const pieces = this.#pending.splice(0);
    const message = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    this.peer.input({ type: 'bytes', id: this.id, bytes: message });
  }

  #peerLosesRelay(isBroken: boolean, code: number, reason: string): void {
    if (this.transport !== undefined && !isBroken) this.#up.end(code, '');
    if (this.#isPeerDone) return;
    this.#isPeerDone = true;
    this.peer.input({ type: 'closed', id: this.id, code, reason });
  }

  /** The peer learns that there is no connection, and never was or is no more. */
  fail(): void {
    if (this.transport !== undefined) return this.cut();
    this.#peerLosesRelay(true, 1006, '');
    this.#isLetGo = true;
  }
}
