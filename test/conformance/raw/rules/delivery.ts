import { describe, expect, it } from 'vitest';
import type { Delivery, Device } from '../raw-client';
import {
  type Lab,
  OFFICE,
  RESTRICTED,
  type StartRelay,
  TRANSPORTS,
  type TransportName,
  newNetwork,
  useRelay,
} from '../relay-under-test';

/** Who gets what: sections 7, 8 and 9, for senders and receivers on both transports. */
export function deliveryRules(start: StartRelay): void {
  for (const transport of TRANSPORTS) {
    describe(`delivery, sender on ${transport}`, () => {
      const lab = useRelay(start);
      recipientRules(lab, transport);
      accountRules(lab, transport);
      batchRules(lab, transport);
      discoveryRules(lab, transport);
    });
  }
}

async function textsAt(device: Device): Promise<string[]> {
  return (await device.deliveriesSoFar()).map((delivery) => delivery.data);
}

/** One listener on each transport. */
async function listeners(lab: Lab, networks: string[], account?: number): Promise<Device[]> {
  return [await lab.webSocket(networks, account), await lab.polling(networks, account)];
}

function recipientRules(lab: Lab, transport: TransportName): void {
  it('P-84 P-87 sends to the own default networks, and never back to the sender', async () => {
    const network = newNetwork();
    const sender = await lab.device(transport, [network]);
    const others = await listeners(lab, [network]);
    const elsewhere = await lab.webSocket([newNetwork()]);
    expect(await sender.send('~d=hello')).toBe('0');
    expect(await sender.send(`~n=${network}~d=named`)).toBe('0');
    for (const other of others) expect(await textsAt(other)).toEqual(['hello', 'named']);
    expect(await textsAt(elsewhere)).toEqual([]);
    expect(await textsAt(sender)).toEqual([]);
  });

  it('P-85 P-88 delivers to the sender what it addressed to its own session id', async () => {
    const network = newNetwork();
    const sender = await lab.device(transport, [network]);
    expect(await sender.send(`~s=${sender.sessionId}~d=me`)).toBe('0');
    expect(await sender.send(`~n=${network}~s=${sender.sessionId}~d=both`)).toBe('0');
    expect(await sender.deliveriesSoFar()).toEqual<Delivery[]>([
      { from: sender.sessionId, type: '', data: 'me' },
      { from: sender.sessionId, type: '', data: 'both' },
    ]);
  });

  it('P-86 P-88 V-33 gives one copy, however many ways a device is addressed', async () => {
    const [one, two] = [newNetwork(), newNetwork()];
    const sender = await lab.device(transport);
    const both = await listeners(lab, [one, two]);
    const only = await lab.webSocket([two]);
    const none = await lab.webSocket();
    const sessions = [...both, none].map((device) => `~s=${device.sessionId}`).join('');
    expect(await sender.send(`~n=${one}~n=${two}${sessions}~dt=t~d=once`)).toBe('0');
    expect(await sender.send(`~n=${two}~n=${two}~d=twice named`)).toBe('0');
    expect(await sender.send(`~s=${none.sessionId}~s=${none.sessionId}~d=twice addressed`)).toBe('0');
    for (const device of both) expect(await textsAt(device)).toEqual(['once', 'twice named']);
    expect(await textsAt(only)).toEqual(['once', 'twice named']);
    expect(await textsAt(none)).toEqual(['once', 'twice addressed']);
  });

  it('P-89 addresses networks that the sender does not listen to', async () => {
    const network = newNetwork();
    const sender = await lab.device(transport, [newNetwork()]);
    const others = await listeners(lab, [network]);
    expect(await sender.send(`~n=${network}~d=x`)).toBe('0');
    for (const other of others) expect(await textsAt(other)).toEqual(['x']);
  });

  it('P-92 an unknown session id gives 2, and the rest is delivered', async () => {
    const network = newNetwork();
    const sender = await lab.device(transport);
    const others = await listeners(lab, [network]);
    expect(await sender.send(`~n=${network}~s=99~d=a`)).toBe('2');
    expect(await sender.send(`~s=99~s=${others.map((other) => other.sessionId).join('~s=')}~d=b`)).toBe('2');
    for (const bad of ['99', '-1', 'x', '', '1e3', '99999999999999999999']) {
      expect([bad, await sender.send(`~s=${bad}~d=c`)]).toEqual([bad, '2']);
    }
    for (const other of others) expect(await textsAt(other)).toEqual(['a', 'b']);
  });

  it('P-93 a network with nobody else in it gives 0, and so do no networks at all', async () => {
    const alone = await lab.device(transport, [newNetwork()]);
    expect(await alone.send('~d=x')).toBe('0');
    expect(await alone.send(`~n=${newNetwork()}~d=x`)).toBe('0');
    expect(await (await lab.device(transport)).send('~d=x')).toBe('0');
  });

  it('P-94 keeps the order of one sender', async () => {
    const network = newNetwork();
    const sender = await lab.device(transport);
    const others = await listeners(lab, [network]);
    const texts = Array.from({ length: 40 }, (_, number) => `message ${number}`);
    for (const text of texts.slice(0, 20)) expect(await sender.send(`~n=${network}~d=${text}`)).toBe('0');
    const rest = texts.slice(20).map((text) => `~n=${network}~d=${text}`);
    expect(await sender.send(rest.join(''))).toBe('0');
    for (const other of others) expect(await textsAt(other)).toEqual(texts);
  });
}

function accountRules(lab: Lab, transport: TransportName): void {
  it('P-90 never delivers to another account, by network or by session id', async () => {
    const network = newNetwork();
    const sender = await lab.device(transport, [network]);
    const own = await listeners(lab, [network]);
    const foreign = await listeners(lab, [network], OFFICE);
    expect(await sender.send('~d=home')).toBe('0');
    for (const { sessionId } of foreign)
      expect(await sender.send(`~s=${sessionId}~n=${network}~d=aimed`)).toBe('2');
    for (const device of own) expect(await textsAt(device)).toEqual(['home', 'aimed', 'aimed']);
    for (const device of foreign) expect(await textsAt(device)).toEqual([]);
  });

  it('P-91 an allow-list skips other names and answers 5, in any mixture', async () => {
    const device = await lab.device(transport, [], RESTRICTED);
    expect(await device.setNetworks('allowed 1', 'allowed 2')).toBe('4');
    expect(await device.setNetworks('other')).toBe('5');
    expect(await device.setNetworks('allowed 1', 'other')).toBe('5');
    expect(await device.setNetworks('allowed 1')).toBe('4');
  });

  it('P-91 P-92 a network outside the allow-list gives 2, and the allowed ones are served', async () => {
    const sender = await lab.device(transport, [], RESTRICTED);
    const listener = await lab.webSocket([], RESTRICTED);
    expect(await listener.setNetworks('other', 'allowed 2')).toBe('5');
    expect(await sender.send('~n=other~d=a')).toBe('2');
    expect(await sender.send('~n=other~n=allowed 2~d=b')).toBe('2');
    expect(await sender.send('~n=allowed 1~d=c')).toBe('0');
    expect(await sender.send('~n=allowed 2~d=d')).toBe('0');
    expect(await textsAt(listener)).toEqual(['b', 'd']);
  });
}

function batchRules(lab: Lab, transport: TransportName): void {
  it('V-34 P-80 P-83 P-35 one answer for a batch; each group keeps its own data, type and recipients', async () => {
    const [home, one, two] = [newNetwork(), newNetwork(), newNetwork()];
    const sender = await lab.device(transport, [home]);
    const atHome = await listeners(lab, [home]);
    const atTwo = await lab.webSocket([two]);
    const groups = `~dt=t~d=x0x1x2x3x4x5~dt=u~d=y~n=${one}~n=${two}~dt=t~d=z~d=last`;
    expect(await sender.send(groups)).toBe('0');
    const from = sender.sessionId;
    for (const device of atHome) {
      expect(await device.deliveriesSoFar()).toEqual([
        { from, type: 't', data: 'x0x1x2x3x4x5' },
        { from, type: 'u', data: 'y' },
        { from, type: '', data: 'last' },
      ]);
    }
    expect(await atTwo.deliveriesSoFar()).toEqual([{ from, type: 't', data: 'z' }]);
  });

  it('V-35 P-82 P-83 equal neighbours stay six messages', async () => {
    const network = newNetwork();
    const sender = await lab.device(transport, [network]);
    const others = await listeners(lab, [network]);
    const texts = ['x0', 'x1', 'x2', 'x3', 'x4', 'x5'];
    expect(await sender.send(texts.map((text) => `~dt=t~d=${text}`).join(''))).toBe('0');
    const expected = texts.map((data) => ({ from: sender.sessionId, type: 't', data }));
    for (const other of others) expect(await other.deliveriesSoFar()).toEqual(expected);
  });

  it('P-77 P-92 takes a batch of 360 KB in 701 groups, and answers 2 when one of them missed', async () => {
    const network = newNetwork();
    const sender = await lab.device(transport);
    const receiver = await lab.webSocket([network]);
    const group = `~n=${network}~d=${'x'.repeat(500)}`;
    expect(await sender.send(`${group.repeat(350)}~s=99~d=lost${group.repeat(350)}`)).toBe('2');
    expect(await textsAt(receiver)).toHaveLength(700);
  });
}

function discoveryRules(lab: Lab, transport: TransportName): void {
  it('V-37 V-38 P-95 P-96 P-98 carries a discovery request and its responses as ordinary data', async () => {
    const network = newNetwork();
    const asking = await lab.device(transport, [network]);
    const others = await listeners(lab, [network]);
    expect(await asking.send('~dt=Discovery~d=?')).toBe('0');
    for (const [index, other] of others.entries()) {
      const request = { from: asking.sessionId, type: 'Discovery', data: '?' };
      expect(await other.deliveriesSoFar()).toEqual([request]);
      expect(await other.send(`~s=${request.from}~dt=Discovery Response~d=name ${index}`)).toBe('0');
    }
    expect(await asking.deliveriesSoFar()).toEqual(
      others.map(({ sessionId }, index) => ({
        from: sessionId,
        type: 'Discovery Response',
        data: `name ${index}`,
      })),
    );
  });

  it('P-95 asks named networks', async () => {
    const [own, other] = [newNetwork(), newNetwork()];
    const asking = await lab.device(transport, [own]);
    const here = await lab.webSocket([own]);
    const there = await lab.webSocket([other]);
    expect(await asking.send(`~n=${other}~dt=Discovery~d=?`)).toBe('0');
    expect(await textsAt(here)).toEqual([]);
    expect(await textsAt(there)).toEqual(['?']);
  });
}
