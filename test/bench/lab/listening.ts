import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** @returns The port, on 127.0.0.1, that the server listens on from now on. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
