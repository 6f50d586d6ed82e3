import { describe, expect, it } from 'vitest';
import type { Device } from '../raw/raw-client';
import { post } from '../raw/raw-http';
import { useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

const EXTRA_ACCOUNTS = 7;
const SENDS = 1_200;

interface Tenant {
  account: number;
  listeners: Device[];
}

describe('isolation of accounts', () => {
  const lab = useRelay(startOurRelay, { extraAccounts: EXTRA_ACCOUNTS });
  const networks = ['shared', 'network 1', '~', '*', '>', 'a.b'];

  async function newTenant(account: number): Promise<Tenant> {
    return {
      account,
      listeners: [await lab.webSocket(networks, account), await lab.polling(networks, account)],
    };
  }

  /** Every account but number 2, whose allow-list would refuse these networks. */
  async function tenants(): Promise<Tenant[]> {
    const accounts = [0, 1, ...Array.from({ length: EXTRA_ACCOUNTS }, (_, n) => n + 3)];
    return Promise.all(accounts.map(newTenant));
  }

  it('SEC-9 hostile sends over nine accounts with equal network names and stolen session ids leak nothing', async () => {
    const all = await tenants();
    const sessions = all.flatMap(({ account, listeners }) =>
      listeners.map(({ sessionId }) => ({ account, sessionId })),
    );
    const perTenant = Math.ceil(SENDS / all.length);
    await Promise.all(
      all.map(async ({ account }) => {
        const attacker = await lab.webSocket(['shared'], account);
        for (let n = 0; n < perTenant; n++) {
          const stolen = sessions[(n * 7 + account) % sessions.length];
          if (!stolen) throw new Error('no session to steal');
          const network = networks[n % networks.length]?.replaceAll('~', '~~') ?? '';
          const code = await attacker.send(
            `~n=${network}~s=${stolen.sessionId}~dt=${account}~d=from ${account}`,
          );
          expect(code).toBe(stolen.account === account ? '0' : '2');
        }
      }),
    );
    for (const { account, listeners } of all) {
      for (const listener of listeners) {
        const deliveries = await listener.deliveriesSoFar();
        expect(deliveries.length).toBeGreaterThanOrEqual(perTenant);
        for (const { type, data } of deliveries)
          expect([type, data]).toEqual([String(account), `from ${account}`]);
      }
    }
  }, 60_000);

  it('SEC-9 discovery does not cross accounts', async () => {
    const [one, two] = [await newTenant(0), await newTenant(1)];
    const asking = await lab.webSocket(['shared'], 0);
    expect(await asking.send('~dt=Discovery~d=?')).toBe('0');
    for (const listener of one.listeners) expect(await listener.deliveriesSoFar()).toHaveLength(1);
    for (const listener of two.listeners) expect(await listener.deliveriesSoFar()).toEqual([]);
  });

  it('SEC-9 SEC-8 a session id without its secret opens nothing', async () => {
    const victim = await lab.polling(['shared'], 0);
    const own = await lab.login(1);
    const [sessionId = '', secret = ''] = victim.id.split(/s(.*)/);
    const ownSecret = own.id.slice(own.sessionId.length + 1);
    const forged = [
      sessionId,
      `${sessionId}s`,
      `${sessionId}s${ownSecret}`,
      `${own.sessionId}s${secret}`,
      `${sessionId}s${secret.slice(0, -1)}`,
      `${sessionId}s${secret}0`,
      `${sessionId}s${secret === secret.toLowerCase() ? secret.toUpperCase() : secret.toLowerCase()}`,
      `0${victim.id}`,
      `+${victim.id}`,
      `${victim.id}~-`,
      ` ${victim.id}`,
      `${Number(sessionId) + 1}s${secret}`,
    ];
    for (const id of forged) {
      expect([id, (await post(lab.address, '/Upload', `~id=${id}~d=x~z=0`)).body]).toEqual([id, '~e=12']);
      expect([id, (await post(lab.address, '/Download', `~id=${id}~z=0`)).body]).toEqual([id, '~e=12']);
      await post(lab.address, '/CancelDownload', `~id=${id}~ts=1~z=0`);
    }
    expect(await victim.send('~d=alive')).toBe('0');
  });
});
