import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeOf, loginBody } from '../raw/raw-client';
import { WebSocketDevice } from '../raw/websocket-device';
import { closeAllConnections, openConnectionCount } from '../raw/raw-connection';
import { post } from '../raw/raw-http';
import { requestUpgrade } from '../raw/raw-websocket';
import { HOME, OFFICE, newNetwork, useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

describe('guessing passwords', () => {
  const lab = useRelay(startOurRelay);

  it('SEC-6 V-26 an unknown name and a wrong password get the same answer, byte for byte', async () => {
    const { connectName, password } = lab.account(HOME);
    const wrong = await post(lab.address, '/', loginBody({ connectName, password: 'wrong' }));
    const unknown = await post(lab.address, '/', loginBody({ connectName: 'nobody', password }));
    expect(wrong.body).toBe(unknown.body);
    expect(codeOf(wrong.body)).toBe('8');
    const names = (response: typeof wrong): string[] => response.headers.map(([name]) => name);
    expect(names(wrong)).toEqual(names(unknown));
  });

  it('SEC-6 hundreds of wrong tries leave attached devices and the known password untouched', async () => {
    const network = newNetwork();
    const listener = await lab.webSocket([network]);
    const sender = await lab.polling([network]);
    const { connectName } = lab.account(HOME);
    const codes = new Set<string>();
    for (let round = 0; round < 30; round++) {
      const tries = Array.from({ length: 10 }, (_, n) =>
        loginBody({ connectName, password: `guess ${round} ${n}` }),
      );
      const answers = await Promise.all(tries.map((body) => post(lab.address, '/', body)));
      for (const { body } of answers) codes.add(codeOf(body));
    }
    for (const code of codes) expect(['8', '20']).toContain(code);
    expect(await sender.send('~d=still here')).toBe('0');
    expect((await listener.delivery()).data).toBe('still here');
    expect(await listener.exchange(`~id=${listener.id}~t=1`)).toBe('~rt=a~e=0~t=1');
    expect((await lab.login(HOME)).sessionId).toMatch(/^\d+$/);
  });

  it('SEC-6 wrong tries against one account do not stop another account from its first login', async () => {
    expect((await lab.login(OFFICE)).sessionId).toMatch(/^\d+$/);
  });
});

describe('session ids', () => {
  const lab = useRelay(startOurRelay);

  it('SEC-8 P-101 are unique, of the documented form, and the secret uses the whole alphabet evenly', async () => {
    const sessions = new Set<string>();
    const secrets = new Set<string>();
    const counts = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const { id, sessionId } = await lab.login(i % 2);
      expect(id).toMatch(/^[1-9]\d*s[0-9A-Za-z]{22,64}$/);
      expect(Number(sessionId)).toBeLessThan(2 ** 48);
      const secret = id.slice(sessionId.length + 1);
      sessions.add(sessionId);
      secrets.add(secret);
      for (const letter of secret) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect([sessions.size, secrets.size]).toEqual([300, 300]);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const expected = total / counts.size;
    const chiSquare = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    );
    const bitsPerLetter = Math.log2(counts.size);
    expect((total / 300) * bitsPerLetter).toBeGreaterThanOrEqual(127.9);
    // With k letters chi-square has k - 1 degrees of freedom; ten standard deviations above is no accident.
    expect(chiSquare).toBeLessThan(counts.size + 10 * Math.sqrt(2 * counts.size));
  });

  it('SEC-8 neighbouring session ids are not consecutive', async () => {
    const ids: number[] = [];
    for (let i = 0; i < 20; i++) ids.push(Number((await lab.login()).sessionId));
    const steps = ids.slice(1).map((id, index) => Math.abs(id - (ids[index] ?? 0)));
    expect(Math.min(...steps)).toBeGreaterThan(1);
  });
});

describe('refusals', () => {
  const lab = useRelay(startOurRelay);

  /** Descriptors of this process without the tests' own ends of their connections, some of which stay half open. */
  function relayDescriptors(): number {
    return readdirSync('/proc/self/fd').length - openConnectionCount();
  }

  async function refusals(): Promise<void> {
    const device = await WebSocketDevice.open(lab.address, '99sXx');
    expect(await device.exchange('~id=99sXx~t=1')).toBe('~rt=a~e=12~t=1');
    await device.waitForClose();
    const refused = await requestUpgrade(lab.address, { path: '/nowhere' });
    await refused.connection.waitForEnd();
    expect(codeOf((await post(lab.address, '/', '~p=1')).body)).toMatch(/^(7|8)$/);
    expect(codeOf((await post(lab.address, '/', '~p=1~cn=nobody~cp=x')).body)).toMatch(/^(8|20)$/);
    expect((await post(lab.address, '/nowhere', 'x')).status).toBe(404);
  }

  it.runIf(process.platform === 'linux')(
    'SEC-24 close the connection: descriptors are back at their number',
    async () => {
      await lab.login();
      closeAllConnections();
      const base = relayDescriptors();
      for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 10 }, refusals));
      await expect.poll(relayDescriptors, { timeout: 10_000 }).toBeLessThanOrEqual(base);
    },
  );
});
