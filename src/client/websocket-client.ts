import type { Platform } from '../core/transport';
import { webSocketOnly } from './links';
import { check, type WebifiOptions } from './options';
import { WebifiClient } from './webifi';

/** A client without long polling: its `useWebSocket` is true and stays so. @public */
export class WebSocketClient extends WebifiClient {
  /** @internal */
  constructor(options: WebifiOptions, platform: Platform) {
    checkWebSocket(options.useWebSocket ?? true);
    super(options, platform, webSocketOnly);
  }

  /** @throws TypeError for long polling, which is not here. */
  override setUseWebSocket(useWebSocket: boolean): number {
    return super.setUseWebSocket(checkWebSocket(useWebSocket));
  }
}

const checkWebSocket = (useWebSocket: boolean): boolean =>
  check(useWebSocket, useWebSocket, 'useWebSocket must be true here; long polling is in the class Webifi');
