import { describe, expect, it } from 'vitest';
import { fieldValue, login, loginBody } from '../raw-client';
import { post } from '../raw-http';
import { HOME, OFFICE, type StartRelay, pass, useRelay } from '../relay-under-test';
import { decodeFields, encodeFields } from '../tilde';

/** POST `/`: sections 4 and 10. */
export function credentialsRules(start: StartRelay): void {
  describe('credentials', () => {
    const lab = useRelay(start);

    it('V-25 P-5 P-37 P-38 P-48 answers the fields in the documented order, texts last', async () => {
      const { fields } = await lab.login();
      const keys = fields.map(([key]) => key);
      const texts = keys.indexOf('0');
      const head = keys.slice(0, texts).join(' ');
      expect(texts).toBeGreaterThan(0);
      expect(['e id ip ip dn dn', 'e id ip ip dn dn sl']).toContain(head);
      expect(fields[0]).toEqual(['e', '0']);
      for (const key of keys.slice(texts)) expect(key).toMatch(/^\d+$/);
      for (const [, text] of fields.slice(texts)) expect(text).not.toBe('');
    });

    it('P-37 P-38 leaves the error texts out when they were not asked for', async () => {
      const { body } = await post(lab.address, '/', loginBody(lab.account(), []));
      const keys = decodeFields(body).map(([key]) => key);
      expect(['e id ip ip dn dn', 'e id ip ip dn dn sl']).toContain(keys.join(' '));
    });

    it('P-47 P-49 names two addresses and two hosts without blanks', async () => {
      const { fields } = await lab.login();
      const values = (wanted: string): string[] =>
        fields.filter(([key]) => key === wanted).map(([, value]) => value);
      expect(values('ip')).toHaveLength(2);
      expect(values('dn')).toHaveLength(2);
      for (const ip of values('ip')) expect(ip).toMatch(/^(\d{1,3}\.){3}\d{1,3}(:\d{1,5})?$/);
      for (const name of values('dn')) expect(name).toMatch(/^[^\s~/]+$/);
    });

    it('P-5 P-100 P-101 P-102 gives an id of digits, s and at least 128 bits of letters and digits', async () => {
      const { id, body } = await lab.login();
      expect(id).toMatch(/^\d+s[0-9A-Za-z]{22,}$/);
      expect(body).toContain(`~e=0~id=${id}~ip=`);
    });

    it('P-103 gives each login its own session id', async () => {
      const ids = new Set<string>();
      for (let i = 0; i < 10; i++) ids.add((await lab.login(i % 2)).sessionId);
      expect(ids.size).toBe(10);
    });

    it('P-19 P-15 reads escaped names and passwords', async () => {
      const escaped = lab.address.accounts.filter(({ connectName, password }) =>
        (connectName + password).includes('~'),
      );
      expect(escaped.length).toBeGreaterThan(0);
      for (const account of escaped) expect((await login(lab.address, account)).sessionId).toMatch(/^\d+$/);
    });

    it('V-26 answers 8 and nothing else to a wrong password and to an unknown name', async () => {
      const { connectName } = lab.account(HOME);
      const wrong = [
        { connectName, password: 'not this one' },
        { connectName: 'nobody', password: lab.account(HOME).password },
        { connectName, password: lab.account(OFFICE).password },
      ];
      for (const account of wrong) {
        const { body } = await post(lab.address, '/', loginBody(account));
        expect(decodeFields(body)[0]).toEqual(['e', '8']);
        expect(fieldValue(decodeFields(body), 'id')).toBeUndefined();
      }
    });

    it('P-32 ignores unknown keys', async () => {
      const { body } = await post(
        lab.address,
        '/',
        loginBody(lab.account(), [
          ['q', '9'],
          ['xyz', ''],
        ]),
      );
      expect(body).toMatch(/^~e=0~id=/);
    });

    it.each([
      ['P-27 no leading tilde', 'p=1~cn=home~cp=x'],
      ['P-30 a single tilde at the end', '~p=1~cn=home~cp=x~'],
      ['P-18 nothing that is a field', '~~~'],
      ['P-3 an empty body', ''],
      ['P-3 no name and no password', '~p=1'],
    ])('%s: still answers 200 with a code', async (_name, body) => {
      const response = await post(lab.address, '/', body);
      expect(response.status).toBe(200);
      expect(response.body).toMatch(/^~e=(7|8)(~|$)/);
    });

    it('P-29 P-28 reads an empty last value, and stops at a tilde inside a key', async () => {
      const good = loginBody(lab.account(), []);
      expect((await post(lab.address, '/', `${good}~q=`)).body).toMatch(/^~e=0~id=/);
      expect((await post(lab.address, '/', `${good}~rt~e=0`)).body).toMatch(/^~e=0~id=/);
    });

    it('P-17 P-16 keeps equals signs in a value', async () => {
      const body = encodeFields([
        ['p', '1'],
        ['cn', 'home=x'],
        ['cp', '='],
      ]);
      expect((await post(lab.address, '/', body)).body).toMatch(/^~e=8/);
    });
  });

  describe('credentials that are never used', () => {
    const lab = useRelay(start, { unusedSessionMs: 300 });

    it('P-50 expire', async () => {
      const { id } = await lab.login();
      await pass(1_000);
      expect((await post(lab.address, '/Upload', `~id=${id}~d=x~z=0`)).body).toBe('~e=12');
    });
  });
}
