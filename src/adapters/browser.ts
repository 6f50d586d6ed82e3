import fetch from 'cross-fetch';
import WebSocket from 'isomorphic-ws';
import type { Platform } from '../core/transport';
import { systemClock } from './clock';
import { poster, type FetchFunction } from './long-polling';
import { watchPage } from './page-life';
import { socketOpener, type WebSocketConstructor } from './websocket';

export const browserPlatform: Platform = {
  openSocket: socketOpener(WebSocket as unknown as WebSocketConstructor | undefined),
  post: poster(fetch as FetchFunction),
  clock: systemClock,
  defaultServer() {
    const origin = globalThis.location?.origin;
    return origin?.startsWith('http') ? origin : undefined;
  },
  watchPage,
};
