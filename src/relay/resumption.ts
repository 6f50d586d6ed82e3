import type { Fields } from '../core/codec';
import { ErrorCode } from '../core/errors';
import { decodeText } from '../core/text';
import type { CoreContext } from './core-context';
import type { RelayEnv, TokenClaims } from './env';
import type { FieldReader } from './field-reader';
import { type AttachClaim, type Instance, ResumeState } from './resume-state';
import type { RoutedAccount } from './router';
import type { SavedSession } from './saved-session';
import type { Session } from './sessions';
import { readCounter } from './uploads';
import { WINDOW_BYTES, WINDOW_MESSAGES } from './upstream';

const VERSION = '1';
/** Features that are granted when they are offered: resume, receipts, volatile messages. */
const FEATURES = 'rav';
/** What is acknowledged survives the end of the relay's process. */
const DURABLE = 'd';
const INSTANCE = /^[A-Za-z0-9_-]{22}$/;
const EPOCH_SIZE = 8;
/** Of an account whose store does not say when its password changed: no token lets in there. */
const NO_GENERATION = '0000000000000000';
/** What a frame or a body of a client needs beside its messages. */
const FRAME_ROOM = 256;

/** Why a session cannot be resumed (section 4, `xg`). */
export type LossReason = 'expired' | 'epoch';

/** The extension on the relay's side: who has it, what it grants, and who may take up a session. */
export class Resumption {
  #epoch: string | undefined;

  constructor(
    private readonly context: CoreContext,
    private readonly env: RelayEnv,
    private readonly reader: FieldReader,
  ) {}

  /** Changes when the relay has lost its sessions (`xp`). */
  get epoch(): string {
    return (this.#epoch ??= this.context.savedEpoch ?? Array.from(this.env.randomBytes(EPOCH_SIZE), hex).join(''));
  }

  /** Who offers the extension with a login; undefined for everybody else. */
  instanceOf(fields: Fields): Instance | undefined {
    const id = this.reader.first(fields, 'xi') ?? '';
    const offer = this.reader.first(fields, 'xf') ?? '';
    if (this.reader.first(fields, 'x') !== VERSION || !offer.includes('r') || !INSTANCE.test(id)) return undefined;
    return this.#instance(id, this.#featuresOf(offer));
  }

  /** Whom a token lets in. */
  readToken(token: Uint8Array): TokenClaims | undefined {
    const claims = this.env.readToken(token);
    return claims?.connectName === '' || claims?.generation === NO_GENERATION ? undefined : claims;
  }

  /** Whether the token of a session has ended, as with another password: only the password can go on in its place. */
  hasEndedToken({ token }: ResumeState, { generation = NO_GENERATION }: RoutedAccount): boolean {
    return this.env.readToken(token)?.generation !== generation;
  }

  /** Gives the extension to a new session. @param wake - Called when something waits for it. */
  begin(session: Session, instance: Instance, wake: () => void): void {
    this.#start(session, instance, this.#issue(session.router.account), wake).noteHead();
  }

  /** The same for a session that an earlier relay has stored. */
  restore(session: Session, saved: SavedSession, wake: () => void): void {
    const { instance, features, token } = saved.head;
    this.#start(session, this.#instance(instance, features), token, wake).restore(saved);
  }

  /** The fields of a login answer. */
  grantOf({ instance, token }: ResumeState): string {
    const { sessionGraceMs, maxDataSize, maxTransmissionSize, maxQueuedMessages, maxQueuedBytes } = this.context.limits;
    const expiry = Math.floor(sessionGraceMs / 1000);
    const largest = Math.min(maxDataSize, maxTransmissionSize - FRAME_ROOM);
    const window = `${WINDOW_MESSAGES},${WINDOW_BYTES}`;
    const bounds = `~xw=${window}~xd=${maxQueuedMessages},${maxQueuedBytes}~xm=${largest}`;
    const features = `~x=${VERSION}~xf=${instance.features}`;
    return `${features}~xr=${decodeText(token)}~xt=${expiry}${bounds}~xp=${this.epoch}`;
  }

  /** What an attach shows; undefined without a token. */
  claimOf(fields: Fields): AttachClaim | undefined {
    const token = fields.indexOf('xr');
    if (token < 0) return undefined;
    return { token: fields.raw(token), counter: readCounter(fields, 'z'), received: readCounter(fields, 'xh') };
  }

  /** Whether a transport may be bound to a session: 0, 16 for a late one, 28 or 32. */
  judge({ transport, download }: Session, resume: ResumeState, claim: AttachClaim | undefined): number {
    if (claim === undefined || !resume.knows(claim.token)) return ErrorCode.RESUME_REFUSED;
    if (claim.counter === undefined || claim.counter <= resume.counter) return ErrorCode.NO_DATA;
    if ((claim.received ?? 0) > resume.ring.highestSent) return ErrorCode.RESUME_REFUSED;
    const isSwitch = transport !== undefined || download !== undefined;
    if (isSwitch && !resume.countSwitch(this.context.nowMs)) return ErrorCode.INSTANCE_IN_USE;
    return ErrorCode.SUCCESS;
  }

  /** Binds a new transport, whose claim was judged. @returns The token for the next one. */
  accept(session: Session, resume: ResumeState, claim: AttachClaim): string {
    const { router } = session;
    if (resume.counter >= 0) this.context.counters.sessionsResumed += 1;
    // What waits may come from a network that the account has lost meanwhile.
    if (!router.keepAllowed(session)) resume.ring.clear();
    resume.attach(claim, this.#issue(router.account));
    return decodeText(resume.token);
  }

  /** The fields that say more about a refusal: why the session is lost, or the number that was taken in its place. */
  refusalFields(code: number, { counter }: ResumeState): string {
    if (code === ErrorCode.RESUME_REFUSED) return this.lossFields('expired');
    return code === ErrorCode.NO_DATA ? `~z=${counter}` : '';
  }

  /** The fields that say why there is no session to resume. */
  lossFields(reason: LossReason): string {
    return `~xp=${this.epoch}${gapField(reason)}`;
  }

  #start(session: Session, instance: Instance, token: Uint8Array, wake: () => void): ResumeState {
    const { limits, runBounds, totals, journal } = this.context;
    const changed = journal && (() => journal.note(session));
    const watcher = { wake, changed };
    return (session.resume = new ResumeState(session.sessionId, instance, token, limits, runBounds, totals, watcher));
  }

  #featuresOf(offer: string): string {
    const known = this.context.journal === undefined ? FEATURES : FEATURES + DURABLE;
    return Array.from(known)
      .filter((letter) => offer.includes(letter))
      .join('');
  }

  #instance(id: string, features: string): Instance {
    return { id, origin: this.env.originId(id), features };
  }

  #issue({ connectName, generation = NO_GENERATION }: RoutedAccount): Uint8Array {
    return this.env.issueToken({ connectName, generation });
  }
}

/** All that the session would have got. */
export function gapField(reason: LossReason): string {
  return `~xg=0-0:${reason}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
