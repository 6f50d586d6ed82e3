import type { TestProject } from 'vitest/node';
import { createRelay } from '../../src/relay';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the relay that serves all tests inside Chromium, such as `http://127.0.0.1:40123`. */
    relayUrl: string;
  }
}

/** Starts one relay for the tests inside Chromium, which cannot start one themselves. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const relay = createRelay({ accounts: [{ connectName: 'browser', password: 'browser-password' }] });
  const { url } = await relay.listen({ host: '127.0.0.1', port: 0 });
  project.provide('relayUrl', url);
  return () => relay.close();
}
