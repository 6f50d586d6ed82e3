import type { Fields } from '../core/codec';
import { ErrorCode } from '../core/errors';
import { refusedAnswer } from './answers';
import type { CoreContext } from './core-context';
import type { CheckedLogin } from './events';
import type { LossReason, Resumption } from './resumption';
import type { RenewalClaim, SessionLife } from './session-life';
import type { Transport } from './sessions';
import type { Transports } from './transports';

export interface RenewalParts {
  readonly context: CoreContext;
  readonly transports: Transports;
  readonly life: SessionLife;
  readonly resumption: Resumption;
}

interface Renewal extends RenewalClaim {
  readonly transport: Transport;
}

/**
 * New sessions on the WebSockets of clients whose sessions are gone: the token stands in for the login that would
 * follow. After a restart every client comes that way at once, and needs one connection instead of three.
 */
export class Renewals {
  /** Those whose token is being checked, by transport. */
  readonly #pending = new Map<number, Renewal>();

  constructor(private readonly parts: RenewalParts) {}

  get size(): number {
    return this.#pending.size;
  }

  /** @returns Whether an attach, to a session that is gone, asks for a new one with a good token. */
  take(transport: Transport, fields: Fields, reason: LossReason): boolean {
    const { context, resumption } = this.parts;
    const instance = resumption.instanceOf(fields);
    const claim = resumption.claimOf(fields);
    if (instance === undefined || claim?.counter === undefined) return false;
    const { resume } = transport.session ?? {};
    // Asked once more on the same WebSocket: the answer is on its way.
    if (this.#pending.has(transport.transportId) || resume?.succeeds(claim) === true) return true;
    const claims = transport.session === undefined ? resumption.readToken(claim.token) : undefined;
    if (claims === undefined) return false;
    const token = claim.token.slice();
    this.#pending.set(transport.transportId, { transport, instance, claim: { ...claim, token }, reason });
    context.effects.push({ type: 'check-token', asker: { transport: transport.transportId }, ...claims });
    return true;
  }

  finish(transportId: number, result: CheckedLogin): void {
    const renewal = this.#pending.get(transportId);
    if (renewal === undefined) return;
    const { transport, reason } = renewal;
    this.forget(transport);
    if (transport.state !== 'open') return;
    const { context, transports, life, resumption } = this.parts;
    if (result.ok && life.renew(result.account, renewal, transport)) context.counters.sessionsRenewed += 1;
    // Then the client logs in, and is told what is wrong.
    else transports.refuse(transport, refusedAnswer(ErrorCode.RESUME_REFUSED, resumption.lossFields(reason)));
  }

  forget({ transportId }: Transport): void {
    this.#pending.delete(transportId);
  }
}
