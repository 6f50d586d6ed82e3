/** One defence taken away on purpose: the simulation has to notice. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Text that stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Why it may go unnoticed. */
  readonly survives?: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'accounts share a router',
    file: 'src/relay/session-life.ts',
    find: 'let router = this.#routers.get(account.id);',
    replace: 'let router = this.#routers.values().next().value;',
  },
  {
    name: 'the secret of a device id is not compared',
    file: 'src/relay/sessions.ts',
    find: 'return session !== undefined && isSameSecret(session.id, id) ? session : undefined;',
    replace: 'return session;',
  },
  {
    name: 'a repeated upload is delivered again',
    file: 'src/relay/uploads.ts',
    find: 'last?.counter === counter && last.fingerprint === fingerprint',
    replace: 'false',
  },
  {
    name: 'a session never expires',
    file: 'src/relay/session-life.ts',
    find: "this.end(session, 'expired');",
    replace: 'session.expiresAtMs = Infinity;',
  },
  {
    name: 'one message too many may wait',
    file: 'src/relay/core-context.ts',
    find: 'length < maxQueuedMessages',
    replace: 'length <= maxQueuedMessages',
  },
  {
    name: 'the cap of all queues is not kept',
    file: 'src/relay/core-context.ts',
    find: 'if (this.totals.bytes + entry.numberedLength > maxQueuedTotal) return false;',
    replace: '',
  },
  {
    name: 'a sender gets its own message',
    file: 'src/relay/router.ts',
    find: 'member.routeStamp === stamp || member === sender',
    replace: 'member.routeStamp === stamp',
  },
  {
    name: 'a sender gets its own message back from a shared batch',
    file: 'src/relay/batch.ts',
    find: 'if (this.#senders[i] === member) {',
    replace: 'if (i < 0) {',
  },
  {
    name: 'a recipient named twice gets two',
    file: 'src/relay/router.ts',
    find: 'member.routeStamp === stamp || member === sender',
    replace: 'member === sender',
  },
  {
    name: 'the last two messages of a queue change places',
    file: 'src/relay/out-queue.ts',
    find: '    this.#entries[this.#tail++] = entry;',
    replace: '    this.#entries.splice(Math.max(this.#head, this.#tail++ - 1), 0, entry);',
  },
  {
    name: 'a download leaves its messages in the queue',
    file: 'src/relay/deliveries.ts',
    find: 'session.queue.drop(joined.count);',
    replace: '',
  },
  {
    name: 'answers are lost behind a full queue',
    file: 'src/relay/deliveries.ts',
    find: '    this.#add(session, entry);\n    this.#boundAnswers(session);',
    replace: '    if (session.queue.length < 4) this.#add(session, entry);\n    this.#boundAnswers(session);',
  },
  {
    name: 'queues of equal length share a frame',
    file: 'src/relay/joiner.ts',
    find: 'if (entries[i] !== queue.at(i)) return false;',
    replace: '{}',
  },
  {
    name: 'what waits stays in the slab of its turn',
    file: 'src/relay/group-encoder.ts',
    find: 'if (entry.refs > 0) entry.moveOut();',
    replace: '{}',
  },
  {
    name: 'an unfinished message keeps the splitter of all',
    file: 'src/relay/websocket-messages.ts',
    find: '      transport.splitter = splitter;\n      this.#splitter = this.#newSplitter();',
    replace: '      transport.splitter = splitter;',
  },
  {
    name: 'input held for a lost WebSocket is not forgotten',
    file: 'src/relay/relay-core.ts',
    find: '    this.#messages.forget(transport);\n    this.#transports.destroy(transport);',
    replace: '    this.#transports.destroy(transport);',
  },
  {
    name: 'a closed WebSocket stays in the table',
    file: 'src/relay/relay-core.ts',
    find: "if (event.type === 'closed') this.#transports.remove(transport);",
    replace: '',
  },
  {
    name: 'the device id is logged',
    file: 'src/relay/session-life.ts',
    find: "context.log('info', 'session started', { sessionId,",
    replace: "context.log('info', 'session started', { sessionId, id,",
  },
  {
    name: 'a batch in doubt goes on in the next session',
    file: 'src/core/session.ts',
    find: '    this.#settle(ErrorCode.UNREACHABLE);\n    this.#login = undefined;',
    replace: '    this.#login = undefined;',
  },
  {
    name: 'an upload in doubt that got 12 is queued again',
    file: 'src/core/polling-link.ts',
    find: 'code === ErrorCode.SESSION_EXPIRED && retries < MAX_RETRIES',
    replace: 'false',
    survives: 'needs an answer that is lost and then a drain within a second; the unit tests of S-17 notice it',
  },
  {
    name: 'a refused batch goes behind those after it',
    file: 'src/core/send-queue.ts',
    find: 'this.#batches.unshift(batch);',
    replace: 'this.#batches.push(batch);',
    survives: 'a batch is put back only when a session has just expired, mostly with nothing behind it; unit tests notice it',
  },
  {
    name: 'a lost batch has no outcome',
    file: 'src/core/session.ts',
    find: 'else this.#effects.push({ type: \'settled\', token, code });',
    replace: 'else if (code !== ErrorCode.UNREACHABLE) this.#effects.push({ type: \'settled\', token, code });',
  },
  {
    name: 'a failed attach is not tried again',
    file: 'src/core/steps.ts',
    find: '    due: ATTACH,\n    resume: ATTACH,',
    replace: '    resume: ATTACH,',
  },
  {
    name: 'networks are not set again after a new login',
    file: 'src/core/socket-link.ts',
    find: 'if (code === ErrorCode.SUCCESS) this.#join();',
    replace: "if (code === ErrorCode.SUCCESS) this.#networksAnswered(ErrorCode.NETWORKS_SET);",
  },
];
