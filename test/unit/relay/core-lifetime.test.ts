import { describe, expect, it } from 'vitest';
import { RelayCoreLab } from '../../helpers/relay-core-lab';

/** Whether the id still has a session; uses none of its life up when it has none. */
const isKnown = (lab: RelayCoreLab, id: string): boolean => lab.post('upload', `~id=${id}~d=x`) !== '~e=12';

describe('deadlines of a WebSocket', () => {
  it('P-12 K-3 closes with 1008 when no auth message comes in 15 s, whatever else comes', () => {
    const lab = new RelayCoreLab();
    const [silent, chatting] = [lab.open(), lab.open()];
    lab.advance(14_999);
    chatting.send('~t=1');
    expect(silent.closed).toBeUndefined();
    lab.advance(1);
    expect([silent.closed?.code, chatting.closed?.code]).toEqual([1008, 1008]);
  });

  it('P-61 SEC-14 closes with 1001 after 90 s without a byte; the session waits', () => {
    const lab = new RelayCoreLab();
    const device = lab.device(['n']);
    lab.advance(89_000);
    lab.input({ type: 'alive', transport: device.transport });
    lab.advance(89_999);
    expect(device.closed).toBeUndefined();
    lab.advance(1);
    expect(device.closed?.code).toBe(1001);
    expect(lab.attach(device.id).closed).toBeUndefined();
  });

  it('P-59 lives on keep-alives every 31 s', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    for (let i = 0; i < 20; i++) {
      lab.advance(31_000);
      expect(device.exchange('~t=1')).toBe('~rt=k~t=1');
    }
  });

  it('destroys a socket whose peer does not answer the close', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    device.send('~c=t~t=1');
    lab.advance(4_999);
    expect(device.isDestroyed).toBe(false);
    lab.advance(1);
    expect(device.isDestroyed).toBe(true);
    expect(lab.core.levels.transports).toBe(0);
    device.drop();
  });

  it('destroys a socket whose peer closed and does not end the connection', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    lab.input({ type: 'lost', transport: device.transport });
    lab.advance(4_999);
    expect(device.isDestroyed).toBe(false);
    lab.advance(1);
    expect(device.isDestroyed).toBe(true);
    expect(lab.core.levels).toMatchObject({ transports: 0, sessions: 1 });
  });

  it('P-7 K-8 leaves the close after a restart to the client for 10 s', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    expect(device.exchange('~c=c~t=1')).toBe('~rt=c~e=0~t=1');
    device.send('~d=ignored~t=1');
    lab.advance(9_999);
    expect([device.take(), device.closed]).toEqual(['', undefined]);
    lab.advance(1);
    expect(device.closed?.code).toBe(1000);
  });

  it('ignores what comes for a transport that is gone', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    device.drop();
    device.send('~t=1').block();
    device.drain();
    device.drop();
    lab.flush();
    expect(lab.core.levels.transports).toBe(0);
  });
});

describe('life of a session', () => {
  it.each([
    ['P-50 K-6 never used', 60_000, () => undefined],
    ['P-65 after its socket', 120_000, (lab: RelayCoreLab, id: string) => lab.attach(id).drop()],
    [
      'between two downloads',
      120_000,
      (lab: RelayCoreLab, id: string) => void lab.post('download', `~id=${id}~n=a~z=0`),
    ],
    ['after an upload', 120_000, (lab: RelayCoreLab, id: string) => void lab.post('upload', `~id=${id}~d=x`)],
    ['after a restart', 15_000, (lab: RelayCoreLab, id: string) => void lab.attach(id).exchange('~c=c~t=1')],
  ])('%s', (_what, lifeMs, use) => {
    const lab = new RelayCoreLab();
    const id = lab.login();
    lab.advance(1_000);
    use(lab, id);
    lab.advance(lifeMs - (lifeMs === 60_000 ? 1_001 : 1));
    expect(lab.core.levels.sessions).toBe(1);
    lab.advance(1);
    expect(lab.core.levels.sessions).toBe(0);
    expect(isKnown(lab, id)).toBe(false);
    expect(lab.core.levels.accounts).toBe(0);
    expect(lab.core.counters.sessionsExpired).toBe(1);
  });

  it('does not end while a WebSocket is attached or a download is held', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    const id = lab.login();
    const held = lab.request('download', `~id=${id}~t=1800~z=0`);
    for (let i = 0; i < 60; i++) {
      device.exchange('~t=1');
      lab.advance(29_999);
    }
    expect(held.body).toBeUndefined();
    lab.advance(60);
    expect(held.body).toBe('~e=16');
    lab.advance(119_999);
    expect(isKnown(lab, id)).toBe(true);
  });

  it('P-92 P-65 is a recipient as long as it lives, and keeps what comes', () => {
    const lab = new RelayCoreLab();
    const [sender, receiver] = [lab.device(), lab.device(['n'])];
    receiver.drop();
    const keepAlive = (): string => sender.exchange('~t=1');
    expect(sender.exchange(`~n=n~s=${receiver.sessionId}~d=kept~t=1`)).toBe('~rt=s~e=0~t=1');
    lab.advance(60_000);
    keepAlive();
    lab.advance(59_999);
    expect(lab.open().exchange(`~id=${receiver.id}~t=1`)).toMatch(/^~rt=a~e=0~t=1~rt=r~f=\d+~d=kept~t=1$/);
  });

  it('P-93 what waited for an expired session is gone with it', () => {
    const lab = new RelayCoreLab();
    const [sender, receiver] = [lab.device(), lab.device(['n'])];
    receiver.drop();
    sender.exchange('~n=n~d=x~t=1');
    expect(lab.core.levels).toMatchObject({ queuedMessages: 1 });
    lab.advance(60_000);
    sender.exchange('~t=1');
    lab.advance(60_000);
    expect(lab.core.levels).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
    expect(sender.exchange(`~s=${receiver.sessionId}~d=x~t=1`)).toBe('~rt=s~e=2~t=1');
  });
});

describe('change of transport', () => {
  it('P-10 K-18 a second socket takes over: answers go to the first, messages to the second', () => {
    const lab = new RelayCoreLab();
    const [sender, first] = [lab.device(), lab.device(['n'])];
    first.send('~t=1');
    sender.send('~n=n~d=x~t=1');
    const second = lab.open().send(`~id=${first.id}~t=1`);
    lab.flush();
    expect(first.take()).toBe('~rt=k~t=1');
    expect(first.closed?.code).toBe(1000);
    expect(second.take()).toBe(`~rt=a~e=0~t=1~rt=r~f=${sender.sessionId}~d=x~t=1`);
    first.drop();
    sender.exchange('~n=n~d=y~t=1');
    expect(second.take()).toContain('~d=y');
  });

  it('section 15 from long polling to WebSocket: the held download ends with 15', () => {
    const lab = new RelayCoreLab();
    const id = lab.login();
    lab.post('download', `~id=${id}~n=n~z=0`);
    const held = lab.request('download', `~id=${id}~z=1`);
    const socket = lab.attach(id);
    expect(held.body).toBe('~e=15');
    lab.device().exchange('~n=n~d=x~t=1');
    expect(socket.take()).toContain('~d=x');
  });

  it('section 15 from WebSocket to long polling: the socket closes, nothing is lost', () => {
    const lab = new RelayCoreLab();
    const [sender, device] = [lab.device(), lab.device(['n'])];
    sender.send('~n=n~d=x~t=1');
    const download = lab.request('download', `~id=${device.id}~z=0`);
    lab.flush();
    expect([device.take(), device.closed?.code]).toEqual(['', 1000]);
    expect(download.body).toBe(`~e=0~f=${sender.sessionId}~d=x`);
    device.drop();
    expect(lab.post('download', `~id=${device.id}~n=n~z=1`)).toBe('~e=4');
  });

  it('an upload or a cancel does not move a session off its WebSocket', () => {
    const lab = new RelayCoreLab();
    const device = lab.device(['n']);
    expect(lab.post('upload', `~id=${device.id}~s=${device.sessionId}~d=x~z=0`)).toBe('~e=0');
    expect(lab.post('cancel', `~id=${device.id}~z=1`)).toBe('~e=15');
    expect(device.take()).toContain('~d=x');
    expect(device.closed).toBeUndefined();
  });

  it('P-7 section 15 a restart is a barrier: what comes after the answer waits for the next transport, in order', () => {
    const lab = new RelayCoreLab();
    const [sender, device] = [lab.device(), lab.device(['n'])];
    sender.send('~n=n~d=1~t=1');
    device.send('~c=c~t=1');
    sender.send('~n=n~d=2~t=1');
    lab.flush();
    sender.exchange('~n=n~d=3~t=1');
    const f = `~f=${sender.sessionId}`;
    expect(device.take()).toBe(`~rt=r${f}~d=1~t=1~rt=c~e=0~t=1`);
    lab.advance(5_000);
    expect(lab.open().exchange(`~id=${device.id}~t=1`)).toBe(`~rt=a~e=0~t=1~rt=r${f}~d=2${f}~d=3~t=1`);
    device.drop();
    expect(lab.core.levels.sessions).toBe(2);
  });

  it('P-7 P-8 a full socket gets the answer to its restart; what waits goes to the next transport', () => {
    const lab = new RelayCoreLab();
    const [sender, device, leaving] = [lab.device(), lab.device(['n']), lab.device(['n'])];
    device.block();
    leaving.block();
    sender.exchange('~n=n~d=waits~t=1');
    expect(device.exchange('~c=c~t=1')).toBe('~rt=c~e=0~t=1');
    expect(leaving.exchange('~c=t~t=1')).toBe('~rt=c~e=0~t=1');
    expect(lab.open().exchange(`~id=${device.id}~t=1`)).toMatch(/^~rt=a~e=0~t=1~rt=r~f=\d+~d=waits~t=1$/);
    expect(lab.core.levels.queuedMessages).toBe(0);
  });

  it('P-75 a cancel before a change to WebSocket does not meet a download after it', () => {
    const lab = new RelayCoreLab();
    const id = lab.login();
    lab.post('cancel', `~id=${id}~z=0`);
    lab.attach(id);
    expect(lab.post('download', `~id=${id}~z=1`)).toBeUndefined();
  });

  it('a restart over long polling keeps order and messages as well', () => {
    const lab = new RelayCoreLab();
    const [sender, device] = [lab.device(), lab.device(['n'])];
    device.exchange('~c=c~t=1');
    sender.exchange('~n=n~d=1~t=1');
    const download = lab.request('download', `~id=${device.id}~z=0`);
    lab.flush();
    expect(download.body).toBe(`~e=0~f=${sender.sessionId}~d=1`);
  });

  it('answers that a lost socket did not get are not given to the next one', () => {
    const lab = new RelayCoreLab();
    const device = lab.device(['n']);
    device.send('~t=1');
    device.send(`~s=${device.sessionId}~d=x~t=1`);
    device.drop();
    const group = `~rt=r~f=${device.sessionId}~d=x~t=1`;
    expect(lab.open().exchange(`~id=${device.id}~t=1`)).toBe(`~rt=a~e=0~t=1${group}`);
  });

  it('the late end of an old socket does not touch the session', () => {
    const lab = new RelayCoreLab();
    const device = lab.device(['n']);
    const second = lab.attach(device.id);
    lab.input({ type: 'lost', transport: device.transport });
    device.drop();
    lab.device().exchange('~n=n~d=x~t=1');
    expect(second.take()).toContain('~d=x');
  });
});

describe('drain', () => {
  it('closes no socket twice', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    lab.attach(device.id);
    expect(device.closed?.code).toBe(1000);
    lab.input({ type: 'drain', spreadSeconds: 1 });
    expect(device.closed?.code).toBe(1000);
  });

  it('X-46 writes what waits, closes sockets with 1012 and the spread, ends downloads with 15', () => {
    const lab = new RelayCoreLab();
    const [sender, device, stranger] = [lab.device(), lab.device(['n']), lab.open()];
    const id = lab.login();
    const held = lab.request('download', `~id=${id}~z=0`);
    const broken = lab.request('download', 'garbage');
    sender.send('~n=n~d=x~t=1');
    lab.input({ type: 'drain', spreadSeconds: 7 });
    expect(device.take()).toContain('~d=x');
    const closes = [sender, device, stranger].map(({ closed }) => closed);
    expect(closes).toEqual(Array(3).fill({ code: 1012, reason: '7' }));
    expect([held.body, broken.body]).toEqual(['~e=15', '~e=7']);
    expect(lab.core.isDraining).toBe(true);
  });

  it('X-46 closes slice by slice; whoever still has a socket is served until then', () => {
    const lab = new RelayCoreLab();
    const devices = Array.from({ length: 5 }, () => lab.device(['n']));
    const closed = (): number => devices.filter((device) => device.closed?.code === 1012).length;
    lab.input({ type: 'drain', spreadSeconds: 7, count: 2 });
    expect(closed()).toBe(2);
    const [sender, receiver] = devices.filter((device) => device.closed === undefined);
    expect(sender!.exchange('~n=n~d=x~t=1')).toBe('~rt=s~e=0~t=1');
    expect(receiver!.take()).toContain('~d=x');
    lab.input({ type: 'drain', spreadSeconds: 7, count: 2 });
    expect(closed()).toBe(4);
    lab.input({ type: 'drain', spreadSeconds: 7 });
    expect(closed()).toBe(5);
    expect(lab.logs.filter(({ event }) => event === 'draining')).toHaveLength(1);
  });

  it('X-46 afterwards refuses logins with 20, also one that is being checked, uploads with 12, and new sockets and downloads', () => {
    const lab = new RelayCoreLab();
    const id = lab.login();
    lab.check = () => undefined;
    const checking = lab.request('login', '~p=1~cn=a~cp=b');
    lab.input({ type: 'drain', spreadSeconds: 1 });
    const account = { id: 1, connectName: 'home', networks: undefined };
    lab.input({ type: 'login-checked', asker: { request: checking.request }, result: { ok: true, account } });
    expect(checking.body).toBe('~e=20');
    expect(lab.post('login', '~p=1~cn=a~cp=b')).toBe('~e=20');
    expect(lab.post('download', `~id=${id}~z=0`)).toBe('~e=15');
    expect(lab.post('upload', `~id=${id}~d=x~z=0`)).toBe('~e=12');
    expect(lab.open().closed?.code).toBe(1012);
  });
});
