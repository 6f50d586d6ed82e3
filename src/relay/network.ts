import { type Entry, OutQueue, type QueueTotals } from './out-queue';

/** A session as its networks see it. */
export interface NetworkMember<Self> {
  readonly memberships: Membership<Self>[];
  /** Puts a message among what waits for it alone. */
  keep(entry: Entry): void;
  /** Whether it gets what waits for its one network as a whole. Only the network changes it. */
  isLive: boolean;
}

/** Place of one member in one network. */
export interface Membership<M> {
  readonly network: Network<M>;
  index: number;
}

/** With fewer members, a queue for each of them costs less than one for all. */
const MIN_MEMBERS_FOR_LIVE = 3;

/**
 * One network of an account, its members in a flat list, each beside its place, so that leaving is one swap.
 *
 * Its first members are *live*: what is sent to the network waits for all of them once, in `waiting`, until the end of
 * the turn. Nothing else waits for them but answers, and they are in no other network, so that this one queue has the
 * order of each sender. Whoever is to get something else, or cannot be written to, catches up before: from then on it
 * has all messages in its own queue.
 */
export class Network<M> {
  readonly members: M[] = [];
  readonly #places: Membership<M>[] = [];
  #liveCount = 0;
  /** Groups for the live members, and beside them who sent each: nobody gets their own. */
  readonly waiting: OutQueue;
  readonly senders: NetworkMember<M>[] = [];
  /** Whether it is in the list of networks to flush. */
  isDirty = false;
  /** The last group that found it as a recipient. */
  routeStamp = 0;

  constructor(
    readonly name: string,
    totals: QueueTotals,
  ) {
    this.waiting = new OutQueue(totals);
  }

  /** The members from 0 up to here are live. */
  get liveCount(): number {
    return this.#liveCount;
  }

  /** How many live members get a message of this sender. */
  countLive(sender: NetworkMember<M>): number {
    const isOwn = sender.isLive && sender.memberships[0]!.network === this;
    return isOwn ? this.#liveCount - 1 : this.#liveCount;
  }

  join(member: M & NetworkMember<M>): void {
    const place: Membership<M> = { network: this, index: this.members.length };
    this.members.push(member);
    this.#places.push(place);
    member.memberships.push(place);
  }

  /** Takes out a member that is not live. */
  leave({ index }: Membership<M>): void {
    this.#swap(index, this.members.length - 1);
    this.members.pop();
    this.#places.pop();
  }

  /** Puts a message into the one queue of all live members. */
  put(entry: Entry, sender: NetworkMember<M>): void {
    this.waiting.push(entry);
    this.senders.push(sender);
  }

  /** Forgets the oldest messages, written to all. */
  drop(count: number): void {
    this.waiting.drop(count);
    this.senders.splice(0, count);
  }

  /** Makes a member live whose queue is empty. Nothing may wait here: it would get that, too. */
  admit(member: M & NetworkMember<M>): void {
    if (this.waiting.length > 0 || this.members.length < MIN_MEMBERS_FOR_LIVE) return;
    this.#swap(member.memberships[0]!.index, this.#liveCount++);
    member.isLive = true;
  }

  /** Ends being live: what waits for the member goes into its own queue, behind it what comes from now on. */
  catchUp(member: NetworkMember<M>): void {
    member.isLive = false;
    this.#swap(member.memberships[0]!.index, --this.#liveCount);
    for (let i = 0; i < this.waiting.length; i++) {
      if (this.senders[i] !== member) member.keep(this.waiting.at(i)!);
    }
    if (this.#liveCount === 0) this.drop(this.waiting.length);
  }

  #swap(one: number, other: number): void {
    const member = this.members[one]!;
    const place = this.#places[one]!;
    this.#put(one, this.members[other]!, this.#places[other]!);
    this.#put(other, member, place);
  }

  #put(index: number, member: M, place: Membership<M>): void {
    this.members[index] = member;
    this.#places[index] = place;
    place.index = index;
  }
}
