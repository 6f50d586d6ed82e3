import type { Fields } from './codec';
import { ErrorCode } from './errors';
import { loginRequest, readLogin, type Credentials, type Login } from './login';
import { readNumber } from './messages';

/** Why there is no session: code 8 is final, and of the others what is worth telling is not 0. */
export interface SignInFailure {
  readonly code: number;
  /** The relay wants no other try before (code 29). */
  readonly waitMs: number;
}

/** Gets a session of the relay: with name and password, or with the token of a session that was lost. */
export class SignIn {
  readonly #makeInstance: () => string;
  credentials: Credentials | undefined;
  /** Takes the place of the password until the relay refuses it. */
  token: string | undefined;
  #instance = '';
  /** The relay refused the extension. */
  #isPlain = false;

  constructor(makeInstance: () => string) {
    this.#makeInstance = makeInstance;
  }

  /** Somebody else has the same identity: the next login has a new one. */
  forget(): void {
    this.#instance = '';
    this.token = undefined;
  }

  /** The body of a login. */
  request(): Uint8Array | undefined {
    const { token, credentials } = this;
    this.credentials = undefined;
    if (!token && !credentials) return undefined;
    this.#instance ||= this.#makeInstance();
    return loginRequest(token ? { token } : credentials!, this.#isPlain ? undefined : this.#instance);
  }

  answered(code: number, fields: Fields | undefined): Login | SignInFailure {
    const login = fields && code === ErrorCode.SUCCESS ? readLogin(fields, this.#instance) : undefined;
    const hadToken = this.token !== undefined;
    const seconds = fields && code === ErrorCode.RATE_LIMITED ? readNumber(fields, 'xt') || 1 : 0;
    if (code !== ErrorCode.UNREACHABLE && code !== ErrorCode.RATE_LIMITED) this.token = undefined;
    if (login) return login;
    if (code === ErrorCode.INSTANCE_IN_USE) this.#instance = '';
    return { code: this.#codeToTell(code, hadToken), waitMs: 1000 * seconds };
  }

  /** A relay that does not know the extension may say so with 7; then it is left out from now on. */
  #codeToTell(code: number, hadToken: boolean): number {
    const isFirst7 = code === ErrorCode.PROTOCOL && !this.#isPlain;
    this.#isPlain ||= isFirst7;
    if (isFirst7 || (hadToken && code !== ErrorCode.UNREACHABLE)) return ErrorCode.SUCCESS;
    return code === ErrorCode.UNREACHABLE || code === ErrorCode.WRONG_CREDENTIALS ? code : ErrorCode.PROTOCOL;
  }
}
