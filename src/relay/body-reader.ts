import type { IncomingMessage } from 'node:http';
import type { BodyFault } from './events';
import type { RelayLimits } from './limits';

/** A body that was read to its end, or what stands in for it. */
export interface ReadBody {
  /** With a fault: its beginning. */
  readonly bytes: Uint8Array;
  readonly fault: BodyFault | undefined;
}

export interface BodyRules {
  readonly limits: RelayLimits;
  /** Whether a body that begins like this may grow above the limit for strangers. */
  allowsLarge(start: Uint8Array): boolean;
}

/** Bytes of bodies that are being read, on all connections of one relay. */
export class BodyBudget {
  bytes = 0;
}

/** A body in many small pieces is joined now and then: each piece costs more than its bytes. */
const MAX_PIECES = 1_024;

/** Reads one request body with all its limits (SEC-13): what is above them is counted and dropped, up to a point. */
export class BodyReader {
  #chunks: Buffer[] = [];
  #kept = 0;
  #total = 0;
  #fault: BodyFault | undefined;
  #isKnown = false;

  constructor(
    private readonly rules: BodyRules,
    private readonly budget: BodyBudget,
  ) {}

  /**
   * @param onEnd - Called once, when the body is complete. Never when the connection ends before.
   * @param onFlood - Called when even dropping has reached its limit.
   */
  read(request: IncomingMessage, onEnd: (body: ReadBody) => void, onFlood: () => void): void {
    request.on('data', (chunk: Buffer) => {
      this.#total += chunk.length;
      if (
        this.#total > this.rules.limits.maxDiscardedSize &&
        this.#total > this.rules.limits.maxTransmissionSize
      ) {
        return onFlood();
      }
      this.#take(chunk);
    });
    request.once('end', () => {
      onEnd({ bytes: joinPieces(this.#chunks), fault: this.#fault });
      this.#forget();
    });
    request.once('close', () => this.#forget());
  }

  #take(chunk: Buffer): void {
    if (this.#fault !== undefined) return;
    const { limits } = this.rules;
    this.#chunks.push(chunk);
    if (this.#chunks.length > MAX_PIECES) this.#chunks = [Buffer.concat(this.#chunks)];
    this.#kept += chunk.length;
    this.budget.bytes += chunk.length;
    if (this.#kept > limits.maxAnonymousSize && !this.#isKnown) {
      this.#isKnown = this.rules.allowsLarge(this.#start());
      if (!this.#isKnown) this.#cut('anonymous');
    }
    if (this.#kept > limits.maxTransmissionSize || this.budget.bytes > limits.maxHeldInput)
      this.#cut('too-large');
  }

  /** Keeps the beginning only. */
  #cut(fault: BodyFault): void {
    this.#fault ??= fault;
    const start = this.#start();
    this.#forget();
    this.#chunks = [Buffer.from(start)];
  }

  #start(): Uint8Array {
    return joinPieces(this.#chunks).subarray(0, this.rules.limits.maxAnonymousSize);
  }

  #forget(): void {
    this.budget.bytes -= this.#kept;
    this.#kept = 0;
    this.#chunks = [];
  }
}

function joinPieces(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
}
