import { ErrorCode } from '../core/errors';
import { renewedAnswer, resumedAnswer, takenAnswer, webSocketAnswer } from './answers';
import { CloseCode } from './close-codes';
import type { CoreContext } from './core-context';
import type { Deliveries } from './deliveries';
import type { Downloads } from './downloads';
import type { FieldReader } from './field-reader';
import { createSecret, createSessionId, deviceIdOf, type RandomBytes, RecentIds } from './ids';
import { AccountRouter, readSessionId, type RoutedAccount } from './router';
import { accountKey, SavedReceipts } from './restored';
import type { SavedSession } from './saved-session';
import { Session, SessionTable, type Transport } from './sessions';
import type { AttachClaim, Instance, ResumeState } from './resume-state';
import { gapField, type LossReason, type Resumption } from './resumption';
import type { Transports } from './transports';

const EVICT_FROM = 0.8;
const REFUSE_FROM = 0.95;

export interface SessionLifeParts {
  readonly context: CoreContext;
  readonly transports: Transports;
  readonly downloads: Downloads;
  readonly deliveries: Deliveries;
  readonly resumption: Resumption;
  readonly reader: FieldReader;
  readonly randomBytes: RandomBytes;
}

/** What a WebSocket shows for a session in the place of one that is gone. */
export interface RenewalClaim {
  readonly instance: Instance;
  readonly claim: AttachClaim;
  readonly reason: LossReason;
}

/** How sessions begin, change their transport and end. */
export class SessionLife {
  readonly #table = new SessionTable();
  readonly #routers = new Map<number, AccountRouter<Session>>();
  readonly #recentIds = new RecentIds();

  constructor(private readonly parts: SessionLifeParts) {}

  get size(): number {
    return this.#table.size;
  }

  get accountCount(): number {
    return this.#routers.size;
  }

  /** The living session that a device id belongs to. */
  find(id: Uint8Array): Session | undefined {
    return this.#table.find(id);
  }

  /** @returns undefined when there is no room for one more (20). */
  create(account: RoutedAccount, instance?: Instance): Session | undefined {
    const { context, randomBytes, resumption, deliveries } = this.parts;
    const { limits, nowMs } = context;
    // What waits for nobody makes room: a relay that is refused by all has no turn in which it would.
    this.evict();
    const router = this.#routerOf(account);
    const isFull = this.#table.size >= limits.maxSessions || router.size >= limits.maxSessionsPerAccount;
    if (isFull || context.totals.bytes > limits.maxQueuedTotal * REFUSE_FROM) {
      this.#dropIfEmpty(router);
      return undefined;
    }
    router.account = account;
    const sessionId = this.#newSessionId();
    const id = deviceIdOf(sessionId, createSecret(randomBytes));
    const session = new Session(sessionId, id, router, context.totals);
    session.enter('unused', limits, nowMs);
    if (instance !== undefined) resumption.begin(session, instance, () => deliveries.touch(session));
    this.#add(session);
    context.log('info', 'session started', { sessionId, connectName: account.connectName });
    return session;
  }

  /**
   * Two sessions of one instance would make receivers drop what one of them sends. One that shows the token of the other
   * takes its place, and so does one with the password while the other is away and its token has ended.
   *
   * @returns False when the instance is in use.
   */
  makeWay(account: RoutedAccount, instance: Instance, token: Uint8Array | undefined): boolean {
    const session = this.#routers.get(account.id)?.instances.get(instance.id);
    if (session === undefined) return true;
    const isOwn = token === undefined ? this.#isAbandoned(session, account) : session.resume?.knows(token) === true;
    if (session.state !== 'unused' && !isOwn) return false;
    this.end(session, 'replaced by its own instance');
    return true;
  }

  #isAbandoned({ transport, download, resume }: Session, account: RoutedAccount): boolean {
    const isAway = transport === undefined && download === undefined;
    return isAway && resume !== undefined && this.parts.resumption.hasEndedToken(resume, account);
  }

  /** All living sessions. */
  sessions(): Iterable<Session> {
    return this.#table.values();
  }

  /** Takes up the sessions of an earlier relay, as if their transports had just been lost. */
  restore(all: Iterable<SavedSession>, accounts: ReadonlyMap<string, RoutedAccount>): void {
    const receipts = new SavedReceipts();
    for (const saved of all) {
      const account = accounts.get(accountKey(saved.head.connectName, saved.head.generation));
      receipts.add(saved.entries, account !== undefined && this.#restore(saved, account));
    }
    receipts.restore((sessionId) => this.#table.get(sessionId)?.resume);
    this.parts.context.log('info', 'sessions restored', { sessions: this.#table.size });
  }

  /** @returns Whether its messages may be delivered: the account may have lost the network of some. */
  #restore(saved: SavedSession, account: RoutedAccount): boolean {
    const { context, resumption, deliveries } = this.parts;
    const router = this.#routerOf(account);
    const session = new Session(saved.sessionId, saved.head.id, router, context.totals);
    resumption.restore(session, saved, () => deliveries.touch(session));
    session.enter(saved.head.isPolling ? 'polling' : 'detached', context.limits, context.nowMs);
    this.#recentIds.add(saved.sessionId, context.nowMs);
    this.#add(session);
    const isAllowed = router.setNetworks(session, saved.head.networks);
    if (!isAllowed) session.resume?.ring.clear();
    return isAllowed;
  }

  #add(session: Session): void {
    const { router, resume } = session;
    this.#table.add(session);
    router.add(session);
    if (resume !== undefined) router.instances.set(resume.instance.id, session);
    this.parts.context.deadlines.schedule(session);
  }

  /** Replaces the networks that a session listens to. @returns False when some were not set (P-91). */
  setNetworks(session: Session, names: Iterable<string>): boolean {
    const allSet = session.router.setNetworks(session, names);
    session.resume?.noteHead();
    return allSet;
  }

  /** Why a device id is not known any more. */
  lossOf(id: Uint8Array): LossReason {
    const sessionId = readSessionId(id, 0, id.indexOf(0x73));
    return this.#recentIds.has(sessionId) ? 'expired' : 'epoch';
  }

  /** As {@link SessionLife.attach} for the extension; the claim was judged. */
  resume(session: Session, resume: ResumeState, transport: Transport, claim: AttachClaim): void {
    const token = this.parts.resumption.accept(session, resume, claim);
    resume.isPolling = false;
    this.#bind(session, transport, ErrorCode.NO_DATA);
    // Refusals whose answers may be lost come first, so that no success is read out of the number behind.
    for (const [number, code] of resume.up.refusals())
      session.queue.push(takenAnswer('s', code, number, `~xq=${number}`));
    resume.told = resume.up.last;
    resume.owesSign = false;
    session.queue.push(resumedAnswer(resume.told, token));
  }

  /**
   * Begins a session on the WebSocket that has shown the token of one that is gone.
   *
   * @returns False when there is no room, or the instance is in use.
   */
  renew(account: RoutedAccount, { instance, claim, reason }: RenewalClaim, transport: Transport): boolean {
    const session = this.makeWay(account, instance, claim.token) ? this.create(account, instance) : undefined;
    if (session?.resume === undefined) return false;
    session.resume.succeed(claim);
    this.#bind(session, transport, ErrorCode.NO_DATA);
    const grant = this.parts.resumption.grantOf(session.resume);
    session.queue.push(renewedAnswer(session.id, grant, gapField(reason)));
    return true;
  }

  /** Binds a WebSocket that has shown the device id; whatever the session used before ends (P-10, K-18). */
  attach(session: Session, transport: Transport): void {
    const answer = webSocketAnswer('a', ErrorCode.SUCCESS);
    if (transport.session === session) return this.parts.deliveries.answer(session, answer);
    this.#bind(session, transport, ErrorCode.DOWNLOAD_CANCELLED);
    session.queue.pushFirst(answer);
  }

  /** @param code - Ends the download that is open. */
  #bind(session: Session, transport: Transport, code: number): void {
    const { context, deliveries, downloads, transports } = this.parts;
    if (transport.session !== undefined) {
      deliveries.writeAnswers(transport.session, transport);
      transports.detach(transport, 'detached');
    }
    this.#replaceTransport(session);
    downloads.end(session, code);
    session.enter('attached', context.limits, context.nowMs);
    session.transport = transport;
    session.cancelledUntilMs = -Infinity;
    transport.session = session;
    transport.state = 'attached';
    context.deadlines.schedule(transport);
    deliveries.touch(session);
    context.effects.push({ type: 'attached', transport: transport.transportId });
    context.log('debug', 'session attached', { sessionId: session.sessionId });
  }

  /** A request of long polling came for the session: lives on from now; a download also moves it off its WebSocket. */
  usePolling(session: Session, moves: boolean): void {
    const { limits, nowMs, deadlines } = this.parts.context;
    if (session.transport !== undefined) {
      if (!moves) return;
      this.#replaceTransport(session);
    }
    session.enter('polling', limits, nowMs);
    deadlines.schedule(session);
  }

  /** A WebSocket comes to its end: its session waits for another one (P-65). */
  loseTransport(transport: Transport): void {
    const { transports, deliveries } = this.parts;
    if (transport.session !== undefined) deliveries.forgetAnswers(transport.session);
    transports.detach(transport, 'detached');
    transports.awaitEnd(transport);
  }

  /** Ends a session for good; from now on its id gets 12. */
  end(session: Session, reason: string): void {
    const { context, downloads, transports } = this.parts;
    const { transport, router } = session;
    downloads.end(session, ErrorCode.DOWNLOAD_CANCELLED);
    if (transport !== undefined) {
      transports.detach(transport, 'ended');
      transports.close(transport, CloseCode.NORMAL, 'session ended');
    }
    session.enter('ended', context.limits, context.nowMs);
    session.queue.clear();
    router.remove(session);
    if (session.resume !== undefined) {
      session.resume.end();
      router.instances.delete(session.resume.instance.id);
      context.journal?.noteEnd(session);
    }
    this.#dropIfEmpty(router);
    this.#table.remove(session);
    context.log('info', 'session ended', { sessionId: session.sessionId, reason });
  }

  /** The deadline of a session has come. */
  wake(session: Session): void {
    const { context, downloads } = this.parts;
    if (session.download !== undefined) return downloads.end(session, ErrorCode.NO_DATA);
    if (session.state === 'ended') return;
    context.counters.sessionsExpired += 1;
    this.end(session, 'expired');
  }

  /** Frees memory when all queues together are near their limit: sessions that nobody reads go first. */
  evict(): void {
    const { totals, limits, counters } = this.parts.context;
    const enough = limits.maxQueuedTotal * EVICT_FROM;
    if (totals.bytes <= enough) return;
    for (const session of [...this.#table.values()]) {
      if (totals.bytes <= enough) return;
      if (session.transport !== undefined || session.download !== undefined || session.keptMessages === 0)
        continue;
      counters.sessionsEvicted += 1;
      this.end(session, 'evicted');
    }
  }

  #replaceTransport(session: Session): void {
    const { deliveries, transports } = this.parts;
    const { transport } = session;
    if (transport === undefined) return;
    // What waits goes to the new transport: the old one may be dead without anybody knowing.
    deliveries.writeAnswers(session, transport);
    transports.detach(transport, 'detached');
    const code = session.resume === undefined ? CloseCode.NORMAL : CloseCode.REPLACED;
    transports.close(transport, code, 'session moved');
  }

  #newSessionId(): number {
    for (;;) {
      const sessionId = createSessionId(this.parts.randomBytes);
      if (this.#table.has(sessionId) || this.#recentIds.has(sessionId)) continue;
      this.#recentIds.add(sessionId, this.parts.context.nowMs);
      return sessionId;
    }
  }

  #routerOf(account: RoutedAccount): AccountRouter<Session> {
    const { context, reader } = this.parts;
    let router = this.#routers.get(account.id);
    if (router === undefined) {
      router = new AccountRouter<Session>(account, context.limits, context.totals, (fields, index) =>
        reader.text(fields, index),
      );
      this.#routers.set(account.id, router);
    }
    return router;
  }

  #dropIfEmpty(router: AccountRouter<Session>): void {
    if (router.size === 0) this.#routers.delete(router.account.id);
  }
}
