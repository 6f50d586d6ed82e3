/** What a relay has done since its start. Numbers only grow. @public */
export interface RelayCounters {
  /** Message groups taken from clients. */
  messagesReceived: number;
  /** Numbered messages that came again and were passed over. */
  messagesRepeated: number;
  /** Groups encoded for delivery: one per message that had a recipient, however many. */
  messagesEncoded: number;
  /** Groups handed to sockets and downloads, counted per recipient. */
  messagesDelivered: number;
  /** Groups that were given up because a queue was full. */
  messagesDropped: number;
  /** Payloads that were decoded or made into text on their way: the relay has no reason to. */
  payloadDecodes: number;
  /** Bytes of payload copied when a message was encoded; receivers add nothing to it. */
  payloadBytesCopied: number;
  /** WebSocket frames built; receivers with the same content share one. */
  framesBuilt: number;
  /** Writes to sockets of attached WebSockets, each one system call at most. */
  socketWrites: number;
  socketBytes: number;
  downloadsAnswered: number;
  uploads: number;
  uploadsRepeated: number;
  logins: number;
  loginsRefused: number;
  /** Transports that took up a session where the one before broke off. */
  sessionsResumed: number;
  /** Sessions that took the place of one that was gone, without a login. */
  sessionsRenewed: number;
  sessionsExpired: number;
  sessionsEvicted: number;
  slowConsumersClosed: number;
}

export function createCounters(): RelayCounters {
  return {
    messagesReceived: 0,
    messagesRepeated: 0,
    messagesEncoded: 0,
    messagesDelivered: 0,
    messagesDropped: 0,
    payloadDecodes: 0,
    payloadBytesCopied: 0,
    framesBuilt: 0,
    socketWrites: 0,
    socketBytes: 0,
    downloadsAnswered: 0,
    uploads: 0,
    uploadsRepeated: 0,
    logins: 0,
    loginsRefused: 0,
    sessionsResumed: 0,
    sessionsRenewed: 0,
    sessionsExpired: 0,
    sessionsEvicted: 0,
    slowConsumersClosed: 0,
  };
}
