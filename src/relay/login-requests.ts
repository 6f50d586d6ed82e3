import { type Fields, parseBody } from '../core/codec';
import { ErrorCode } from '../core/errors';
import { encodeText } from '../core/text';
import { credentialsAnswer, httpAnswer } from './answers';
import type { CoreContext } from './core-context';
import type { CheckedLogin, RequestInput } from './events';
import type { FieldReader } from './field-reader';
import type { Instance } from './resume-state';
import type { Resumption } from './resumption';
import type { SessionLife } from './session-life';
import { hasRepeatedKey } from './singular-keys';

const PROTOCOL_VERSION = '1';
/** When to ask again after a refusal for want of room. */
const RETRY_SECONDS = 5;

interface PendingLogin {
  readonly hosts: RequestInput['hosts'];
  readonly remoteAddress: string;
  readonly wantsErrorTexts: boolean;
  /** Offers the extension. */
  readonly instance: Instance | undefined;
  /** The token in the place of a password; also shows that a session of the same instance is its own. */
  readonly token: Uint8Array | undefined;
}

/** `POST /`: name and password against a new session (section 4 of the protocol). */
export class LoginRequests {
  readonly #pending = new Map<number, PendingLogin>();

  constructor(
    private readonly context: CoreContext,
    private readonly life: SessionLife,
    private readonly reader: FieldReader,
    private readonly resumption: Resumption,
  ) {}

  get size(): number {
    return this.#pending.size;
  }

  take({ request, body, fault, hosts, remoteAddress }: RequestInput): void {
    if (this.context.isDraining) return this.#refuse(request, ErrorCode.UNREACHABLE, remoteAddress);
    const fields = parseBody(body, { maxSize: this.context.limits.maxTransmissionSize });
    const isReadable = fault === undefined && (fields.fault === undefined || fields.fault === 'cut');
    const isVersion1 = this.reader.first(fields, 'p') === PROTOCOL_VERSION;
    if (!isReadable || !isVersion1 || hasRepeatedKey(fields)) {
      return this.#refuse(request, ErrorCode.PROTOCOL, remoteAddress);
    }
    const wantsErrorTexts = this.reader.first(fields, 'ec') === '1';
    const instance = this.resumption.instanceOf(fields);
    const token = instance && this.#tokenOf(fields);
    const pending = { hosts, remoteAddress, wantsErrorTexts, instance, token };
    if (token !== undefined) return this.#takeToken(request, pending, token);
    const connectName = this.reader.first(fields, 'cn');
    const connectPassword = this.reader.first(fields, 'cp');
    if (connectName === undefined || connectPassword === undefined) {
      return this.#refuse(request, ErrorCode.WRONG_CREDENTIALS, remoteAddress);
    }
    this.#pending.set(request, pending);
    this.context.effects.push({ type: 'check-login', asker: { request }, connectName, connectPassword, remoteAddress });
  }

  finish(request: number, result: CheckedLogin): void {
    const pending = this.#pending.get(request);
    if (pending === undefined) return;
    this.#pending.delete(request);
    const { hosts, remoteAddress, wantsErrorTexts, instance, token } = pending;
    if (!result.ok) return this.#refuse(request, codeFor(result.code, token), remoteAddress);
    const { account } = result;
    if (instance !== undefined && !this.life.makeWay(account, instance, token))
      return this.#refuse(request, ErrorCode.INSTANCE_IN_USE, remoteAddress);
    if (this.context.isDraining) return this.#refuse(request, ErrorCode.UNREACHABLE, remoteAddress);
    const session = this.life.create(account, instance);
    if (session === undefined) return this.#refuseForNow(request, pending);
    this.context.counters.logins += 1;
    const grant = session.resume && this.resumption.grantOf(session.resume);
    this.context.answer(request, credentialsAnswer({ id: session.id, ...hosts, wantsErrorTexts, grant }));
  }

  #tokenOf(fields: Fields): Uint8Array | undefined {
    const index = fields.indexOf('xr');
    return index < 0 ? undefined : fields.raw(index).slice();
  }

  /** A token lets in without a password, as long as it and the account's password are not too old. */
  #takeToken(request: number, pending: PendingLogin, token: Uint8Array): void {
    const claims = this.resumption.readToken(token);
    if (claims === undefined) return this.#refuse(request, ErrorCode.RESUME_REFUSED, pending.remoteAddress);
    this.#pending.set(request, pending);
    this.context.effects.push({ type: 'check-token', asker: { request }, ...claims });
  }

  abort(request: number): void {
    this.#pending.delete(request);
  }

  /** There is no room for one more. With the extension the client is told when to ask again. */
  #refuseForNow(request: number, { instance, remoteAddress }: PendingLogin): void {
    if (instance === undefined) return this.#refuse(request, ErrorCode.UNREACHABLE, remoteAddress);
    const body = encodeText(`~e=${ErrorCode.RATE_LIMITED}~xt=${RETRY_SECONDS}`);
    this.#refuse(request, ErrorCode.RATE_LIMITED, remoteAddress, body);
  }

  #refuse(request: number, code: number, remoteAddress: string, body = httpAnswer(code)): void {
    this.context.counters.loginsRefused += 1;
    this.context.log('info', 'login refused', { code, remoteAddress });
    this.context.effects.push({ type: 'answer', request, body, isRefused: true });
  }
}

/** A token that is not taken asks for the password; being busy is told as such. */
function codeFor(code: number, token: Uint8Array | undefined): number {
  return token !== undefined && code !== ErrorCode.UNREACHABLE ? ErrorCode.RESUME_REFUSED : code;
}
