import type { MakeLinks } from '../core/link';
import { PollingLink } from '../core/polling-link';
import { SocketLink } from '../core/socket-link';

/** Both transports, WebSocket and long polling. */
export const bothTransports: MakeLinks = (...host) => {
  const socketLink = new SocketLink(...host);
  const pollingLink = new PollingLink(...host);
  return (useWebSocket) => (useWebSocket ? socketLink : pollingLink);
};

/** WebSocket alone. What names only this leaves long polling out of a bundle. */
export const webSocketOnly: MakeLinks = (...host) => {
  const link = new SocketLink(...host);
  return () => link;
};
