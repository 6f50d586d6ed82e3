import { describe, expect, it } from 'vitest';
import { type Fields, parseBody } from '../../../src/core/codec';
import type { Membership } from '../../../src/relay/network';
import { OutQueue, QueueTotals } from '../../../src/relay/out-queue';
import { AccountRouter, type Member, Recipients } from '../../../src/relay/router';
import { seededRandom } from '../../helpers/bytes';
import { bytesOf } from '../../helpers/relay-core-lab';

const TOTALS = new QueueTotals();

class Peer implements Member<Peer> {
  readonly memberships: Membership<Peer>[] = [];
  readonly queue = new OutQueue(TOTALS);
  routeStamp = 0;
  isLive = false;

  constructor(readonly sessionId: number) {}

  catchUp(): void {
    if (this.isLive) this.memberships[0]!.network.catchUp(this);
  }

  /** As at the end of a turn. */
  settle(): void {
    if (!this.isLive && this.memberships.length === 1) this.memberships[0]!.network.admit(this);
  }
}

const LIMITS = { maxNetworks: 100, maxNetworkNameLength: 100 };

function newRouter(): AccountRouter<Peer> {
  const account = { id: 1, connectName: 'home', networks: undefined };
  return new AccountRouter<Peer>(account, LIMITS, TOTALS, (fields, index) => fields.text(index));
}

function fieldsOf(group: string): Fields {
  return parseBody(bytesOf(group), { maxSize: 10_000 });
}

function recipientsOf(router: AccountRouter<Peer>, sender: Peer, group: string): number[] {
  const fields = fieldsOf(`${group}~d=`);
  const recipients = new Recipients<Peer>();
  router.findRecipients(sender, fields, 0, fields.indexOf('d'), recipients);
  const { networks, networkCount, sessions, sessionCount } = recipients;
  const live = networks
    .slice(0, networkCount)
    .flatMap(({ members, liveCount }) => members.slice(0, liveCount));
  return [...live.filter((peer) => peer !== sender), ...sessions.slice(0, sessionCount)]
    .map(({ sessionId }) => sessionId)
    .sort((one, other) => one - other);
}

describe('router of one account', () => {
  it('keeps no network that nobody is in', () => {
    const router = newRouter();
    const [one, two] = [new Peer(1), new Peer(2)];
    for (const peer of [one, two]) router.add(peer);
    router.setNetworks(one, ['a', 'b']);
    router.setNetworks(two, ['b']);
    expect([router.networkCount, router.size]).toEqual([2, 2]);
    router.setNetworks(one, []);
    expect(router.networkCount).toBe(1);
    router.remove(two);
    router.remove(one);
    expect([router.networkCount, router.size]).toEqual([0, 0]);
  });

  it('P-84 to P-89 agrees with plain sets in random runs', () => {
    const names = ['a', 'b', 'c', 'd'];
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed);
      const router = newRouter();
      const peers = Array.from({ length: 8 }, (_, i) => new Peer(i + 1));
      const networks = new Map<Peer, readonly string[]>(peers.map((peer) => [peer, []]));
      for (const peer of peers) router.add(peer);
      for (let step = 0; step < 60; step++) {
        const peer = peers[Math.floor(random() * peers.length)]!;
        const chosen = names.filter(() => random() < 0.3);
        if (random() < 0.5) {
          router.setNetworks(peer, chosen);
          networks.set(peer, chosen);
        }
        if (random() < 0.5) peers[Math.floor(random() * peers.length)]!.settle();
        const targets = peers.filter(() => random() < 0.2);
        const isAddressed = chosen.length + targets.length > 0;
        const wanted = isAddressed ? chosen : networks.get(peer)!;
        const expected = peers.filter(
          (other) =>
            targets.includes(other) ||
            (other !== peer && networks.get(other)!.some((name) => wanted.includes(name))),
        );
        const group =
          chosen.map((name) => `~n=${name}`).join('') +
          targets.map((other) => `~s=${other.sessionId}`).join('');
        expect({ seed, step, found: recipientsOf(router, peer, group) }).toEqual({
          seed,
          step,
          found: expected.map(({ sessionId }) => sessionId),
        });
      }
    }
  });
});
