import { nodePlatform } from './adapters/node';
import { bothTransports } from './client/links';
import type { WebifiOptions } from './client/options';
import { WebifiClient } from './client/webifi';

/** The messaging client; see {@link WebifiClient} for its members. @public */
export class Webifi extends WebifiClient {
  constructor(options: WebifiOptions = {}) {
    super(options, nodePlatform, bothTransports);
  }
}

export * from './client/public';
