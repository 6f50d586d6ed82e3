import type { Fields } from '../core/codec';
import { type Membership, Network, type NetworkMember } from './network';
import type { QueueTotals } from './out-queue';

/** The account as the router sees it. `networks` is read at every use: its owner may change it meanwhile. */
export interface RoutedAccount {
  readonly id: number;
  readonly connectName: string;
  readonly networks: ReadonlySet<string> | undefined;
  /** 16 hexadecimal digits that change with the password; without them no token is a credential. */
  readonly generation?: string | undefined;
}

/** A session as the router sees it. */
export interface Member<Self> extends NetworkMember<Self> {
  readonly sessionId: number;
  /** The last group it was found as a recipient of: one copy per device (P-86). */
  routeStamp: number;
  catchUp(): void;
}

/** Who gets a group: the live members of some networks, and sessions one by one. Nobody is in both. */
export class Recipients<M> {
  /** Written from the front and not emptied for the next group: what counts is the number beside. */
  readonly networks: Network<M>[] = [];
  readonly sessions: M[] = [];
  networkCount = 0;
  sessionCount = 0;

  get isEmpty(): boolean {
    return this.networkCount === 0 && this.sessionCount === 0;
  }

  addNetwork(network: Network<M>): void {
    this.networks[this.networkCount++] = network;
  }

  addSession(session: M): void {
    this.sessions[this.sessionCount++] = session;
  }

  /** How many get it. */
  count(sender: NetworkMember<M>): number {
    let count = this.sessionCount;
    for (let i = 0; i < this.networkCount; i++) count += this.networks[i]!.countLive(sender);
    return count;
  }

  clear(): void {
    this.networkCount = this.sessionCount = 0;
  }

  /** Lets go of all that was in it. */
  forget(): void {
    this.networks.length = this.sessions.length = 0;
    this.clear();
  }
}

export interface NetworkLimits {
  maxNetworks: number;
  maxNetworkNameLength: number;
}

/**
 * Who is where in one account. Each account has its own tables and there are no others, so nothing a peer writes into
 * a message can name a session or a network of another account (SEC-9, P-90).
 */
export class AccountRouter<M extends Member<M>> {
  readonly #sessions = new Map<number, M>();
  readonly #networks = new Map<string, Network<M>>();
  /** Sessions with the extension, by the id of their instance. */
  readonly instances = new Map<string, M>();
  #stamp = 0;

  constructor(
    /** As of the last login. */
    public account: RoutedAccount,
    private readonly limits: NetworkLimits,
    private readonly totals: QueueTotals,
    private readonly readText: (fields: Fields, index: number) => string,
  ) {}

  /** Sessions of the account. */
  get size(): number {
    return this.#sessions.size;
  }

  get networkCount(): number {
    return this.#networks.size;
  }

  add(member: M): void {
    this.#sessions.set(member.sessionId, member);
  }

  remove(member: M): void {
    this.#leaveAll(member);
    this.#sessions.delete(member.sessionId);
  }

  /**
   * Replaces the listen networks of a member. Empty names are passed over.
   *
   * @returns False when some were not set: not allowed, too long or too many (P-91).
   */
  setNetworks(member: M, names: Iterable<string>): boolean {
    this.#leaveAll(member);
    let allSet = true;
    for (const name of new Set(names)) {
      if (name === '') continue;
      const fits =
        name.length <= this.limits.maxNetworkNameLength &&
        member.memberships.length < this.limits.maxNetworks;
      if (fits && this.#isAllowed(name)) this.#join(member, name);
      else allSet = false;
    }
    return allSet;
  }

  /** Takes a member out of networks that the account has lost. @returns Whether there were none. */
  keepAllowed(member: M): boolean {
    const names = member.memberships.map(({ network }) => network.name);
    return names.every((name) => this.#isAllowed(name)) || this.setNetworks(member, names);
  }

  /**
   * Finds who gets the group whose `n` and `s` fields stand from `start` to `end`, each once (P-84 to P-89).
   *
   * @param recipients - Filled; expected empty.
   * @returns False when a recipient that was named is unknown (P-92).
   */
  findRecipients(sender: M, fields: Fields, start: number, end: number, recipients: Recipients<M>): boolean {
    this.#stamp += 1;
    let allKnown = true;
    let isAddressed = false;
    for (let i = start; i < end; i++) {
      const key = fields.keys[i];
      if (key === 's') {
        isAddressed = true;
        if (!this.#addSession(fields.raw(i), recipients)) allKnown = false;
      } else if (key === 'n' && fields.starts[i] !== fields.ends[i]) {
        isAddressed = true;
        if (!this.#addNetwork(sender, this.readText(fields, i), recipients)) allKnown = false;
      }
    }
    return isAddressed ? allKnown : this.#addDefaults(sender, recipients);
  }

  /** The sender's own networks; one that the account has lost since it was set is unknown like any other (SEC-10). */
  #addDefaults(sender: M, recipients: Recipients<M>): boolean {
    let allKnown = true;
    for (const { network } of sender.memberships) {
      if (this.#isAllowed(network.name)) this.#addMembers(sender, network, recipients);
      else allKnown = false;
    }
    return allKnown;
  }

  #addSession(raw: Uint8Array, recipients: Recipients<M>): boolean {
    const member = this.#sessions.get(readSessionId(raw, 0, raw.length));
    if (member === undefined) return false;
    if (member.routeStamp !== this.#stamp) {
      member.routeStamp = this.#stamp;
      member.catchUp();
      recipients.addSession(member);
    }
    return true;
  }

  #addNetwork(sender: M, name: string, recipients: Recipients<M>): boolean {
    if (!this.#isAllowed(name)) return false;
    const network = this.#networks.get(name);
    if (network !== undefined) this.#addMembers(sender, network, recipients);
    return true;
  }

  #addMembers(sender: M, network: Network<M>, recipients: Recipients<M>): void {
    const { members, liveCount } = network;
    const stamp = this.#stamp;
    if (network.routeStamp === stamp) return;
    network.routeStamp = stamp;
    if (network.countLive(sender) > 0) recipients.addNetwork(network);
    for (let i = liveCount; i < members.length; i++) {
      const member = members[i]!;
      if (member.routeStamp === stamp || member === sender) continue;
      member.routeStamp = stamp;
      recipients.addSession(member);
    }
  }

  #isAllowed(name: string): boolean {
    return this.account.networks?.has(name) ?? true;
  }

  #join(member: M, name: string): void {
    let network = this.#networks.get(name);
    if (network === undefined) this.#networks.set(name, (network = new Network<M>(name, this.totals)));
    network.join(member);
  }

  #leaveAll(member: M): void {
    member.catchUp();
    for (const place of member.memberships) this.#leave(place);
    member.memberships.length = 0;
  }

  #leave(place: Membership<M>): void {
    const { network } = place;
    network.leave(place);
    if (network.members.length === 0) this.#networks.delete(network.name);
  }
}

const MAX_SESSION_ID_DIGITS = 15;

/** The session id that stands as decimal digits, in its only form, from `start` to `end`; -1 when none does. */
export function readSessionId(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > MAX_SESSION_ID_DIGITS || bytes[start] === 0x30) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
