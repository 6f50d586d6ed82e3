import { Webifi, type WebifiOptions } from '../../../src/index';
import { createRelay } from '../../../src/relay';
import type { Arena, Party, PartyEvents, Peer } from '../peer';

export const ACCOUNT = { connectName: 'lab', connectPassword: 'only for the lab' };
const NETWORK = 'lab';

/** A device of the lab's account, listening to the lab's network. */
export function makeDevice(port: number, options: WebifiOptions = {}): Webifi {
  return new Webifi({ server: `http://127.0.0.1:${port}`, ...ACCOUNT, networkNames: [NETWORK], ...options });
}

export async function connectDevice(device: Webifi, events: PartyEvents): Promise<Party> {
  device.on('message', ({ data }) => events.message(data));
  device.on('status', ({ to }) => events.status(to === 'connected'));
  device.on('gap', ({ count = Infinity }) => events.gap(count));
  device.start();
  await device.ready();
  return { send: (text) => device.send(text), close: () => device.close() };
}

export async function startRelay(): Promise<{ port: number; stop: () => Promise<void> }> {
  const { connectName, connectPassword: password } = ACCOUNT;
  const relay = createRelay({ accounts: [{ connectName, password }] });
  const { port } = await relay.listen({ host: '127.0.0.1', port: 0 });
  return { port, stop: () => relay.close({ drainMs: 0 }) };
}

export function webifi(name: string, options: WebifiOptions): Peer {
  return {
    name,
    packages: ['webifi'],
    acknowledges: true,
    async start(): Promise<Arena> {
      const relay = await startRelay();
      const connect: Arena['connect'] = (device, port, events) =>
        connectDevice(makeDevice(port, { name: device, ...options }), events);
      return { ...relay, connect };
    },
  };
}

export const peers: readonly Peer[] = [
  webifi('webifi', {}),
  webifi('webifi, long polling', { useWebSocket: false }),
];
