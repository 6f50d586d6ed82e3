import { describe, expect, it } from 'vitest';
import { RelayCoreLab, sessionOf } from '../../helpers/relay-core-lab';

const BODY = '~p=1~cn=home~cp=pass~~word~ec=1';

describe('login', () => {
  it('V-25 P-5 P-37 P-38 P-48 answers e, id, ip twice, dn twice, sl, then the texts from key 0 on', () => {
    const answer = new RelayCoreLab().post('login', BODY);
    expect(answer).toMatch(
      /^~e=0~id=\d+s[0-9A-Za-z]{22}~ip=192\.0\.2\.1~ip=192\.0\.2\.1~dn=relay\.example~dn=relay\.example~sl=1~0=Success~1=Unknown error~2=/,
    );
  });

  it('P-38 leaves the texts out when they were not asked for', () => {
    expect(new RelayCoreLab().post('login', '~p=1~cn=a~cp=b')).toMatch(/~sl=1$/);
  });

  it('P-15 P-19 hands name and password on without their escapes', () => {
    const lab = new RelayCoreLab();
    const seen: string[] = [];
    lab.check = (connectName, password) => {
      seen.push(connectName, password);
      return { ok: false, code: 8 };
    };
    lab.post('login', '~p=1~cn=a~~b=c~cp=p~-q~~');
    expect(seen).toEqual(['a~b=c', 'p\0q~']);
  });

  it('V-26 SEC-24 answers 8 alone, and ends the connection with it', () => {
    const lab = new RelayCoreLab();
    lab.check = () => ({ ok: false, code: 8 });
    expect(lab.request('login', BODY)).toMatchObject({ body: '~e=8', isRefused: true });
    expect(lab.core.levels.sessions).toBe(0);
    expect(lab.core.counters).toMatchObject({ logins: 0, loginsRefused: 1 });
  });

  it.each([
    ['P-27 no leading tilde', 'p=1~cn=a~cp=b', '~e=7'],
    ['P-30 a lone tilde', '~p=1~cn=a~cp=b~', '~e=7'],
    ['another version', '~p=2~cn=a~cp=b', '~e=7'],
    ['no version', '~cn=a~cp=b', '~e=7'],
    ['an empty body', '', '~e=7'],
    ['no password', '~p=1~cn=a', '~e=8'],
    ['SEC-11 two names', '~p=1~cn=a~cn=b~cp=c', '~e=7'],
    ['SEC-11 a key that is none', '~p=1~cn=a~cp=b~__proto__=x', '~e=7'],
  ])('P-3 answers %s with a code', (_what, body, answer) => {
    expect(new RelayCoreLab().post('login', body)).toBe(answer);
  });

  it('P-28 SEC-12 P-32 passes over unknown keys, and over what follows a broken one', () => {
    const lab = new RelayCoreLab();
    expect(lab.post('login', '~p=1~cn=a~cp=b~constr=x~rt~e=0')).toMatch(/^~e=0~id=/);
  });

  it('SEC-13 a body above the limit for strangers is refused whatever it says', () => {
    const lab = new RelayCoreLab();
    expect(lab.request('login', BODY, { fault: 'anonymous' }).body).toBe('~e=7');
    expect(lab.core.allowsLargeBody('login', new Uint8Array(0))).toBe(false);
  });

  it('P-103 SEC-8 gives every login another id', () => {
    const lab = new RelayCoreLab();
    const ids = Array.from({ length: 50 }, () => sessionOf(lab.login()));
    expect(new Set(ids).size).toBe(50);
  });

  it('makes no session for a request that is gone when the check ends', () => {
    const lab = new RelayCoreLab();
    lab.check = () => undefined;
    const request = lab.request('login', BODY);
    expect(lab.core.levels.pendingLogins).toBe(1);
    lab.abort(request);
    const account = { id: 1, connectName: 'home', networks: undefined };
    lab.input({ type: 'login-checked', asker: { request: request.request }, result: { ok: true, account } });
    expect(lab.core.levels).toMatchObject({ sessions: 0, pendingLogins: 0, accounts: 0 });
    expect(request.body).toBeUndefined();
  });

  it('answers 20 above the number of sessions, of the relay and of the account', () => {
    const relay = new RelayCoreLab({ maxSessions: 2 });
    relay.login();
    relay.login();
    expect(relay.post('login', BODY)).toBe('~e=20');
    const account = new RelayCoreLab({ maxSessionsPerAccount: 1 });
    account.login();
    expect(account.post('login', BODY)).toBe('~e=20');
    expect(account.core.levels).toMatchObject({ sessions: 1, accounts: 1 });
  });

  it('SEC-19 logs neither password nor device id', () => {
    const lab = new RelayCoreLab();
    lab.post('login', '~p=1~cn=home~cp=canary-password~ec=1');
    const id = lab.login();
    const socket = lab.attach(id, ['n']);
    socket.exchange('~d=canary-data~t=1');
    socket.drop();
    const logs = JSON.stringify(lab.logs);
    expect(lab.logs.length).toBeGreaterThan(0);
    expect(logs).not.toContain('canary');
    expect(logs).not.toContain(id);
  });
});
