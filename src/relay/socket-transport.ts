import type { Socket } from 'node:net';
import type { Compression } from '../frames/compression';
import { Connection, type ConnectionEvent, type ConnectionOptions, resolveRules } from '../frames/connection';
import { viewOf } from '../frames/payload-buffer';
import { CloseCode } from './close-codes';
import { LimitedInflater, type WriteDeflater } from './compression';
import { type ConnectionGuard, guardErrors } from './connection-guard';
import type { RelayDriver, TransportSink } from './driver';
import type { RelayLimits } from './limits';

/** Control frames that we owe to a peer who does not read; above it the connection is given up. */
const MAX_BLOCKED_CONTROL = 65_536;
/** From here on a socket counts as full. Below, a write may just be on its way, as every one does under TLS. */
const BLOCKED_FROM = 131_072;
/** A full socket takes more again once no more than this waits. */
const DRAINED_AT = 65_536;
/** What the connections of one relay have in common; each would have its own copy otherwise. */
export type FrameSettings = ReturnType<typeof frameSettings>;

export function frameSettings({ maxTransmissionSize, maxFragments }: RelayLimits) {
  const options: ConnectionOptions = {
    role: 'server',
    // Older peers send raw bytes in text frames (P-2).
    validateUtf8: false,
    deliver: 'pieces',
    limits: { maxFrameSize: maxTransmissionSize, maxMessageSize: maxTransmissionSize, maxFragments },
  };
  return { options, rules: resolveRules(options) };
}

export interface SocketTransportOptions {
  readonly driver: RelayDriver;
  readonly socket: Socket;
  readonly limits: RelayLimits;
  readonly frames: FrameSettings;
  /** Told once a valid device id was shown. */
  readonly guard: ConnectionGuard;
  /** What was agreed with the client, if anything. */
  readonly compression?: Compression | undefined;
  /** Compresses what is written, if the client can read it. */
  readonly deflater?: WriteDeflater | undefined;
}

/** Where a socket has its transport: the same listeners serve all sockets, none has closures of its own. */
const TRANSPORT = Symbol('transport');

interface UpgradedSocket extends Socket {
  [TRANSPORT]?: SocketTransport;
}

function onData(this: UpgradedSocket, chunk: Uint8Array): void {
  this[TRANSPORT]?.receive(chunk);
}

function onEnd(this: UpgradedSocket): void {
  this[TRANSPORT]?.receiveEnd();
}

function onClose(this: UpgradedSocket): void {
  this[TRANSPORT]?.forget();
}

/** One upgraded socket: RFC 6455 frames between it and the core. */
export class SocketTransport implements TransportSink {
  readonly #driver: RelayDriver;
  readonly #socket: Socket;
  readonly #limits: RelayLimits;
  readonly #guard: ConnectionGuard;
  readonly #connection: Connection;
  readonly #deflater: WriteDeflater | undefined;
  readonly #inflates: boolean;
  readonly #transport: number;
  #isBlocked = false;
  #isAttached = false;
  #isLost = false;
  #discardedBytes = 0;
  #blockedControl = 0;
  #anonymousBytes = 0;

  constructor({ driver, socket, limits, frames, guard, compression, deflater }: SocketTransportOptions) {
    this.#driver = driver;
    this.#socket = socket;
    this.#limits = limits;
    this.#guard = guard;
    this.#deflater = deflater;
    this.#inflates = compression !== undefined;
    this.#connection =
      compression === undefined
        ? new Connection(frames.options, frames.rules)
        : new Connection({ ...frames.options, compression: this.#withLimit(compression) });
    this.#transport = driver.openTransport(this);
    const upgraded = socket as UpgradedSocket;
    upgraded[TRANSPORT] = this;
    upgraded.on('data', onData).on('end', onEnd).on('close', onClose);
    guardErrors(socket);
  }

  /** Takes bytes of the socket, cut anywhere. */
  receive(chunk: Uint8Array): void {
    if (this.#connection.state === 'closed') return this.#discard(chunk.length);
    this.#driver.feed({ type: 'alive', transport: this.#transport });
    this.#connection.receive(viewOf(chunk, 0, chunk.length));
    this.#handleEvents();
    this.#driver.pump();
    this.#checkAnonymous(chunk.length);
  }

  /** The peer sends nothing any more. */
  receiveEnd(): void {
    this.#connection.receiveEnd();
    this.#handleEvents();
    this.#driver.pump();
  }

  /** The connection is gone. */
  forget(): void {
    this.#driver.closeTransport(this.#transport);
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#connection.state !== 'open') return;
    this.#writeChunks(this.#deflater === undefined ? chunks : this.#deflater.deflate(chunks));
  }

  close(code: number, reason: string): void {
    if (this.#connection.sendClose(code, reason)) this.#handleEvents();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  markAttached(): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    this.#guard.prove(this.#socket);
  }

  #handleEvents(): void {
    for (let event = this.#connection.poll(); event !== undefined; event = this.#connection.poll()) {
      this.#handle(event);
    }
  }

  #handle(event: ConnectionEvent): void {
    switch (event.type) {
      case 'piece':
        this.#driver.receive(this.#transport, event.bytes, event.start, event.end);
        // The next frame of a client that has logged in with this one may restore to more.
        if (this.#inflates && !this.#isAttached) this.#driver.pump();
        return undefined;
      case 'transmit':
        return this.#transmit(event.chunks);
      case 'close':
      case 'fail':
        return this.#lose();
      case 'end':
        return this.#end(event.clean);
      default:
        return undefined;
    }
  }

  /** Frames of the connection itself: Pong and Close. */
  #transmit(chunks: readonly Uint8Array[]): void {
    this.#writeChunks(chunks);
    if (!this.#isBlocked) return;
    for (const chunk of chunks) this.#blockedControl += chunk.length;
    if (this.#blockedControl > MAX_BLOCKED_CONTROL) this.#socket.destroy();
  }

  /** One system call, however many chunks. */
  #writeChunks(chunks: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) return;
    const isBehind = socket.writableLength > 0;
    if (chunks.length > 1) socket.cork();
    // Only who is behind, or gets very much at once, can become full: nobody else has to tell when all is written.
    const onWritten = isBehind || lengthOf(chunks) >= BLOCKED_FROM ? this.#onWritten : undefined;
    for (const chunk of chunks) socket.write(isBehind ? ownBytes(chunk) : chunk, onWritten);
    if (chunks.length > 1) socket.uncork();
    if (this.#isBlocked || socket.writableLength < BLOCKED_FROM) return;
    this.#isBlocked = true;
    this.#driver.input({ type: 'blocked', transport: this.#transport });
  }

  readonly #onWritten = (): void => {
    if (!this.#isBlocked || this.#socket.writableLength > DRAINED_AT) return;
    this.#isBlocked = false;
    this.#blockedControl = 0;
    this.#driver.input({ type: 'drained', transport: this.#transport });
  };

  /** Strangers get little room, whatever frames their bytes are in. */
  #checkAnonymous(length: number): void {
    if (this.#isAttached || this.#isLost) return;
    this.#anonymousBytes += length;
    if (this.#anonymousBytes <= 2 * this.#limits.maxAnonymousSize) return;
    this.close(CloseCode.TOO_LARGE, 'too much before authentication');
    this.#lose();
  }

  /** Also for what few bytes restore to. */
  #withLimit(compression: Compression): Compression {
    const room = (): number | undefined => (this.#isAttached ? undefined : this.#limits.maxAnonymousSize);
    return { ...compression, inflater: new LimitedInflater(compression.inflater, room) };
  }

  /** The session goes on without this connection, which has only to come to its end. */
  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#driver.input({ type: 'lost', transport: this.#transport });
  }

  #end(isClean: boolean): void {
    this.#lose();
    if (isClean) this.#socket.destroySoon();
    // What the peer is still sending is read and dropped: closed with unread bytes, the socket would lose our Close.
    else this.#socket.end();
  }

  #discard(length: number): void {
    this.#discardedBytes += length;
    if (this.#discardedBytes > this.#limits.maxDiscardedSize) this.#socket.destroy();
  }
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}

/** What is a small part of shared memory, as a copy: a socket that is not read would keep all of it. */
function ownBytes(chunk: Uint8Array): Uint8Array {
  if (chunk.buffer.byteLength <= 2 * chunk.length) return chunk;
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  copy.set(chunk);
  return copy;
}
