import { Agent } from 'node:https';
import nodeFetch from 'cross-fetch';
import WebSocket from 'ws';
import type { WebifiOptions } from '../../src/index';

/** Options of a client that trusts this certificate, and otherwise verifies as always. */
export function trusting(ca: string): WebifiOptions {
  const agent = new Agent({ ca, keepAlive: true });
  return {
    WebSocket: class extends WebSocket {
      constructor(url: string) {
        super(url, { ca });
      }
    },
    fetch: (url, init) => nodeFetch(url, { ...init, ...(url.startsWith('https') ? { agent } : {}) }),
  };
}
