import { credentialsRules } from './rules/credentials';
import { deliveryRules } from './rules/delivery';
import { downloadRules } from './rules/download';
import { httpRules } from './rules/http';
import { lifetimeRules } from './rules/lifetime';
import { sizeRules } from './rules/sizes';
import { uploadRules } from './rules/upload';
import { vectorRules } from './rules/vectors';
import { webSocketRules } from './rules/websocket';
import type { StartRelay } from './relay-under-test';

/**
 * Declares the tests of every rule that binds a relay, for any relay that `start` can start. They meet it over plain
 * TCP only and share no code with it.
 */
export function protocolSuite(start: StartRelay): void {
  httpRules(start);
  credentialsRules(start);
  webSocketRules(start);
  vectorRules(start);
  lifetimeRules(start);
  deliveryRules(start);
  downloadRules(start);
  uploadRules(start);
  sizeRules(start);
}
