import { beforeEach, describe, expect, it } from 'vitest';
import { HOME, OFFICE, RelayCoreLab } from '../../helpers/relay-core-lab';
import { ResumingDevice, valueOf } from '../../helpers/resume-lab';

let lab: RelayCoreLab;
beforeEach(() => {
  lab = new RelayCoreLab();
});

describe('login with the extension', () => {
  it('X-2 grants before the texts what was offered and is known', () => {
    const { answer, token } = ResumingDevice.login(lab);
    expect(answer).toMatch(/~sl=1~x=1~xf=rav~xr=[^~]+~xt=120~xw=4096,1048576~xd=16384,8388608~xm=262144~xp=[0-9a-f]{16}~0=/);
    expect(token.length).toBeLessThanOrEqual(200);
  });

  it.each(['', '~x=2~xf=r~xi=' + 'x'.repeat(22), '~x=1~xf=av~xi=' + 'x'.repeat(22), '~x=1~xf=r~xi=short'])(
    'X-4 nothing of it to whoever does not offer it: %s',
    (offer) => {
      const answer = lab.post('login', `~p=1~cn=a~cp=b~ec=1${offer}`)!;
      expect(answer).toMatch(/~sl=1~0=/);
      expect(answer).not.toMatch(/~x[a-z]?=|~2[5-9]=|~3\d=/);
    },
  );

  it('X-29 a second session of a living instance gets 28, unless it shows the token of the first', () => {
    const device = ResumingDevice.login(lab, undefined, { ...HOME, generation: '00000000000000aa' });
    device.attach(0);
    const login = (credentials: string): string =>
      lab.post('login', `~p=1${credentials}~x=1~xf=r~xi=${device.instance}`)!;
    expect(login('~cn=a~cp=b')).toBe('~e=28');
    expect(login(`~xr=${device.token}`)).toMatch(/^~e=0~id=/);
    expect(device.socket!.closed?.code).toBe(1000);
  });

  it('X-29 who is away makes way for its instance with the password, the new one after a change too', () => {
    const before = { ...HOME, generation: '00000000000000aa' };
    const device = ResumingDevice.login(lab, undefined, before);
    device.attach(0);
    lab.account = { ...HOME, generation: '00000000000000bb' };
    const offer = `~x=1~xf=r~xi=${device.instance}`;
    expect(lab.post('login', `~p=1~cn=a~cp=new${offer}`)).toBe('~e=28');
    device.socket!.drop();
    lab.checkToken = () => ({ ok: false, code: 8 });
    expect(lab.post('login', `~p=1~xr=${device.token}${offer}`)).toBe('~e=32');
    expect(lab.post('login', `~p=1~cn=a~cp=new${offer}`)).toMatch(/^~e=0~id=/);
    expect(lab.core.levels.sessions).toBe(1);
    expect(device.attach(0)).toContain('~rt=a~e=32~');
  });

  it('X-29 a login that comes twice does not end the session that it has begun, away or between two downloads', () => {
    const device = ResumingDevice.login(lab, undefined, { ...HOME, generation: '00000000000000aa' });
    const again = `~p=1~cn=a~cp=b~x=1~xf=r~xi=${device.instance}`;
    device.attachPolling(0);
    expect(lab.post('login', again)).toBe('~e=28');
    device.attach(0);
    device.socket!.drop();
    expect(lab.post('login', again)).toBe('~e=28');
    expect(device.attach(0)).toContain('~rt=a~e=0~');
  });

  it('X-29 SEC-9 a token of another session does not make it go, and nobody of another account does', () => {
    const device = ResumingDevice.open(lab);
    device.socket!.drop();
    const other = ResumingDevice.login(lab, undefined, { ...HOME, generation: '00000000000000aa' });
    expect(lab.post('login', `~p=1~xr=${other.token}~x=1~xf=r~xi=${device.instance}`)).toBe('~e=28');
    ResumingDevice.login(lab, device.instance, OFFICE);
    expect(lab.core.levels.sessions).toBe(3);
    expect(device.attach(0)).toContain('~rt=a~e=0~');
  });

  it('X-47 a relay that is full says when to ask again', () => {
    lab = new RelayCoreLab({ maxSessions: 1 });
    ResumingDevice.login(lab);
    const login = (more: string): string | undefined => lab.post('login', `~p=1~cn=a~cp=b${more}`);
    expect(login(`~x=1~xf=r~xi=${ResumingDevice.newInstance()}`)).toBe('~e=29~xt=5');
    expect(login('')).toBe('~e=20');
  });

  it('X-29 a session that nobody has used makes way', () => {
    const { instance } = ResumingDevice.login(lab);
    expect(() => ResumingDevice.login(lab, instance)).not.toThrow();
    expect(lab.core.levels.sessions).toBe(1);
  });

  it('X-38 a token lets in without a password, until the store says no', () => {
    const { token } = ResumingDevice.login(lab, undefined, { ...HOME, generation: '00000000000000aa' });
    lab.advance(3_600_000);
    expect(lab.core.levels.sessions).toBe(0);
    const login = (credential: string): string | undefined =>
      lab.post('login', `~p=1~xr=${credential}~x=1~xf=r~xi=${ResumingDevice.newInstance()}`);
    expect(login(token)).toMatch(/^~e=0~id=/);
    expect(lab.tokenLogins).toBe(1);
    lab.checkToken = () => ({ ok: false, code: 8 });
    expect(login(token)).toBe('~e=32');
    expect(login('forged')).toBe('~e=32');
    expect(lab.tokenLogins).toBe(2);
  });
});

describe('rights', () => {
  it('X-69 what waits for a device that is away is not replayed when its account has lost a network; a gap says so', () => {
    const account = { ...HOME, networks: new Set(['n', 'lost']) };
    const [one, other, third] = [0, 1, 2].map(() => {
      const device = ResumingDevice.login(lab, undefined, account);
      device.attach(0);
      return device;
    }) as [ResumingDevice, ResumingDevice, ResumingDevice];
    other.exchange('~nc=1~ns=n~ns=lost~t=1');
    third.exchange('~nc=1~ns=n~t=1');
    for (const device of [other, third]) device.socket!.drop();
    one.exchange('~xq=1~xn=1~n=lost~d=secret~n=n~d=open~t=1');
    account.networks.delete('lost');
    const answer = other.attach(0);
    expect(answer).toContain('~rt=g~xg=1-2:overflow~t=1');
    expect(answer).not.toContain('secret');
    expect(third.attach(0)).toContain('~d=open');
    account.networks.add('lost');
    expect(one.exchange('~xq=3~xn=3~n=lost~d=later~n=n~d=again~t=1')).toBe('~rt=s~e=0~xh=4~t=1');
    expect(other.socket!.take()).toMatch(/^~rt=r~xq=3~[^]*~d=again~t=1$/);
  });
});

describe('sizes', () => {
  const device = (limits: ConstructorParameters<typeof RelayCoreLab>[0]): ResumingDevice => {
    lab = new RelayCoreLab(limits);
    return ResumingDevice.open(lab, ['n']);
  };
  const announced = (one: ResumingDevice): number => Number(valueOf(one.answer, 'xm'));

  it.each([
    [{ maxTransmissionSize: 1_024 }, 768],
    [{ maxTransmissionSize: 8_192 }, 7_936],
    [{ maxDataSize: 100 }, 100],
  ])('X-2 what is announced as the largest message fits: %j', (limits, largest) => {
    const one = device(limits);
    expect(announced(one)).toBe(largest);
    expect(one.exchange(`~xh=0~xq=1~xn=1~n=n~d=${'a'.repeat(largest)}~t=1`)).toBe('~rt=s~e=0~xh=1~t=1');
  });

  it('X-37 one that is too large gets 26, and costs none of the others', () => {
    const one = device({ maxDataSize: 100 });
    const other = ResumingDevice.open(lab, ['n']);
    const groups = ['a', 'b'.repeat(101), 'c'].map((data) => `~n=n~d=${data}`);
    expect(one.exchange(`~xq=1~xn=1${groups.join('')}~t=1`)).toBe(
      '~rt=s~e=26~xq=2~xh=2~t=1~rt=s~e=0~xh=3~t=1',
    );
    expect(other.socket!.take()).toMatch(/^~rt=r~xq=1~.*~xn=1~.*~d=a~.*~xn=3~.*~d=c~t=1$/);
  });

  it('P-92 without the extension it gets 2', () => {
    device({ maxDataSize: 100 });
    expect(lab.device().exchange(`~n=n~d=${'b'.repeat(101)}~t=1`)).toBe('~rt=s~e=2~t=1');
  });
});

describe('upstream', () => {
  const send = (first: number, ...groups: string[]): string => `~xq=${first}~xn=${first}${groups.join('')}~t=1`;

  it('X-6 takes each message once and in order, and says up to where', () => {
    const [one, other] = [ResumingDevice.open(lab, ['n']), ResumingDevice.open(lab, ['n'])];
    const groups = ['a', 'b'].map((data) => `~s=${other.sessionId}~d=${data}`);
    expect(one.exchange(send(1, ...groups))).toBe('~rt=s~e=0~xh=2~t=1');
    const from = `~f=${one.sessionId}`;
    expect(other.socket!.take()).toBe(
      `~rt=r~xq=1~xo=${one.origin}~xn=1${from}~d=a~xo=${one.origin}~xn=2${from}~d=b~t=1`,
    );
    expect(one.exchange(send(1, ...groups))).toBe('~rt=s~e=0~xh=2~t=1');
    expect(one.exchange(send(2, groups[1]!, `~s=${other.sessionId}~d=c`))).toBe('~rt=s~e=0~xh=3~t=1');
    expect(other.socket!.take()).toContain('~rt=r~xq=3~');
    expect(one.exchange(send(5, groups[0]!))).toBe('~rt=s~e=27~xh=3~t=1');
    expect(one.exchange(`~d=unnumbered~t=1`)).toBe('~rt=s~e=7~xh=3~t=1');
    expect(other.socket!.take()).toBe('');
    expect(lab.core.counters.messagesRepeated).toBe(3);
  });

  it('X-37 a refused message is named, takes its number, and is named again when it is repeated and before an attach', () => {
    const [one, other] = [ResumingDevice.open(lab), ResumingDevice.open(lab)];
    const [good, bad] = [`~s=${other.sessionId}~d=x`, '~s=999~d=x'];
    expect(one.exchange(send(1, good))).toBe('~rt=s~e=0~xh=1~t=1');
    expect(one.exchange(send(2, bad, good))).toBe('~rt=s~e=2~xq=2~xh=2~t=1~rt=s~e=0~xh=3~t=1');
    expect(one.exchange(send(2, bad, good))).toBe('~rt=s~e=2~xq=2~xh=2~t=1~rt=s~e=0~xh=3~t=1');
    one.socket!.drop();
    expect(one.attach(0)).toMatch(/^~rt=s~e=2~xq=2~xh=2~t=1~rt=a~e=0~xh=3~xr=[^~]+~t=1$/);
    const second = ResumingDevice.open(lab);
    second.socket!.send(send(1, good)).send(send(2, good, bad));
    lab.flush();
    expect(second.socket!.take()).toBe('~rt=s~e=0~xh=2~t=1~rt=s~e=2~xq=3~xh=3~t=1');
  });

  it('X-11 every keep-alive says what has arrived', () => {
    const one = ResumingDevice.open(lab, ['n']);
    one.exchange(send(1, '~n=n~d=x'));
    expect(one.exchange('~xh=0~t=1')).toBe('~rt=k~xh=1~t=1');
    expect(one.exchange('~t=1')).toBe('~rt=k~xh=1~t=1');
  });
});

describe('downstream', () => {
  it('X-14, X-15 everything stays until it is acknowledged, and comes again after a break', () => {
    const [one, other] = [ResumingDevice.open(lab, ['n']), ResumingDevice.open(lab, ['n'])];
    for (let i = 1; i <= 3; i++) one.exchange(`~xq=${i}~xn=${i}~n=n~d=${i}~t=1`);
    expect(other.socket!.take()).toContain('~d=3~t=1');
    other.exchange('~xh=1~t=1');
    expect(lab.core.levels.queuedMessages).toBe(2);
    other.socket!.drop();
    one.exchange('~xq=4~xn=4~n=n~d=4~t=1');
    const again = other.attach(1);
    expect(again).toMatch(/^~rt=a~e=0~xh=0~xr=[^~]+~t=1~rt=r~xq=2~/);
    expect([...again.matchAll(/~d=(\d)/g)].map(([, data]) => data)).toEqual(['2', '3', '4']);
    other.exchange('~xh=4~t=1');
    expect(lab.core.levels).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
  });

  it('X-39 what waited for a narrow line goes out in frames of 64 KiB, which show in time that the link lives', () => {
    const [a, b] = [ResumingDevice.open(lab), ResumingDevice.login(lab)];
    for (let number = 1; number <= 30; number++) {
      a.exchange(`~xq=${number}~xn=${number}~s=${b.sessionId}~d=${'x'.repeat(10_000)}~t=1`);
    }
    b.socket = lab.open();
    b.socket.send(b.attachMessage(0));
    lab.flush();
    const sizes = b.socket.frames.map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536 + 200);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(300_000);
  });

  it('X-15 what was pushed out is told as a gap, at every attach that lacks it', () => {
    lab = new RelayCoreLab({ maxQueuedMessages: 3 });
    const [one, other] = [ResumingDevice.open(lab, ['n']), ResumingDevice.open(lab, ['n'])];
    other.socket!.drop();
    for (let i = 1; i <= 5; i++) expect(one.exchange(`~xq=${i}~xn=${i}~n=n~d=${i}~t=1`)).toContain('~e=0~');
    for (const _ of [1, 2]) {
      const answer = other.attach(0);
      expect(answer).toContain('~rt=g~xg=1-2:overflow~t=1~rt=r~xq=3~');
      other.socket!.drop();
    }
    expect(other.attach(2)).not.toContain('~rt=g');
  });

  it('X-16 an acknowledgement of what was never sent does nothing; at an attach it is refused', () => {
    const [one, other] = [ResumingDevice.open(lab, ['n']), ResumingDevice.open(lab, ['n'])];
    one.exchange('~xq=1~xn=1~n=n~d=x~t=1');
    other.exchange('~xh=9~t=1');
    expect(lab.core.levels.queuedMessages).toBe(1);
    expect(other.attach(9)).toMatch(/^~rt=a~e=32~xp=[0-9a-f]{16}~xg=0-0:expired~t=1$/);
  });

  it('X-19 a volatile message is not kept for who is away, and leaves no gap', () => {
    const [one, other] = [ResumingDevice.open(lab, ['n']), ResumingDevice.open(lab, ['n'])];
    other.socket!.drop();
    one.exchange('~xq=1~xn=1~xv=1~n=n~d=gone~t=1');
    one.exchange('~xq=2~xn=2~n=n~d=kept~t=1');
    expect(other.attach(0)).toMatch(/~rt=r~xq=1~xo=[^~]+~xn=2~f=\d+~d=kept~t=1$/);
  });

  it('X-19 a member of a busy network that acknowledges nothing gets no volatile messages from half a ring on', () => {
    lab = new RelayCoreLab({ maxQueuedMessages: 8 });
    const [sender, idle, other] = [1, 2, 3].map(() => ResumingDevice.open(lab, ['n'])) as [ResumingDevice, ResumingDevice, ResumingDevice];
    for (let i = 1; i <= 6; i++) {
      sender.exchange(`~xq=${i}~xn=${i}~xv=1~n=n~d=${i}~t=1`);
      other.exchange(`~xh=${i}~t=1`);
    }
    const dataOf = ({ socket }: ResumingDevice): string[] => [...socket!.take().matchAll(/~d=(\d)/g)].map(([, data]) => data!);
    expect(dataOf(idle)).toEqual(['1', '2', '3', '4', '5']);
    idle.exchange('~xh=5~t=1');
    sender.exchange(`~xq=7~xn=7~n=n~d=7~t=1`);
    expect(dataOf(idle)).toEqual(['7']);
  });

  it('X-18 members at the same number share one frame, and those without the extension get theirs', () => {
    const sender = ResumingDevice.open(lab, ['n']);
    const numbered = [1, 2, 3].map(() => ResumingDevice.open(lab, ['n']));
    const plain = [lab.device(['n']), lab.device(['n'])];
    for (const { socket } of [sender, ...numbered]) socket!.exchange('~t=1');
    const { framesBuilt } = lab.core.counters;
    sender.socket!.send('~xq=1~xn=1~n=n~dt=t~d=x~t=1');
    lab.flush();
    const group = `~f=${sender.sessionId}~dt=t~d=x~t=1`;
    for (const { socket } of numbered) expect(socket!.take()).toBe(`~rt=r~xq=1~xo=${sender.origin}~xn=1${group}`);
    for (const socket of plain) expect(socket.take()).toBe(`~rt=r${group}`);
    expect(lab.core.counters.messagesEncoded).toBe(1);
    // One for each kind, and the answer.
    expect(lab.core.counters.framesBuilt - framesBuilt).toBe(3);
  });

  it('X-4 a message of a sender without the extension has no origin', () => {
    const device = ResumingDevice.open(lab, ['n']);
    const plain = lab.device();
    plain.send('~n=n~d=x~t=1');
    lab.flush();
    expect(device.socket!.take()).toBe(`~rt=r~xq=1~f=${plain.sessionId}~d=x~t=1`);
  });
});

describe('receipts', () => {
  const ask = (n: number): string => `~xq=${n}~xn=${n}~xa=d~n=n~d=x~t=1`;

  it('are given when all have acknowledged', () => {
    const devices = [1, 2, 3].map(() => ResumingDevice.open(lab, ['n']));
    const [sender, one, other] = devices as [ResumingDevice, ResumingDevice, ResumingDevice];
    expect(sender.exchange(ask(1))).toBe('~rt=s~e=0~xh=1~t=1');
    one.exchange('~xh=1~t=1');
    expect(sender.socket!.take()).toBe('');
    other.exchange('~xh=1~t=1');
    expect(sender.socket!.take()).toBe('~rt=d~xq=1~xn=1~xa=d~e=0~t=1');
  });

  it('count the receivers of their own message, not those of the one before', () => {
    const [sender, one, other] = [1, 2, 3].map(() => ResumingDevice.open(lab)) as [ResumingDevice, ResumingDevice, ResumingDevice];
    const [toOne, toOther] = [`~s=${one.sessionId}`, `~s=${other.sessionId}`];
    sender.exchange(`~xq=1~xn=1~xa=d${toOne}${toOther}~d=x~xn=2~xa=d${toOne}~d=y~t=1`);
    one.exchange('~xh=2~t=1');
    expect(sender.socket!.take()).toBe('~rt=d~xq=1~xn=2~xa=d~e=0~t=1');
  });

  it('say 2 when one was lost, when nobody is there, and when one cannot say', () => {
    const sender = ResumingDevice.open(lab, ['n']);
    expect(sender.exchange(ask(1))).toContain('~rt=d~xq=1~xn=1~xa=d~e=2~t=1');
    const other = ResumingDevice.open(lab, ['n']);
    sender.exchange(ask(2));
    other.exchange('~c=t~t=1');
    expect(sender.socket!.take()).toBe('~rt=d~xq=2~xn=2~xa=d~e=2~t=1');
    lab.device(['n']);
    expect(sender.exchange(ask(3))).toContain('~rt=d~xq=3~xn=3~xa=d~e=2~t=1');
  });
});

describe('receipts beside messages', () => {
  const open = (count: number): ResumingDevice[] => Array.from({ length: count }, () => ResumingDevice.open(lab, ['n']));

  it('wait for the receivers of their own message only', () => {
    const [sender, one, other] = open(3) as [ResumingDevice, ResumingDevice, ResumingDevice];
    const to = (...devices: ResumingDevice[]): string => devices.map(({ sessionId }) => `~s=${sessionId}`).join('');
    sender.socket!.send(`~xq=1~xn=1${to(one, other)}~d=a${'~xa=d'}${to(one)}~d=b~t=1`);
    lab.flush();
    one.exchange('~xh=2~t=1');
    expect(sender.socket!.take()).toContain('~rt=d~xq=1~xn=2~xa=d~e=0~t=1');
  });

  it('X-15 go out in their turn, also to a member that gets what is written to many', () => {
    const [sender, one, other] = open(3) as [ResumingDevice, ResumingDevice, ResumingDevice];
    for (const { socket } of [sender, one, other]) socket!.exchange('~t=1');
    sender.exchange(`~xq=1~xn=1~xa=d~s=${one.sessionId}~d=x~t=1`);
    // The acknowledgement and a message to all come in one turn.
    one.socket!.send(`~xh=1~t=1~xq=1~xn=1~n=n~d=y~t=1`);
    lab.flush();
    const received = sender.socket!.take();
    expect([...received.matchAll(/~xq=(\d)/g)].map(([, number]) => number).sort()).toEqual(['1', '2']);
    expect(other.socket!.take()).toContain('~d=y');
  });

  it('SEC-12 none is kept for a session that has ended', () => {
    const [sender, one] = open(2) as [ResumingDevice, ResumingDevice];
    one.socket!.drop();
    sender.exchange('~xq=1~xn=1~xa=d~n=n~d=x~t=1');
    sender.exchange('~c=t~t=1');
    one.attach(0);
    one.exchange('~xh=1~t=1');
    expect(lab.core.levels).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
  });
});

describe('attach', () => {
  it('X-26, X-27 the newer transport wins, the older is closed with 4001, a late one has no effect', () => {
    const device = ResumingDevice.open(lab);
    const first = device.socket!;
    expect(device.attach(0)).toContain('~rt=a~e=0');
    expect(first.closed).toEqual({ code: 4001, reason: 'session moved' });
    expect(device.attach(0, device.attachMessage(0, 1))).toBe('~rt=a~e=16~z=2~t=1');
  });

  it('a token ends when the next one is used', () => {
    const device = ResumingDevice.open(lab);
    const [older] = [device.token];
    device.socket!.drop();
    device.attach(0);
    device.socket!.drop();
    // The answer with the newest token was lost.
    const newest = device.token;
    device.token = older;
    expect(device.attach(0)).toContain('~rt=a~e=0');
    device.socket!.drop();
    device.token = newest;
    expect(device.attach(0)).toContain('~e=32');
  });

  it('X-30 more than three switches within 10 s are a war', () => {
    const device = ResumingDevice.open(lab);
    for (let i = 0; i < 3; i++) expect(device.attach(0)).toContain('~rt=a~e=0');
    expect(device.attach(0)).toBe('~rt=a~e=28~t=1');
    lab.advance(10_000);
    expect(device.attach(0)).toContain('~rt=a~e=0');
  });

  it('X-35 a session that is gone is told with the epoch and why', () => {
    const device = ResumingDevice.open(lab);
    device.socket!.drop();
    lab.advance(120_000);
    expect(device.attach(0)).toMatch(/^~rt=a~e=32~xp=[0-9a-f]{16}~xg=0-0:expired~t=1$/);
    lab = new RelayCoreLab({}, 2);
    const socket = lab.open();
    expect(socket.exchange(device.attachMessage(0))).toMatch(/^~rt=a~e=32~xp=[0-9a-f]{16}~xg=0-0:epoch~t=1$/);
  });

  it('X-40 pings after 20 s of silence, and gives the transport up after 35', () => {
    const device = ResumingDevice.open(lab);
    lab.advance(19_999);
    expect(device.socket!.pings).toBe(0);
    lab.advance(1);
    expect(device.socket!.pings).toBe(1);
    lab.input({ type: 'alive', transport: device.socket!.transport });
    lab.advance(34_999);
    expect(device.socket!.pings).toBe(2);
    expect(device.socket!.closed).toBeUndefined();
    lab.advance(1);
    expect(device.socket!.closed).toEqual({ code: 1001, reason: 'idle' });
  });
});

describe('long polling', () => {
  it('X-21 an answer that is lost comes again, until the next download acknowledges it', () => {
    const [one, other] = [ResumingDevice.open(lab, ['n']), ResumingDevice.login(lab)];
    expect(other.attachPolling(0, '~n=n')).toMatch(/^~e=4~xh=0~xr=/);
    one.exchange('~xq=1~xn=1~n=n~d=~t=1');
    const message = `~rt=r~xq=1~xo=${one.origin}~xn=1~f=${one.sessionId}~d=`;
    for (const _ of [1, 2]) expect(lab.post('download', other.downloadBody(0))).toBe(`~e=0~xh=0${message}~z=0`);
    const held = lab.request('download', other.downloadBody(1));
    lab.flush();
    expect(held.body).toBeUndefined();
    expect(lab.core.levels.queuedMessages).toBe(0);
    lab.advance(25_000);
    expect(held.body).toBe('~e=16~xh=0');
  });

  it('X-23, X-27 a newer download takes over; a late one and one without a token are sent away', () => {
    const device = ResumingDevice.open(lab);
    expect(lab.post('download', device.downloadBody(0))).toMatch(/^~e=32~xh=0~xp=/);
    device.attachPolling(0);
    const first = lab.request('download', device.downloadBody(0));
    const second = lab.request('download', device.downloadBody(0));
    lab.flush();
    expect([first.body, second.body]).toEqual(['~e=16~xh=0', undefined]);
    expect(lab.post('download', device.downloadBody(0, 1))).toBe('~e=16~xh=0~z=5');
    expect(second.body).toBeUndefined();
  });

  it('X-22 an upload is answered with what was taken and refused; a download never says more than is known', () => {
    const [device, other] = [ResumingDevice.login(lab), ResumingDevice.open(lab)];
    device.attachPolling(0);
    const upload = (first: number, data: string): string | undefined =>
      lab.post('upload', `~id=${device.id}~xq=${first}~xn=${first}${data}~z=1`);
    const [good, bad] = [`~s=${other.sessionId}~d=x`, '~s=999~d=x'];
    expect(upload(1, good)).toBe('~e=0~xh=1');
    expect(upload(2, bad + good)).toBe('~e=2~xh=3~xq=2');
    expect(upload(2, bad + good)).toBe('~e=2~xh=3~xq=2');
    expect(valueOf(device.attachPolling(0), 'xh')).toBe('1');
    expect(upload(4, good)).toBe('~e=0~xh=4');
    expect(valueOf(device.attachPolling(0), 'xh')).toBe('4');
    expect(upload(9, good)).toBe('~e=27~xh=4');
  });

  it('X-28 a session goes over to a WebSocket and back with all its messages', () => {
    const [one, other] = [ResumingDevice.open(lab, ['n']), ResumingDevice.login(lab)];
    other.attachPolling(0, '~n=n');
    const held = lab.request('download', other.downloadBody(0));
    expect(other.attach(0)).toContain('~rt=a~e=0');
    expect(held.body).toBe('~e=16~xh=0');
    one.exchange('~xq=1~xn=1~n=n~d=x~t=1');
    expect(other.attachPolling(0)).toContain('~rt=r~xq=1~');
    expect(other.socket!.closed?.code).toBe(4001);
  });
});
