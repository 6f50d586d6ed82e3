import { nodePlatform } from './adapters/node';
import { bothTransports } from './client/links';
import type { WebifiOptions } from './client/options';
import { WebifiClient } from './client/webifi';
import { WebSocketClient } from './client/websocket-client';

/** The messaging client; see {@link WebifiClient} for its members. @public */
export class Webifi extends WebifiClient {
  constructor(options: WebifiOptions = {}) {
    super(options, nodePlatform, bothTransports);
  }
}

/** {@link Webifi} without long polling, a good part smaller once a bundler has left that out. @public */
export class WebSocketWebifi extends WebSocketClient {
  constructor(options: WebifiOptions = {}) {
    super(options, nodePlatform);
  }
}

export * from './client/public';
