import fetch from 'cross-fetch';
import WebSocket from 'isomorphic-ws';
import type { Platform } from '../core/transport';
import { systemClock } from './clock';
import { poster } from './long-polling';
import { isHidden, watchPage } from './page-life';
import { socketOpener } from './websocket';

export const browserPlatform: Platform = {
  openSocket: socketOpener(WebSocket),
  post: poster(fetch),
  clock: systemClock,
  defaultServer() {
    const origin = globalThis.location?.origin;
    return origin?.startsWith('http') ? origin : undefined;
  },
  watchPage,
  isHidden,
};
