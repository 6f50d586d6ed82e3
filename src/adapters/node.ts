import fetch from 'cross-fetch';
import WebSocket from 'isomorphic-ws';
import type { Platform } from '../core/transport';
import { systemClock } from './clock';
import { poster } from './long-polling';
import { socketOpener } from './websocket';

/** Where `webifi relay` listens when nothing else is said. */
const LOCAL_RELAY = 'http://127.0.0.1:9324';

export const nodePlatform: Platform = {
  openSocket: socketOpener(WebSocket),
  post: poster(fetch),
  clock: systemClock,
  defaultServer: () => LOCAL_RELAY,
  watchPage: () => () => undefined,
  isHidden: () => false,
};
