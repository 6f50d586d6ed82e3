import type { RelayCounters } from './counters';
import type { RelayDriver } from './driver';
import { Metrics } from './metrics';
import type { RelayLevels } from './relay-core';

const COUNTERS: Readonly<Record<keyof RelayCounters, readonly [name: string, help: string]>> = {
  messagesReceived: ['webifi_messages_received_total', 'Messages taken from clients.'],
  messagesRepeated: ['webifi_messages_repeated_total', 'Numbered messages that came again and were passed over.'],
  messagesEncoded: ['webifi_messages_encoded_total', 'Messages encoded for delivery, once each.'],
  messagesDelivered: [
    'webifi_messages_delivered_total',
    'Messages handed to sockets and downloads, per recipient.',
  ],
  messagesDropped: [
    'webifi_messages_dropped_total',
    'Messages not taken because a queue was full, per recipient.',
  ],
  payloadDecodes: ['webifi_payload_decodes_total', 'Payloads decoded by the relay; 0 is right.'],
  payloadBytesCopied: ['webifi_payload_copied_bytes_total', 'Bytes of payload copied while encoding.'],
  framesBuilt: ['webifi_frames_built_total', 'WebSocket frames built for deliveries and answers.'],
  socketWrites: ['webifi_socket_writes_total', 'Writes to WebSockets.'],
  socketBytes: ['webifi_socket_written_bytes_total', 'Bytes written to WebSockets, before compression.'],
  downloadsAnswered: ['webifi_downloads_answered_total', 'Downloads answered with data.'],
  uploads: ['webifi_uploads_total', 'Uploads taken.'],
  uploadsRepeated: ['webifi_uploads_repeated_total', 'Uploads that were repetitions.'],
  logins: ['webifi_logins_total', 'Logins that gave a session.'],
  loginsRefused: ['webifi_logins_refused_total', 'Logins that were refused.'],
  sessionsResumed: ['webifi_sessions_resumed_total', 'Transports that took up a session where one broke off.'],
  sessionsRenewed: ['webifi_sessions_renewed_total', 'Sessions that took the place of lost ones without a login.'],
  sessionsExpired: ['webifi_sessions_expired_total', 'Sessions that expired.'],
  sessionsEvicted: ['webifi_sessions_evicted_total', 'Sessions ended because memory was short.'],
  slowConsumersClosed: ['webifi_slow_consumers_closed_total', 'WebSockets closed with 4008.'],
};

const LEVELS: Readonly<Record<keyof RelayLevels, readonly [name: string, help: string]>> = {
  sessions: ['webifi_sessions', 'Sessions.'],
  accounts: ['webifi_accounts_active', 'Accounts with at least one session.'],
  transports: ['webifi_transports', 'Open WebSockets.'],
  pendingDownloads: ['webifi_downloads_pending', 'Downloads that are held open.'],
  pendingLogins: ['webifi_logins_pending', 'Logins that are being checked.'],
  queuedMessages: ['webifi_queued_messages', 'Messages in out-queues, per recipient; what a network shares counts once.'],
  queuedBytes: ['webifi_queued_bytes', 'Bytes in out-queues, shared ones once.'],
  heldInputBytes: ['webifi_held_input_bytes', 'Bytes of unfinished WebSocket messages.'],
};

/** The figures of one relay for Prometheus. */
export function relayMetrics({ core }: RelayDriver): Metrics {
  const metrics = new Metrics();
  for (const key of Object.keys(LEVELS) as (keyof RelayLevels)[]) {
    const [name, help] = LEVELS[key];
    metrics.gauge(name, help, () => core.levels[key]);
  }
  for (const key of Object.keys(COUNTERS) as (keyof RelayCounters)[]) {
    const [name, help] = COUNTERS[key];
    metrics.counter(name, help, () => core.counters[key]);
  }
  return metrics;
}
