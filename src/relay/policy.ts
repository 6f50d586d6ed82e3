import { withoutPort } from './host';

/** Who may talk to the relay, before it is known who it is. */
export interface AccessPolicy {
  readonly requireTls: boolean;
  /** In lower case, with or without a port; undefined for any. */
  readonly allowedHosts: ReadonlySet<string> | undefined;
  /** In the form browsers send; undefined for any. */
  readonly allowedOrigins: ReadonlySet<string> | undefined;
}

/** What a request or an upgrade says about itself. */
export interface AccessRequest {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly isSecure: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/**
 * The one judge of requests and upgrades alike (SEC-1, SEC-23).
 *
 * @returns undefined when the peer may go on. A peer that sends no `Origin` is no page, so no page is abused by it.
 */
export function judgeAccess(
  policy: AccessPolicy,
  { host, origin, isSecure }: AccessRequest,
): Refusal | undefined {
  if (policy.requireTls && !isSecure) return { status: 403, message: 'This relay is used over TLS only.' };
  if (!isHostAllowed(policy, host))
    return { status: 403, message: 'This relay is not called by that host name.' };
  if (origin !== undefined && policy.allowedOrigins?.has(origin) === false) {
    return { status: 403, message: 'Pages of that origin may not use this relay.' };
  }
  return undefined;
}

function isHostAllowed({ allowedHosts }: AccessPolicy, host: string | undefined): boolean {
  if (allowedHosts === undefined) return true;
  const name = host?.toLowerCase() ?? '';
  return allowedHosts.has(name) || allowedHosts.has(withoutPort(name));
}
