import { createHash } from 'node:crypto';
import { concat } from '../../helpers/bytes';
import { close, FrameScanner, type Role, type WireFrame } from '../frames/frame-bytes';
import type { RawPeer } from '../frames-client/raw-server';
import type { Back, Step, SuiteCase } from './case';

/** What came of one case, in the same words as {@link expectation}. */
export interface Outcome {
  back: string[];
  ends: string;
}

const DATA: Record<number, 'text' | 'binary'> = { 1: 'text', 2: 'binary' };

export function expectation({ back, ends }: SuiteCase): Outcome {
  return { back: back.map(show), ends: `${ends}, then FIN` };
}

/** Plays one case over plain TCP against the end under test, whose role is `tested`. */
export async function play(one: SuiteCase, peer: RawPeer, tested: Role): Promise<Outcome> {
  const player = new Player(peer, tested, one.back.length);
  for (const step of one.script) await player.take(step);
  if (one.ends.startsWith('answers') && one.closes !== true) {
    await player.take({ until: one.back.length });
    player.write(close(1000)(tested));
    return player.finish(true);
  }
  return player.finish(one.closes === true);
}

class Player {
  readonly #peer: RawPeer;
  readonly #tested: Role;
  /** How much is to come back; there is no waiting for an end once it is more. */
  readonly #due: number;
  readonly #scanner = new FrameScanner();
  readonly #back: Back[] = [];
  /** The message that is coming in. */
  #open: { kind: 'text' | 'binary'; parts: Uint8Array[] } | undefined = undefined;
  /** Body of the Close that came. */
  #close: Uint8Array | undefined = undefined;
  #fault: Error | undefined = undefined;
  #end: 'FIN' | 'reset' | undefined = undefined;
  #wake: () => void = () => undefined;

  constructor(peer: RawPeer, tested: Role, due: number) {
    this.#peer = peer;
    this.#tested = tested;
    this.#due = due;
    const { socket } = peer;
    peer.onBytes = (chunk) => this.#note(() => this.#read(chunk));
    socket.on('end', () => this.#note(() => (this.#end ??= 'FIN')));
    socket.on('error', () => this.#note(() => (this.#end ??= 'reset')));
    socket.on('close', () => this.#note(() => (this.#end ??= 'reset')));
    this.#note(() => this.#read(peer.received));
  }

  async take(step: Step): Promise<void> {
    if (step === 'closed') return this.#until(() => false);
    if ('until' in step) return this.#until(() => this.#back.length >= step.until);
    const frames = step.send.map((bytes) => bytes(this.#tested));
    if (step.chop === undefined) return this.write(concat(frames));
    for (const piece of step.chop === 'frames' ? frames : pieces(concat(frames), step.chop)) {
      this.write(piece);
      // The other end runs in this process: it reads this piece before the next is written.
      await new Promise(setImmediate);
    }
  }

  write(bytes: Uint8Array): void {
    this.#peer.write(bytes);
  }

  /** Waits for the other end to close TCP, and only then does so too. */
  async finish(asked: boolean): Promise<Outcome> {
    await this.#until(() => false);
    this.#peer.socket.end();
    if (this.#fault !== undefined) throw this.#fault;
    const how = asked ? 'answers' : 'fails';
    return { back: this.#back.map(show), ends: `${how} ${showClose(this.#close)}, then ${this.#end ?? 'open'}` };
  }

  async #until(isReady: () => boolean): Promise<void> {
    const isHopeless = () => this.#end !== undefined || this.#fault !== undefined || this.#back.length > this.#due;
    while (!isReady() && !isHopeless()) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #note(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#fault ??= error as Error;
    }
    this.#wake();
  }

  #read(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
    for (const one of this.#scanner.frames.splice(0)) this.#readFrame(one);
  }

  #readFrame(one: WireFrame): void {
    if (this.#close !== undefined) throw new Error(`opcode ${one.opcode} came behind the Close`);
    if (one.masked !== (this.#tested === 'client')) throw new Error(`masked: ${one.masked}`);
    if (one.rsv !== 0) throw new Error(`reserved bits ${one.rsv}`);
    if (one.opcode === 8) this.#close = one.payload;
    else if (one.opcode === 10) this.#back.push({ kind: 'pong', payload: one.payload });
    else this.#join(one);
  }

  #join({ opcode, fin, payload }: WireFrame): void {
    const kind = DATA[opcode];
    if ((kind === undefined) !== (this.#open !== undefined && opcode === 0)) {
      throw new Error(`opcode ${opcode} out of turn`);
    }
    if (kind !== undefined) this.#open = { kind, parts: [] };
    this.#open?.parts.push(payload);
    if (!fin || this.#open === undefined) return;
    this.#back.push({ kind: this.#open.kind, payload: concat(this.#open.parts) });
    this.#open = undefined;
  }
}

function* pieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** Short payloads in full, long ones by a digest. */
function show({ kind, payload }: Back): string {
  const content =
    payload.length <= 64
      ? Buffer.from(payload).toString('hex')
      : `${payload.length} bytes, ${createHash('sha256').update(payload).digest('hex')}`;
  return `${kind} ${content}`;
}

function showClose(body: Uint8Array | undefined): string {
  if (body === undefined) return 'without a Close';
  if (body.length === 0) return 'empty';
  const code = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
  return body.length === 2 ? String(code) : `${code} and ${body.length - 2} bytes more`;
}
