import { describe, expect, it } from 'vitest';
import { HOME, OFFICE, RelayCoreLab } from '../../helpers/relay-core-lab';

describe('delivery', () => {
  it('V-31 V-32 P-84 P-87 P-35 goes to the default networks of the sender, and not back', () => {
    const lab = new RelayCoreLab();
    const [sender, receiver, other] = [lab.device(['n']), lab.device(['n']), lab.device(['m'])];
    expect(sender.exchange('~dt=t~d=hello~t=1')).toBe('~rt=s~e=0~t=1');
    expect(receiver.take()).toBe(`~rt=r~f=${sender.sessionId}~dt=t~d=hello~t=1`);
    expect(other.take()).toBe('');
  });

  it('P-85 P-88 P-86 V-33 the union of networks and sessions, one copy each, the own session if named', () => {
    const lab = new RelayCoreLab();
    const [sender, both, named] = [lab.device(['a', 'b']), lab.device(['a', 'b']), lab.device()];
    const targets = `~n=a~n=b~n=a~s=${named.sessionId}~s=${both.sessionId}~s=${sender.sessionId}~s=${named.sessionId}`;
    const group = `~rt=r~f=${sender.sessionId}~d=x~t=1`;
    expect(sender.exchange(`${targets}~d=x~t=1`)).toBe(`${group}~rt=s~e=0~t=1`);
    expect([both.take(), named.take()]).toEqual([group, group]);
  });

  it('P-80 P-83 V-34 V-35 keeps the groups of a batch apart, with one answer', () => {
    const lab = new RelayCoreLab();
    const [sender, home, other] = [lab.device(['home']), lab.device(['home']), lab.device(['other'])];
    expect(sender.exchange('~n=other~dt=t~d=1~d=2~d=2~dt=u~d=~t=1')).toBe('~rt=s~e=0~t=1');
    const f = `~f=${sender.sessionId}`;
    expect(other.take()).toBe(`~rt=r${f}~dt=t~d=1~t=1`);
    expect(home.take()).toBe(`~rt=r${f}~d=2${f}~d=2${f}~dt=u~d=~t=1`);
  });

  it('P-92 P-93 K-19 answers 2 for an unknown session id and delivers the rest; an empty network is no fault', () => {
    const lab = new RelayCoreLab();
    const [sender, receiver] = [lab.device(), lab.device(['n'])];
    for (const bad of ['99', '-1', '', 'x', '01', '1e3', '99999999999999999999', `0${receiver.sessionId}`]) {
      expect([bad, sender.exchange(`~n=n~s=${bad}~d=x~t=1`)]).toEqual([bad, '~rt=s~e=2~t=1']);
      expect(receiver.take()).toContain('~d=x');
    }
    expect(sender.exchange('~n=nobody~d=x~t=1')).toBe('~rt=s~e=0~t=1');
    expect(sender.exchange('~d=x~t=1')).toBe('~rt=s~e=0~t=1');
  });

  it('P-79 an empty network name in a group says nothing', () => {
    const lab = new RelayCoreLab();
    const [sender, receiver] = [lab.device(['n', '']), lab.device(['n'])];
    expect(sender.exchange('~n=~d=x~t=1')).toBe('~rt=s~e=0~t=1');
    expect(receiver.take()).toContain('~d=x');
  });

  it('P-90 SEC-9 neither a network nor a session id reaches another account', () => {
    const lab = new RelayCoreLab();
    const own = lab.device(['n'], HOME);
    const foreign = lab.device(['n'], OFFICE);
    const sender = lab.device(['n'], HOME);
    expect(sender.exchange(`~n=n~s=${foreign.sessionId}~d=x~t=1`)).toBe('~rt=s~e=2~t=1');
    expect(own.take()).toContain('~d=x');
    expect(foreign.take()).toBe('');
  });

  it('P-91 P-92 an allow-list gives 5 for a set and 2 for a send; the allowed ones are served', () => {
    const lab = new RelayCoreLab();
    const account = { id: 7, connectName: 'restricted', networks: new Set(['a', 'b']) };
    const [sender, receiver] = [lab.device([], account), lab.device([], account)];
    expect(receiver.exchange('~nc=1~ns=a~ns=x~t=1')).toBe('~rt=n~e=5~t=1');
    expect(sender.exchange('~n=x~d=1~t=1')).toBe('~rt=s~e=2~t=1');
    expect(sender.exchange('~n=x~n=a~d=2~t=1')).toBe('~rt=s~e=2~t=1');
    expect(sender.exchange('~n=b~d=3~t=1')).toBe('~rt=s~e=0~t=1');
    expect(receiver.take()).toMatch(/^~rt=r~f=\d+~d=2~t=1$/);
  });

  it('SEC-10 a network that the account has lost since is unknown, also as a default', () => {
    const lab = new RelayCoreLab();
    const networks = new Set(['a', 'b']);
    const account = { id: 7, connectName: 'restricted', networks };
    const [sender, receiver] = [lab.device(['a', 'b'], account), lab.device(['a', 'b'], account)];
    networks.delete('a');
    expect(sender.exchange('~d=1~t=1')).toBe('~rt=s~e=2~t=1');
    expect(sender.exchange('~n=a~d=2~t=1')).toBe('~rt=s~e=2~t=1');
    expect(receiver.take()).toMatch(/^~rt=r~f=\d+~d=1~t=1$/);
    receiver.exchange('~nc=1~ns=a~t=1');
    expect(sender.exchange('~n=b~d=3~t=1')).toBe('~rt=s~e=0~t=1');
    expect(receiver.take()).toBe('');
  });

  it('P-91 too many networks, or too long a name, give 5', () => {
    const lab = new RelayCoreLab({ maxNetworks: 2, maxNetworkNameLength: 3 });
    const device = lab.device();
    expect(device.exchange('~nc=1~ns=a~ns=a~ns=b~t=1')).toBe('~rt=n~e=4~t=1');
    expect(device.exchange('~nc=1~ns=a~ns=b~ns=c~t=1')).toBe('~rt=n~e=5~t=1');
    expect(device.exchange('~nc=1~ns=abcd~t=1')).toBe('~rt=n~e=5~t=1');
  });

  it('P-15 network names are compared without their escapes, and as text whatever bytes made it', () => {
    const lab = new RelayCoreLab();
    const [sender, receiver] = [lab.device(), lab.device(['a~~b', '\xe9'])];
    sender.exchange('~n=a~~b~d=1~n=\xc3\xa9~d=2~n=\xe9~d=3~t=1');
    expect(receiver.take().match(/~d=\d/g)).toEqual(['~d=1', '~d=2', '~d=3']);
  });

  it('P-89 keeps thousands of network names apart, seen again and again', () => {
    const lab = new RelayCoreLab();
    const names = Array.from({ length: 3_000 }, (_, i) => `network ${i}`);
    const sender = lab.device();
    const receivers = [
      lab.device(names.slice(0, 1_000)),
      lab.device(names.slice(1_000, 2_000)),
      lab.device(names.slice(2_000)),
    ];
    for (let round = 0; round < 2; round++) {
      sender.exchange(`${names.map((name) => `~n=${name}~d=${name}`).join('')}~t=1`);
      receivers.forEach((receiver, i) => {
        const got = [...receiver.take().matchAll(/~d=(network \d+)/g)].map(([, name]) => name);
        expect(got).toEqual(names.slice(i * 1_000, (i + 1) * 1_000));
      });
    }
  });

  it.each([
    ['V-1', 'tilde~~ nul~- eq= end~~'],
    ['V-4', 'x~~t=1y'],
    ['V-9', '\xff\xfe\x80'],
    ['V-10', ''],
    ['V-12', 'a~~'],
    ['V-14', 'a~-'],
    [
      'every byte',
      Array.from({ length: 256 }, (_, i) =>
        i === 0 ? '~-' : i === 126 ? '~~' : String.fromCharCode(i),
      ).join(''),
    ],
  ])('%s P-23 data passes untouched', (_no, data) => {
    const lab = new RelayCoreLab();
    const [sender, receiver] = [lab.device(), lab.device(['n'])];
    sender.exchange(`~n=n~dt=${data}~d=${data}~t=1`);
    const type = data === '' ? '' : `~dt=${data}`;
    expect(receiver.take()).toBe(`~rt=r~f=${sender.sessionId}${type}~d=${data}~t=1`);
  });

  it('section 21 SEC-13 counts data after decoding; a message above the limit gets 2, the others of the batch go on', () => {
    const lab = new RelayCoreLab({ maxDataSize: 10 });
    const [sender, receiver] = [lab.device(), lab.device(['n'])];
    const ten = '~n=n~d=' + '~~'.repeat(10);
    expect(sender.exchange(`${ten}~t=1`)).toBe('~rt=s~e=0~t=1');
    expect(sender.exchange(`${ten}~~~n=n~d=ok~t=1`)).toBe('~rt=s~e=2~t=1');
    expect(sender.exchange(`~n=n~d=${'x'.repeat(11)}~t=1`)).toBe('~rt=s~e=2~t=1');
    expect(receiver.take().match(/~d=/g)).toHaveLength(2);
  });

  it('P-94 keeps the order of each sender, also when networks and single sessions mix in a turn', () => {
    const lab = new RelayCoreLab();
    const [one, two, receiver] = [lab.device(['n']), lab.device(['n']), lab.device(['n'])];
    for (let i = 0; i < 30; i++) {
      one.send(i % 3 === 0 ? `~s=${receiver.sessionId}~d=a${i}~t=1` : `~d=a${i}~t=1`);
      two.send(i % 2 === 0 ? `~s=${receiver.sessionId}~d=b${i}~t=1` : `~d=b${i}~t=1`);
      if (i % 7 === 0) receiver.send('~t=1');
    }
    lab.flush();
    const data = [...receiver.take().matchAll(/~d=([ab])(\d+)/g)].map(([, from, number]) => [
      from,
      Number(number),
    ]);
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    for (const from of ['a', 'b']) {
      expect(data.filter(([sender]) => sender === from).map(([, number]) => number)).toEqual(numbers);
    }
  });

  it('P-56 a later set replaces the networks, and an ended session is in none', () => {
    const lab = new RelayCoreLab();
    const [sender, receiver, leaving] = [lab.device(), lab.device(['a']), lab.device(['a', 'b'])];
    receiver.exchange('~nc=1~ns=b~t=1');
    sender.exchange('~n=a~d=1~n=b~d=2~t=1');
    expect(receiver.take()).toMatch(/^~rt=r~f=\d+~d=2~t=1$/);
    leaving.send('~c=t~t=1');
    expect(sender.exchange(`~s=${leaving.sessionId}~d=x~t=1`)).toBe('~rt=s~e=2~t=1');
    receiver.exchange('~nc=1~t=1');
    expect(sender.exchange('~n=a~n=b~d=x~t=1')).toBe('~rt=s~e=0~t=1');
    expect(lab.core.counters.messagesEncoded).toBe(2);
  });
});
