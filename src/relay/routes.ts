import type { PageFile } from './edge-options';
import type { ProtocolRoute } from './events';

/** What a request is for. */
export type Route =
  | { readonly type: 'protocol'; readonly route: ProtocolRoute }
  | { readonly type: 'preflight' | 'health' | 'ready' | 'metrics' | 'websocket' }
  | { readonly type: 'page'; readonly file: PageFile }
  | { readonly type: 'none' };

export const WEBSOCKET_PATH = '/api/WebSocket';

/** The four paths of the protocol (P-40). A Map: the path comes from the network. */
const PROTOCOL_PATHS: ReadonlyMap<string, ProtocolRoute> = new Map([
  ['/', 'login'],
  ['/Upload', 'upload'],
  ['/Download', 'download'],
  ['/CancelDownload', 'cancel'],
]);

const OPERATION_PATHS: ReadonlyMap<string, 'health' | 'ready' | 'metrics'> = new Map([
  ['/healthz', 'health'],
  ['/readyz', 'ready'],
  ['/metrics', 'metrics'],
]);

/**
 * Finds what a request is for. The target is compared once, byte for byte, and everything after goes by the result; no
 * other spelling of a path means the same (P-40, SEC-22).
 */
export function findRoute(method: string, target: string, page: ReadonlyMap<string, PageFile>): Route {
  const protocolRoute = PROTOCOL_PATHS.get(target);
  if (protocolRoute !== undefined && method === 'POST') return { type: 'protocol', route: protocolRoute };
  if (protocolRoute !== undefined && method === 'OPTIONS') return { type: 'preflight' };
  if (method !== 'GET' && method !== 'HEAD') return { type: 'none' };
  const operation = OPERATION_PATHS.get(target);
  if (operation !== undefined) return { type: operation };
  if (target === WEBSOCKET_PATH) return { type: 'websocket' };
  const file = page.get(target);
  return file === undefined ? { type: 'none' } : { type: 'page', file };
}
