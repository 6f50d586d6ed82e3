import { createHash } from 'node:crypto';
import { concat } from '../../helpers/bytes';
import { close, FrameScanner, type Role, type WireFrame } from '../frames/frame-bytes';
import type { RawPeer } from '../frames-client/raw-server';
import { fragments, type Back, type Step, type SuiteCase } from './case';
import { PeerDeflate } from './peer-deflate';

/** What came of one case, in the same words as {@link expectation}. */
export interface Outcome {
  back: string[];
  ends: string;
  /** Whether messages came compressed, and in fewer bytes where that is to be. */
  wire: 'plain' | 'compressed' | 'less' | 'not less';
}

const RSV1 = 4;
/** The part of a message that may be left of it. */
const MOST = 0.9;
const DATA: Record<number, 'text' | 'binary'> = { 1: 'text', 2: 'binary' };

export function expectation({ back, ends, deflate, shrinks = false }: SuiteCase): Outcome {
  const wire = deflate === undefined ? 'plain' : shrinks ? 'less' : 'compressed';
  return { back: back.map(show), ends: `${ends}, then FIN`, wire };
}

/** Plays one case over plain TCP against the end under test, whose role is `tested`. */
export async function play(one: SuiteCase, peer: RawPeer, tested: Role): Promise<Outcome> {
  const player = new Player(peer, tested, one);
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
  readonly #case: SuiteCase;
  readonly #deflate: PeerDeflate | undefined;
  readonly #scanner = new FrameScanner();
  readonly #back: Back[] = [];
  /** The message that is coming in. */
  #open: { kind: 'text' | 'binary'; parts: Uint8Array[] } | undefined = undefined;
  /** Bytes of all messages: on the wire, and restored. */
  #wireBytes = 0;
  #messageBytes = 0;
  /** Body of the Close that came. */
  #close: Uint8Array | undefined = undefined;
  #fault: Error | undefined = undefined;
  #end: 'FIN' | 'reset' | undefined = undefined;
  #wake: () => void = () => undefined;

  constructor(peer: RawPeer, tested: Role, one: SuiteCase) {
    this.#peer = peer;
    this.#tested = tested;
    this.#case = one;
    this.#deflate = one.deflate && new PeerDeflate(one.deflate);
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
    if ('compress' in step) return this.write(this.#compressed(step));
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
    const ends = `${how} ${showClose(this.#close)}, then ${this.#end ?? 'open'}`;
    return { back: this.#back.map(show), ends, wire: this.#judgeWire() };
  }

  #compressed({ compress, opcode, fragment = Infinity }: Extract<Step, { compress: unknown }>): Uint8Array {
    const payload = this.#deflate?.compress(compress) ?? compress;
    const frames = fragments(opcode, payload, Math.min(fragment, payload.length), { rsv: RSV1 });
    return concat(Array.from(frames, (bytes) => bytes(this.#tested)));
  }

  #judgeWire(): Outcome['wire'] {
    if (this.#deflate === undefined) return 'plain';
    if (this.#case.shrinks !== true) return 'compressed';
    return this.#wireBytes < this.#messageBytes * MOST ? 'less' : 'not less';
  }

  async #until(isReady: () => boolean): Promise<void> {
    while (!isReady() && !this.#isOver()) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** There is no waiting for an end once more has come back than is due. */
  #isOver(): boolean {
    return this.#end !== undefined || this.#fault !== undefined || this.#back.length > this.#case.back.length;
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
    const isCompressed = this.#deflate !== undefined && DATA[one.opcode] !== undefined;
    if (one.rsv !== (isCompressed ? RSV1 : 0)) throw new Error(`reserved bits ${one.rsv}`);
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
    const whole = concat(this.#open.parts);
    const message = this.#deflate?.restore(whole) ?? whole;
    this.#wireBytes += whole.length;
    this.#messageBytes += message.length;
    this.#back.push({ kind: this.#open.kind, payload: message });
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
