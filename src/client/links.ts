import type { Link, LinkHost } from '../core/link';
import { PollingLink, type PollingMemory } from '../core/polling-link';
import type { SessionSettings } from '../core/session';
import { SocketLink } from '../core/socket-link';

/** A link over the transport that the settings choose. */
export function eitherLink(host: LinkHost, settings: SessionSettings, memory: PollingMemory): Link {
  return settings.useWebSocket ? new SocketLink(host) : new PollingLink(host, memory, settings.downloadTimeout);
}
