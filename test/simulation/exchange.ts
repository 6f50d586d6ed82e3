import type { ProtocolRoute } from '../../src/relay/events';
import type { Dice } from './dice';
import type { HttpNoise, Peer } from './peer';
import { delayOf } from './pipe';
import type { RelayHost } from './relay-host';
import type { Moment } from './timeline';
import type { World } from './world';

const NO_BYTES: Uint8Array = new Uint8Array(0);
const PORTAL = new TextEncoder().encode('<html>Accept the terms of this hotel</html>');
/** Longest time by which a box on the way delays a copy, or an answer that it collects. */
const MAX_EXTRA_MS = 20_000;
/** What is there within this time of the heal may go on. */
const SOON_MS = 2_000;

/** One request over HTTP and its answer, with everything that a network does to them. */
export class Exchange {
  readonly #sent: number[] = [];
  #isOver = false;
  /** Nothing will come: only a reset, or the patience of the peer, ends it. */
  #isHung = false;
  /** A box on the way keeps the request back. */
  #isBoxed = false;
  /** When what travels now is there. */
  #arrivesAtMs = 0;
  #reset: Moment | undefined;

  constructor(
    private readonly world: World,
    private readonly peer: Peer,
    readonly id: number,
    private readonly route: ProtocolRoute,
    private readonly body: Uint8Array,
    private readonly relay: RelayHost,
    private readonly dice: Dice,
  ) {}

  get isOpen(): boolean {
    return !this.#isOver;
  }

  begin(): void {
    const { peer, dice } = this;
    if (peer.isOffline) return this.#finishAfter(1, 0, NO_BYTES);
    if (peer.isSilent || this.#happens('requestLost')) return this.#hang();
    if (this.#happens('gatewayError')) return this.#finishAfter(this.#delay(0), 502, NO_BYTES);
    if (this.#happens('captivePortal')) return this.#finishAfter(this.#delay(0), 200, PORTAL);
    this.#send(0);
    if (this.route === 'download' && this.#happens('idleCut')) this.world.lasting(dice.between(2_000, 60_000), () => this.fail());
    if (this.#happens('duplicated')) this.#send(dice.chance(0.5) ? dice.between(0, 50) : dice.between(0, MAX_EXTRA_MS));
  }

  /** The peer gives it up. */
  letGo(): void {
    this.#isOver = true;
    this.#reset?.cancel();
    if (this.peer.isSilent) return;
    this.world.timeline.after(this.#delay(0), () => this.#abortAll());
  }

  /** The connection is reset. */
  fail(): void {
    this.#finish(0, NO_BYTES);
    this.#abortAll();
  }

  /** The network is well again: what hung, or would travel for long, breaks off. */
  heal(): void {
    const isSlow = this.#arrivesAtMs > this.world.timeline.nowMs + SOON_MS;
    if (this.#isHung || this.#isBoxed || isSlow) this.fail();
  }

  #abortAll(): void {
    for (const request of this.#sent) this.relay.abortRequest(request);
  }

  #happens(fault: keyof HttpNoise): boolean {
    if (!this.dice.chance(this.peer.noise[fault])) return false;
    this.world.counts.add(`fault http ${fault}`);
    return true;
  }

  #delay(bytes: number): number {
    return delayOf(this.peer.path, this.dice, bytes);
  }

  /** One copy of the request travels to the relay. */
  #send(extraMs: number): void {
    const { body, world, relay } = this;
    const reorderMs = this.#happens('reordered') ? this.dice.between(0, MAX_EXTRA_MS) : 0;
    const isHeldByBox = reorderMs > 0 || extraMs > 0;
    this.#isBoxed ||= reorderMs > 0 && extraMs === 0;
    const delayMs = 2 * this.#delay(0) + this.#delay(body.length) + extraMs + reorderMs;
    this.#arrivesAtMs = world.timeline.nowMs + delayMs;
    world.timeline.after(delayMs, () => {
      // What was under way when the connection ended is lost, unless a box on the way has it: that does not know.
      if (isHeldByBox ? world.isHealed : this.#isOver) return;
      this.#isBoxed = false;
      if (this.peer.isSilent) return this.#hang();
      if (!relay.isUp) return this.#finishAfter(this.#delay(0), 0, NO_BYTES);
      const request = relay.openRequest(this.route, body, this.peer.name, {
        answer: (answer) => this.#answered(answer),
        fail: () => this.#finishAfter(this.#delay(0), 0, NO_BYTES),
      });
      if (relay.requests.has(request)) this.#sent.push(request);
    });
  }

  #answered(answer: Uint8Array): void {
    const { world, peer, dice } = this;
    world.wires.answered(this.relay, this.route, peer, answer);
    if (this.#isOver) return;
    if (peer.isSilent || this.#happens('answerLost')) return this.#hang();
    const isCut = this.#happens('cut');
    const heldMs = this.#happens('buffered') ? dice.between(0, MAX_EXTRA_MS) : 0;
    const delayMs = this.#delay(answer.length) + heldMs;
    this.#arrivesAtMs = world.timeline.nowMs + delayMs;
    world.timeline.after(delayMs, () => {
      if (peer.isSilent) return this.#hang();
      // Whatever the byte at which it was cut: a platform gives no part of a body.
      if (isCut) this.#finish(0, NO_BYTES);
      else this.#finish(200, answer);
    });
  }

  #hang(): void {
    if (this.#isOver || this.#isHung) return;
    this.#isHung = true;
    if (this.world.isHealed) this.#reset = this.world.timeline.after(1, () => this.fail());
    else if (this.dice.chance(0.7)) {
      const resetMs = this.dice.chance(0.5) ? this.dice.between(0, 500) : this.dice.between(0, MAX_EXTRA_MS);
      this.#reset = this.world.timeline.after(resetMs, () => this.fail());
    }
  }

  #finishAfter(ms: number, status: number, body: Uint8Array): void {
    this.world.timeline.after(ms, () => this.#finish(status, body));
  }

  #finish(status: number, body: Uint8Array): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reset?.cancel();
    this.peer.input({ type: 'answer', id: this.id, status, body });
  }
}
