import { describe, expect, it } from 'vitest';
import { loginBody } from '../raw/raw-client';
import { post, send } from '../raw/raw-http';
import { newNetwork, useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

/** A key cannot begin with a hyphen: a tilde in front of it would be an escape. */
const KEYS = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '0', '1e9'];
const VALUES = [...KEYS, '-1', '__proto__.x', 'constructor.prototype'];

function ownNames(value: object): string[] {
  return Reflect.ownKeys(value).map(String).sort();
}

describe('property names from the network', () => {
  const lab = useRelay(startOurRelay, { heldErrorMs: 50 });
  const before = ownNames(Object.prototype);

  it.each(KEYS)('SEC-12 %s as a key changes nothing on any path', async (name) => {
    const { id } = await lab.login();
    const field = `~${name}=polluted`;
    expect((await post(lab.address, '/', loginBody(lab.account()) + field)).body).toMatch(/^~e=(0~id|7)/);
    expect((await post(lab.address, '/Upload', `~id=${id}${field}~d=x~z=0`)).body).toMatch(/^~e=(0|7)$/);
    expect((await post(lab.address, '/Download', `~id=${id}${field}~n=n1~z=0`)).body).toMatch(/^~e=(4|7)$/);
    expect((await post(lab.address, '/CancelDownload', `~id=${id}${field}~z=1`)).body).toMatch(/^~e=(15|7)$/);
    expect(ownNames(Object.prototype)).toEqual(before);
    expect(({} as Record<string, unknown>)[name]).not.toBe('polluted');
  });

  it.each(VALUES)('SEC-12 %s as a key of a WebSocket message is ignored or answered 7', async (name) => {
    const device = await lab.webSocket();
    expect(await device.exchange(`~${name}=x~s=${device.sessionId}~d=x~t=1`)).toMatch(/^~rt=s~e=(0|7)~t=1$/);
    expect(await device.exchange(`~${name}=x~t=1`)).toBe('~rt=s~e=7~t=1');
    expect(await device.exchange('~t=1')).toBe('~rt=k~t=1');
  });

  it.each(VALUES)('SEC-12 %s works as network name, data type and data', async (name) => {
    const receiver = await lab.webSocket();
    const sender = await lab.polling();
    expect(await sender.send(`~n=${name}~d=nobody yet`)).toBe('0');
    expect(await receiver.setNetworks(name)).toBe('4');
    expect(await sender.send(`~n=${name}~dt=${name}~d=${name}`)).toBe('0');
    expect(await receiver.delivery()).toEqual({ from: sender.sessionId, type: name, data: name });
  });

  it.each(VALUES)('SEC-12 %s is no account, no session id and no device id', async (name) => {
    const refused = await post(lab.address, '/', loginBody({ connectName: name, password: name }));
    expect(refused.body).toMatch(/^~e=8(~|$)/);
    const device = await lab.webSocket();
    expect(await device.send(`~s=${name}~d=x`)).toBe('2');
    for (const id of [name, `${name}s${name}`]) {
      expect((await post(lab.address, '/Upload', `~id=${id}~d=x~z=0`)).body).toBe('~e=12');
    }
  });

  it('SEC-12 property names as HTTP headers, cookies and methods do no harm', async () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) {
      const headers: [string, string][] = [
        [name, 'x'],
        [name, 'y'],
        ['Cookie', `${name}=x`],
        ['Content-Length', '0'],
      ];
      expect((await send(lab.address, { path: '/Upload', headers })).status).toBe(200);
    }
  });
});

describe('hostile fields', () => {
  const lab = useRelay(startOurRelay);

  it.each([
    ['4,097 unknown pairs', '~q=1'.repeat(4_097)],
    ['100,000 unknown pairs', '~q=1'.repeat(100_000)],
    ['4,097 recipients', '~s=99'.repeat(4_097)],
    ['4,097 networks', '~n=a'.repeat(4_097)],
  ])('SEC-11 %s in one group are refused with 7', async (_what, fields) => {
    const { id } = await lab.login();
    expect((await post(lab.address, '/Upload', `~id=${id}${fields}~d=x~z=0`)).body).toBe('~e=7');
  });

  it('SEC-11 4,097 listen networks are refused with 7', async () => {
    const device = await lab.webSocket();
    expect(await device.exchange(`~nc=1${'~ns=a'.repeat(4_097)}~t=1`)).toMatch(/^~rt=[ns]~e=7~t=1$/);
    expect(await device.exchange('~t=1')).toBe('~rt=k~t=1');
  });

  it('SEC-11 the limit holds per group: a batch may have more pairs in all', async () => {
    const device = await lab.webSocket();
    const group = `~n=nobody here~dt=t~d=x`;
    expect(await device.send(group.repeat(2_000))).toBe('0');
  });

  it.each([
    ['two ids', (id: string) => `~id=${id}~id=${id}~d=x`],
    ['an unknown id behind the own one', (id: string) => `~id=${id}~id=99sXx~d=x`],
    ['two data types of one group', (id: string) => `~id=${id}~dt=a~dt=b~d=x`],
  ])('SEC-11 %s are refused with 7', async (_what, body) => {
    const { id } = await lab.login();
    expect((await post(lab.address, '/Upload', body(id))).body).toMatch(/^~e=7$/);
  });

  it('SEC-11 P-65 a valid id behind an unknown one is never used', async () => {
    const device = await lab.webSocket();
    const body = `~id=99sXx~id=${device.id}~s=${device.sessionId}~d=x`;
    expect((await post(lab.address, '/Upload', body)).body).toMatch(/^~e=(7|12)$/);
    expect(await device.deliveriesSoFar()).toEqual([]);
  });

  it.each([
    ['two names', '~cn=home'],
    ['two passwords', '~cp=x'],
  ])('SEC-11 a login with %s is refused with 7', async (_what, extra) => {
    expect((await post(lab.address, '/', loginBody(lab.account()) + extra)).body).toMatch(/^~e=7(~|$)/);
  });

  it('SEC-11 P-14 a hostile data type, data or network cannot forge a field at the receiver', async () => {
    const network = newNetwork();
    const receiver = await lab.webSocket([network]);
    const sender = await lab.webSocket();
    const forged = '~t=1~rt=r~f=1~d=forged~t=1';
    const escaped = forged.replaceAll('~', '~~');
    expect(await sender.send(`~n=${network}~dt=${escaped}~d=${escaped}`)).toBe('0');
    expect(await receiver.delivery()).toEqual({ from: sender.sessionId, type: forged, data: forged });
    expect(await receiver.deliveriesSoFar()).toEqual([]);
  });

  it('SEC-11 a sender cannot state its own f, rt or e', async () => {
    const network = newNetwork();
    const receiver = await lab.webSocket([network]);
    const sender = await lab.webSocket();
    expect(await sender.exchange(`~rt=r~f=1~e=12~n=${network}~d=x~t=1`)).toMatch(/^~rt=s~e=(0|7)~t=1$/);
    expect(await sender.send(`~n=${network}~d=y`)).toBe('0');
    for (const delivery of await receiver.deliveriesSoFar()) expect(delivery.from).toBe(sender.sessionId);
  });

  it('SEC-11 a key of 100,000 bytes, and a value that never ends, do no harm', async () => {
    const device = await lab.webSocket();
    expect(await device.exchange(`~${'k'.repeat(100_000)}=x~t=1`)).toBe('~rt=s~e=7~t=1');
    device.socket.sendText(`~d=${'~~'.repeat(100_000)}`);
    expect(await device.exchange('~t=1')).toMatch(/^~rt=s~e=0~t=1$/);
  });
});
