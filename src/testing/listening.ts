import type { AddressInfo, Server } from 'node:net';

/** How often, and at what distance, a port is asked for that something else has taken meanwhile. */
const [TRIES, PAUSE_MS] = [250, 20];

/** @returns The port, once the server listens there. */
export async function listen(makeServer: () => Server, host: string, port: number): Promise<[Server, number]> {
  for (let triesLeft = TRIES; ; triesLeft--) {
    const server = makeServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      return [server, (server.address() as AddressInfo).port];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || triesLeft <= 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
