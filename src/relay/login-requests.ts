import { parseBody } from '../core/codec';
import { ErrorCode } from '../core/errors';
import { credentialsAnswer, httpAnswer } from './answers';
import type { CoreContext } from './core-context';
import type { CheckedLogin, RequestInput } from './events';
import type { FieldReader } from './field-reader';
import type { SessionLife } from './session-life';
import { hasRepeatedKey } from './singular-keys';

const PROTOCOL_VERSION = '1';

interface PendingLogin {
  readonly hosts: RequestInput['hosts'];
  readonly remoteAddress: string;
  readonly wantsErrorTexts: boolean;
}

/** `POST /`: name and password against a new session (section 4 of the protocol). */
export class LoginRequests {
  readonly #pending = new Map<number, PendingLogin>();

  constructor(
    private readonly context: CoreContext,
    private readonly life: SessionLife,
    private readonly reader: FieldReader,
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
    const connectName = this.reader.first(fields, 'cn');
    const connectPassword = this.reader.first(fields, 'cp');
    if (connectName === undefined || connectPassword === undefined) {
      return this.#refuse(request, ErrorCode.WRONG_CREDENTIALS, remoteAddress);
    }
    const wantsErrorTexts = this.reader.first(fields, 'ec') === '1';
    this.#pending.set(request, { hosts, remoteAddress, wantsErrorTexts });
    this.context.effects.push({ type: 'check-login', request, connectName, connectPassword, remoteAddress });
  }

  finish(request: number, result: CheckedLogin): void {
    const pending = this.#pending.get(request);
    if (pending === undefined) return;
    this.#pending.delete(request);
    const { hosts, remoteAddress, wantsErrorTexts } = pending;
    if (!result.ok) return this.#refuse(request, result.code, remoteAddress);
    const session = this.context.isDraining ? undefined : this.life.create(result.account);
    if (session === undefined) return this.#refuse(request, ErrorCode.UNREACHABLE, remoteAddress);
    this.context.counters.logins += 1;
    this.context.answer(request, credentialsAnswer({ id: session.id, ...hosts, wantsErrorTexts }));
  }

  abort(request: number): void {
    this.#pending.delete(request);
  }

  #refuse(request: number, code: number, remoteAddress: string): void {
    this.context.counters.loginsRefused += 1;
    this.context.log('info', 'login refused', { code, remoteAddress });
    this.context.effects.push({ type: 'answer', request, body: httpAnswer(code), isRefused: true });
  }
}
