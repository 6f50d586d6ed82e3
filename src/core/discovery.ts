import type { IncomingMessage, OutgoingMessage } from './messages';

export const DISCOVERY = 'Discovery';
export const DISCOVERY_RESPONSE = 'Discovery Response';
const QUESTION = '?';

/** The request of a discovery to the given networks; with none, to the sender's own (P-95). */
export function discoveryRequest(networks: readonly string[]): OutgoingMessage {
  return { data: QUESTION, dataType: DISCOVERY, toNetworks: networks, toSessionIds: [] };
}

/** True for exactly the request that a discoverable device answers by itself (P-96). */
export function isDiscoveryRequest(message: IncomingMessage): boolean {
  return message.dataType === DISCOVERY && message.bytes.length === 1 && message.bytes[0] === QUESTION.charCodeAt(0);
}

/** The answer, to the asking session alone (P-96). */
export function discoveryResponse(request: IncomingMessage, name: string): OutgoingMessage {
  return { data: name, dataType: DISCOVERY_RESPONSE, toNetworks: [], toSessionIds: [request.from] };
}
