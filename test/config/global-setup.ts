import type { TestProject } from 'vitest/node';
import { createRelay } from '../../src/relay';
import { startFramesPeer } from './frames-peer';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the relay that serves all tests inside Chromium, such as `http://127.0.0.1:40123`. */
    relayUrl: string;
    /** Address of the WebSocket server of `frames-peer.ts`, such as `ws://127.0.0.1:40124`. */
    framesUrl: string;
  }
}

/** Starts what the tests inside Chromium talk to: they cannot start it themselves. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const relay = createRelay({ accounts: [{ connectName: 'browser', password: 'browser-password' }] });
  const { url } = await relay.listen({ host: '127.0.0.1', port: 0 });
  project.provide('relayUrl', url);
  const peer = await startFramesPeer();
  project.provide('framesUrl', peer.url);
  return async () => {
    await Promise.all([relay.close(), peer.stop()]);
  };
}
