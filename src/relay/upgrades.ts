import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DeflateTuning } from '../frames/deflate-options';
import { type AcceptUpgradeResult, acceptUpgrade } from '../frames/handshake';
import { createCompression } from '../frames/node/deflate';
import { RELAY_DEFLATE, WriteDeflater } from './compression';
import { type ConnectionGuard, guardErrors } from './connection-guard';
import type { RelayDriver } from './driver';
import type { HttpEdge } from './http-edge';
import type { RelayLimits } from './limits';
import { type FrameSettings, frameSettings, SocketTransport } from './socket-transport';

export interface UpgradesOptions {
  readonly driver: RelayDriver;
  readonly guard: ConnectionGuard;
  readonly edge: HttpEdge;
  readonly limits: RelayLimits;
  /** How to compress; `undefined` when nothing is compressed. */
  readonly deflate: DeflateTuning | undefined;
}

type AcceptedUpgrade = Extract<AcceptUpgradeResult, { ok: true }>;

interface UpgradeRefusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: readonly (readonly [string, string])[];
}

/** Upgrade requests: the same route and judgement as any request, then the handshake of RFC 6455. */
export class Upgrades {
  readonly #deflater: WriteDeflater | undefined;
  readonly #frames: FrameSettings;

  constructor(private readonly options: UpgradesOptions) {
    this.#frames = frameSettings(options.limits);
    this.#deflater = options.deflate && new WriteDeflater(options.deflate);
  }

  handle(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    guardErrors(socket);
    const { driver, edge, guard } = this.options;
    const route = edge.routeOf(request);
    if (!(socket instanceof Socket) || !guard.admit(socket)) return void socket.destroy();
    if (route.type !== 'websocket') return refuse(socket, { status: 404, message: 'Not found.' });
    const refusal = edge.judge(request, route);
    if (refusal !== undefined) return refuse(socket, refusal);
    if (driver.core.isDraining || driver.isRestoring)
      return refuse(socket, { status: 503, message: 'This relay is starting or shutting down.' });
    const deflate = this.options.deflate && RELAY_DEFLATE;
    const result = acceptUpgrade(describeUpgrade(request), { deflate });
    if (result.ok) this.#open(socket, head, result);
    else refuse(socket, result);
  }

  #open(socket: Socket, head: Uint8Array, { responseHeaders, deflate: agreed }: AcceptedUpgrade): void {
    const { driver, guard, limits, deflate } = this.options;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.write(responseHead(101, responseHeaders));
    const transport = new SocketTransport({
      driver,
      socket,
      limits,
      frames: this.#frames,
      guard,
      compression: agreed && deflate && createCompression(agreed, 'server', deflate),
      deflater: agreed && this.#deflater?.suits(agreed) === true ? this.#deflater : undefined,
    });
    if (head.length > 0) transport.receive(head);
  }
}

function describeUpgrade({
  method = '',
  httpVersion,
  rawHeaders,
}: IncomingMessage): Parameters<typeof acceptUpgrade>[0] {
  const headers: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return { method, httpVersion, headers };
}

function refuse(
  socket: Socket,
  { status, message, headers = [['Connection', 'close']] }: UpgradeRefusal,
): void {
  const body = `${message}\n`;
  const type: [string, string][] = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(Buffer.byteLength(body))],
  ];
  socket.end(responseHead(status, [...headers, ...type]) + body);
  socket.destroySoon();
}

function responseHead(status: number, headers: readonly (readonly [string, string])[]): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`;
}
