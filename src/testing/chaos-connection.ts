import type { Socket } from 'node:net';
import { Flow, type FlowMode, type LineFaults } from './flow';

/** `up` is from the client to the target, `down` the way back. @public */
export type Direction = 'up' | 'down';

/** How a connection ends: with RST to both sides, or with FIN. @public */
export type CutHow = 'reset' | 'end';

/** What is wrong with a connection from its beginning. @public */
export interface ConnectionFaults {
  up?: LineFaults;
  down?: LineFaults;
  /** The connection is cut this long after its beginning, in milliseconds. @defaultValue never */
  lifetimeMs?: number;
  /** The connection is cut when no byte has come for so long. @defaultValue never */
  idleMs?: number;
  /** How these two cut. @defaultValue 'reset' */
  cutHow?: CutHow;
}

export interface ConnectionHost {
  readonly random: () => number;
  cutWithin(direction: Direction, length: number): number | undefined;
  /** As many bytes as asked for have gone: every connection is to be cut. */
  onCut(): void;
  onBytes(direction: Direction, length: number): void;
  onTimeCut(): void;
}

/** A client, the target, and two flows between them. */
export class ChaosConnection {
  readonly #flows: Readonly<Record<Direction, Flow>>;
  readonly #lifetime: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: Socket,
    private readonly target: Socket,
    private readonly faults: ConnectionFaults,
    private readonly host: ConnectionHost,
  ) {
    this.#flows = { up: this.#flow('up', client, target), down: this.#flow('down', target, client) };
    this.#follow(client, target, this.#flows.up);
    this.#follow(target, client, this.#flows.down);
    const { lifetimeMs } = faults;
    if (lifetimeMs !== undefined) this.#lifetime = setTimeout(() => this.#timeUp(), lifetimeMs);
    this.#restartIdle();
  }

  get isClosed(): boolean {
    return this.client.destroyed && this.target.destroyed;
  }

  /** Bytes that were read and lost. */
  get swallowed(): number {
    return this.#flows.up.swallowed + this.#flows.down.swallowed;
  }

  set(mode: FlowMode, directions: readonly Direction[]): void {
    for (const direction of directions) this.#flows[direction].set(mode);
  }

  /** One side is told that no more comes; the other direction goes on. */
  halfClose(direction: Direction): void {
    this.#flows[direction].finish();
  }

  cut(how: CutHow): void {
    for (const flow of Object.values(this.#flows)) flow.stop();
    for (const socket of [this.client, this.target]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroySoon();
    }
    this.#stopTimers();
  }

  #flow(direction: Direction, from: Socket, to: Socket): Flow {
    const { faults, host } = this;
    return new Flow(from, to, {
      faults: faults[direction] ?? {},
      random: host.random,
      cutWithin: (length) => host.cutWithin(direction, length),
      onCut: () => host.onCut(),
      onBytes: (length) => {
        this.#restartIdle();
        host.onBytes(direction, length);
      },
    });
  }

  /** What happens to one side happens to the other, unless the line between them is dead. */
  #follow(socket: Socket, other: Socket, flow: Flow): void {
    // An error is followed by `close`, which says that there was one.
    socket.on('error', () => undefined);
    socket.on('close', (hadError) => {
      if (this.isClosed) this.#stopTimers();
      if (!hadError || flow.isSwallowing) return;
      flow.stop();
      other.resetAndDestroy();
    });
  }

  #restartIdle(): void {
    const { idleMs } = this.faults;
    if (idleMs === undefined || this.isClosed) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#timeUp(), idleMs);
  }

  #timeUp(): void {
    this.host.onTimeCut();
    this.cut(this.faults.cutHow ?? 'reset');
  }

  #stopTimers(): void {
    clearTimeout(this.#lifetime);
    clearTimeout(this.#idle);
  }
}
