import { describe, expect, it } from 'vitest';
import { Harness, lines } from '../../helpers/session-harness';

describe('a session over WebSocket', () => {
  it('V-25 V-27 V-29 logs in, attaches, sets its networks and only then is connected', () => {
    const h = new Harness({ networkNames: ['n1', 'n2'] });
    expect(lines(h.start())).toEqual(['post http://relay:9324/ ~p=1~cn=home~cp=pass~~word~ec=1~x=1~xf=ravd~xi=AAAAAAAAAAAAAAAAAAAAAA']);
    expect(lines(h.login())).toEqual(['open ws://h:1/api/WebSocket']);
    expect(lines(h.opened())).toEqual(['text ~id=101sAb3~t=1']);
    expect(lines(h.bytes('~rt=a~e=0~t=1'))).toEqual(['text ~nc=1~ns=n1~ns=n2~t=1']);
    expect(h.session.shownState).toBe('connecting');
    expect(lines(h.bytes('~rt=n~e=4~t=1'))).toEqual(['connecting > connected (attached)']);
    expect(h.session.sessionId).toBe('101');
  });

  it('V-30 no networks are said too', () => {
    const h = new Harness({ networkNames: [] });
    h.start();
    h.login();
    h.opened();
    expect(lines(h.bytes('~rt=a~e=0~t=1'))).toEqual(['text ~nc=1~t=1']);
  });

  it('S-9 holds the queue until connected; V-35 P-82 sends stay messages of their own in one transmission', () => {
    const h = new Harness();
    h.start();
    for (const data of ['x0', 'x1', 'x2']) h.send(data);
    expect(lines(h.pump())).toEqual([]);
    expect(h.session.bufferedAmount).toBe(3);
    h.login();
    h.opened();
    h.bytes('~rt=a~e=0~t=1');
    expect(lines(h.bytes('~rt=n~e=4~t=1')).at(-1)).toBe('text ~d=x0~d=x1~d=x2~t=1');
    expect(h.session.bufferedAmount).toBe(0);
    expect(lines(h.bytes('~rt=s~e=0~t=1'))).toEqual(['settled 0', 'settled 0', 'settled 0']);
    expect(h.session.counters).toEqual({ upload: 1, download: 0 });
  });

  it('P-76 one transmission at a time', () => {
    const h = new Harness().run();
    h.send('a');
    expect(lines(h.pump())).toEqual(['text ~d=a~t=1']);
    h.send('b');
    h.send('c');
    expect(lines(h.pump())).toEqual([]);
    expect(lines(h.bytes('~rt=s~e=0~t=1'))).toEqual(['settled 0', 'text ~d=b~d=c~t=1']);
  });

  it('code 2 names the right message: targets of their own are transmissions of their own', () => {
    const h = new Harness().run();
    h.send('a', { toSessionIds: ['7'] });
    h.send('b', { toSessionIds: ['7'] });
    h.send('c', { toSessionIds: ['8'] });
    h.send('d');
    expect(lines(h.pump())).toEqual(['text ~s=7~d=a~s=7~d=b~t=1']);
    expect(lines(h.bytes('~rt=s~e=2~t=1'))).toEqual(['settled 2', 'settled 2', 'text ~s=8~d=c~t=1']);
    expect(lines(h.bytes('~rt=s~e=0~t=1'))).toEqual(['settled 0', 'text ~d=d~t=1']);
  });

  it('V-33 fields of a message in their order', () => {
    const h = new Harness().run();
    const bytes = new Uint8Array([0xff, 0x7e, 0]);
    h.session.send({ data: bytes, dataType: 't', toNetworks: ['n1', 'n~2'], toSessionIds: ['102'] }, false);
    expect(lines(h.pump())).toEqual(['binary ~n=n1~n=n~~2~s=102~dt=t~d=\\xff~~~-~t=1']);
  });

  it('V-17 V-19 V-32 P-35 gives received messages with their own sender and type', () => {
    const h = new Harness().run();
    expect(lines(h.bytes('~rt=k~t=1~rt=r~f=7~dt=a~d=1~f=8~d=2~t=1~rt=r~f=9~d=~t=1'))).toEqual([
      'message 7 a 1',
      'message 8  2',
      'message 9  ',
    ]);
  });

  it('V-18 a message over three chunks; V-21 V-23 junk and the unknown are passed over', () => {
    const h = new Harness().run();
    h.bytes('rt=r~d=x~t=1~rt=q~q=9~t=1~q=1~t=1~rt=r~f=');
    h.bytes('7~d=a');
    expect(lines(h.bytes('~t=1'))).toEqual(['message 7  a']);
  });

  it('V-37 V-38 P-96 answers a discovery and does not show it; P-97 shows it when not discoverable', () => {
    const h = new Harness({ name: 'B' }).run();
    expect(lines(h.bytes('~rt=r~f=101~dt=Discovery~d=?~t=1'))).toEqual([
      'text ~s=101~dt=Discovery Response~d=B~t=1',
    ]);
    h.bytes('~rt=s~e=0~t=1');
    h.input({ type: 'configure', change: { discoverable: false } });
    expect(lines(h.bytes('~rt=r~f=101~dt=Discovery~d=?~t=1'))).toEqual(['message 101 Discovery ?']);
    h.input({ type: 'configure', change: { discoverable: true } });
    expect(lines(h.bytes('~rt=r~f=101~dt=Discovery~d=??~t=1'))).toEqual(['message 101 Discovery ??']);
  });

  it('S-3 a wrong password is final until start', () => {
    const h = new Harness();
    h.start();
    const token = h.send('awaited');
    h.send('kept', { awaited: false });
    expect(lines(h.answer(':9324/', '~e=8'))).toEqual(['error 8', 'settled 8', 'connecting > failed (refused)']);
    expect(token).toBeGreaterThan(0);
    expect(h.session.deadline).toBeUndefined();
    expect(h.session.bufferedAmount).toBe(1);
    expect(lines(h.start())[0]).toContain('post http://relay:9324/');
  });

  it.each([
    ['S-4 an unknown code', '~e=1', 200, 7],
    ['no code', '~q=1', 200, 7],
    ['an answer that is none', 'hello', 200, 7],
    ['an empty answer', '', 200, 7],
    ['S-4 code 20', '~e=20', 200, 20],
    ['S-4 an HTTP status', '~e=0', 503, 20],
    ['P-5 one ip', '~e=0~id=1sA~ip=h~dn=h~dn=h', 200, 7],
    ['P-5 three ip', '~e=0~id=1sA~ip=h~ip=h~ip=h~dn=h~dn=h', 200, 7],
    ['P-5 an id without digits', '~e=0~id=sA~ip=h~ip=h~dn=h~dn=h', 200, 7],
    ['P-49 a host that is none', '~e=0~id=1sA~ip=h/x~ip=h~dn=h~dn=h', 200, 7],
  ])('%s is reported and tried again', (_, body, status, code) => {
    const h = new Harness();
    h.start();
    expect(lines(h.answer(':9324/', body, status))).toEqual([`error ${code}`, 'connecting > connecting (login-failed) in 500']);
    expect(h.pass(500).map((effect) => effect.type)).toEqual(['credentials']);
  });

  it('X-44 the wait: half a second, then one second seven times, then doubling to 30 s', () => {
    const h = new Harness();
    h.input({ type: 'start' });
    const waits: number[] = [];
    for (let i = 0; i < 15; i++) {
      h.input({ type: 'credentials', connectName: 'a', connectPassword: 'b' });
      const status = h.failPost(':9324/').find((effect) => effect.type === 'status');
      waits.push(status?.change.retryInMs ?? -1);
      h.pass(waits.at(-1)!);
    }
    expect(waits).toEqual([500, ...Array<number>(7).fill(1000), 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('X-44 attempts are forgotten only after a stable time', () => {
    const h = new Harness().run();
    const retry = (): number | undefined => h.closed().find((effect) => effect.type === 'status')?.change.retryInMs;
    const back = (): void => {
      h.pass(1000);
      h.opened();
      h.bytes('~rt=a~e=0~t=1');
      h.bytes('~rt=n~e=4~t=1');
    };
    expect(retry()).toBe(500);
    back();
    expect(retry()).toBe(1000);
    back();
    h.pass(10_000);
    expect(retry()).toBe(500);
  });

  it('S-21 a lost socket is opened again with the same id; the batch in doubt is reported 20', () => {
    const h = new Harness().run();
    h.send('a');
    h.send('b', { awaited: false });
    h.pump();
    expect(lines(h.closed())).toEqual(['close', 'settled 20', 'error 20', 'connected > reconnecting (lost) in 500']);
    h.send('c');
    expect(lines(h.pass(500))).toEqual(['open ws://h:1/api/WebSocket']);
    expect(lines(h.opened())).toEqual(['text ~id=101sAb3~t=1']);
    h.bytes('~rt=a~e=0~t=1');
    expect(lines(h.bytes('~rt=n~e=4~t=1'))).toEqual(['reconnecting > connected (attached) resumed', 'text ~d=c~t=1']);
  });

  it('X-46 a draining relay spreads its clients', () => {
    const h = new Harness().run();
    expect(lines(h.closed(1012, '10'))).toEqual(['close', 'connected > reconnecting (lost) in 10000']);
  });

  it('S-10 S-11 P-65 an expired id leads to a new login', () => {
    const h = new Harness().run();
    h.closed();
    h.pass(500);
    h.opened();
    expect(lines(h.bytes('~rt=a~e=12~t=1'))).toEqual(['close', 'reconnecting > reconnecting (gone) in 1000']);
    expect(h.pass(1000).map((effect) => effect.type)).toEqual(['credentials']);
    expect(h.session.sessionId).toBe('-1');
  });

  it('S-17 a batch refused with 12 goes out once more with the new session', () => {
    const h = new Harness().run();
    const refuse = (): string[] => lines(h.bytes('~rt=s~e=12~t=1'));
    const backAgain = (): string[] => {
      h.pass(1000);
      h.input({ type: 'credentials', connectName: 'a', connectPassword: 'b' });
      h.login();
      h.opened();
      h.bytes('~rt=a~e=0~t=1');
      return lines(h.bytes('~rt=n~e=4~t=1'));
    };
    h.send('a');
    h.pump();
    expect(refuse()).toEqual(['close', 'connected > reconnecting (gone) in 500']);
    expect(backAgain().at(-1)).toBe('text ~d=a~t=1');
    expect(refuse()).toEqual(['settled 12', 'close', 'connected > reconnecting (gone) in 1000']);
  });

  it('S-12 auth is repeated twice on the same socket, then the socket is given up', () => {
    const h = new Harness();
    h.start();
    h.login();
    h.opened();
    expect(lines(h.pass(5000))).toEqual(['text ~id=101sAb3~t=1']);
    expect(lines(h.pass(5000))).toEqual(['text ~id=101sAb3~t=1']);
    expect(lines(h.pass(5000))).toEqual(['close', 'error 20', 'connecting > connecting (lost) in 500']);
  });

  it('S-14 some networks were not set: running, and said', () => {
    const h = new Harness();
    h.start();
    h.login();
    h.opened();
    h.bytes('~rt=a~e=0~t=1');
    expect(lines(h.bytes('~rt=n~e=5~t=1'))).toEqual(['error 5', 'connecting > connected (attached)']);
  });

  it('S-7 after three failures to attach a new session is asked for', () => {
    const h = new Harness();
    h.start();
    h.login();
    h.closed();
    expect(h.pass(1000).map((effect) => effect.type)).toEqual(['post']);
    h.failPost('/Download');
    expect(h.pass(1000).map((effect) => effect.type)).toEqual(['open']);
    h.closed();
    expect(h.pass(1000).map((effect) => effect.type)).toEqual(['credentials']);
  });

  it('S-19 P-60 P-62 keep-alive 30 s after the last answer, received data or not; S-20 its silence ends the socket', () => {
    const h = new Harness().run();
    for (let s = 0; s < 29; s++) {
      h.pass(1000);
      h.bytes('~rt=r~f=7~d=x~t=1');
    }
    expect(lines(h.pass(1000))).toEqual(['text ~t=1']);
    h.bytes('~rt=k~t=1');
    expect(lines(h.pass(29_999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['text ~t=1']);
    expect(lines(h.pass(9999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['close', 'connected > reconnecting (lost) in 500']);
  });

  it('T-4 an unanswered transmission is reported 20 and the socket is not trusted any more', () => {
    const h = new Harness().run();
    h.send('a');
    h.pump();
    expect(lines(h.pass(5001))).toEqual(['close', 'settled 20', 'connected > reconnecting (lost) in 500']);
  });

  it('X-41 a wake signal probes the socket with a deadline of 3 s', () => {
    const h = new Harness().run();
    expect(lines(h.input({ type: 'resume' }))).toEqual(['text ~t=1']);
    h.bytes('~rt=k~t=1');
    expect(lines(h.pass(10_000))).toEqual([]);
    h.input({ type: 'resume' });
    expect(lines(h.pass(3000))).toEqual(['close', 'connected > reconnecting (lost) in 500']);
  });

  it('X-41 repeated wake signals do not put the deadline off', () => {
    const h = new Harness().run();
    h.input({ type: 'resume' });
    h.pass(2000);
    h.input({ type: 'resume' });
    expect(lines(h.pass(1000))).toEqual(['close', 'connected > reconnecting (lost) in 500']);
  });

  it('S-7 every session has its three attempts to attach', () => {
    const h = new Harness();
    h.start();
    h.login();
    const fail = (post = false): string | undefined => {
      if (post) h.failPost('/Download');
      else h.closed();
      return h.pass(1000)[0]?.type;
    };
    expect([fail(), fail(true), fail()]).toEqual(['post', 'open', 'credentials']);
    h.input({ type: 'credentials', connectName: 'a', connectPassword: 'b' });
    h.login();
    expect([fail(true), fail(), fail(true)]).toEqual(['open', 'post', 'credentials']);
  });

  it('a WebSocket that does not open within 2 s gives way to long polling, which goes on', () => {
    const h = new Harness();
    h.start();
    h.login();
    expect(lines(h.pass(2000))).toEqual(['close', 'error 20', 'connecting > connecting (lost) in 500']);
    expect(lines(h.pass(500))).toEqual(['post http://h:2/Download ~id=101sAb3~n=n1~z=0']);
    expect(lines(h.answer('/Download', '~e=4')).at(-1)).toBe('connecting > connected (attached)');
  });

  it('long polling in the place of a WebSocket climbs back as soon as one opens', () => {
    const h = new Harness();
    h.start();
    h.login();
    h.closed();
    h.pass(500);
    h.answer('/Download', '~e=4');
    expect(lines(h.pass(999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['open ws://h:1/api/WebSocket']);
    expect(lines(h.closed())).toEqual(['close']);
    expect(lines(h.pass(30_000))).toEqual(['open ws://h:1/api/WebSocket']);
    expect(lines(h.opened())).toContain('connected > reconnecting (move)');
    h.answer('/CancelDownload', '~e=15');
    expect(lines(h.answer('/Download', '~e=15')).at(-1)).toBe('open ws://h:1/api/WebSocket');
    h.opened();
    h.bytes('~rt=a~e=0~t=1');
    expect(lines(h.bytes('~rt=n~e=4~t=1'))).toEqual(['reconnecting > connected (attached) resumed']);
  });

  it('X-41 a wake signal cuts a wait short', () => {
    const h = new Harness().run();
    h.closed();
    expect(lines(h.input({ type: 'resume' }))).toEqual(['open ws://h:1/api/WebSocket']);
  });

  it('pagehide lets the socket go, pageshow takes the session up again', () => {
    const h = new Harness().run();
    expect(lines(h.input({ type: 'suspend' }))).toEqual(['close', 'connected > reconnecting (suspend)']);
    expect(h.session.deadline).toBeUndefined();
    expect(lines(h.input({ type: 'resume' }))).toEqual(['open ws://h:1/api/WebSocket']);
  });

  it('S-18 new networks go out on the same socket', () => {
    const h = new Harness().run();
    expect(lines(h.input({ type: 'configure', change: { networkNames: ['x'] } }))).toEqual(['text ~nc=1~ns=x~t=1']);
    expect(lines(h.bytes('~rt=n~e=5~t=1'))).toEqual(['error 5']);
    expect(h.session.shownState).toBe('connected');
  });

  it('P-7 encryption moves the session: restart is answered, then it attaches with the same id over TLS', () => {
    const h = new Harness().run();
    expect(lines(h.input({ type: 'configure', change: { useEncryption: true } }))).toEqual([
      'text ~c=c~t=1',
      'connected > reconnecting (move)',
    ]);
    h.send('held');
    expect(lines(h.pump())).toEqual([]);
    expect(lines(h.bytes('~rt=r~f=7~d=last~t=1~rt=c~e=0~t=1'))).toEqual([
      'close',
      'message 7  last',
      'open wss://s:1/api/WebSocket',
    ]);
    h.opened();
    h.bytes('~rt=a~e=0~t=1');
    expect(lines(h.bytes('~rt=n~e=4~t=1'))).toEqual(['reconnecting > connected (attached) resumed', 'text ~d=held~t=1']);
  });

  it('a move waits for the answer to what is on its way', () => {
    const h = new Harness().run();
    h.send('a');
    h.pump();
    expect(lines(h.input({ type: 'configure', change: { useWebSocket: false } }))).toEqual([]);
    expect(lines(h.bytes('~rt=s~e=0~t=1'))).toEqual(['settled 0', 'text ~c=c~t=1', 'connected > reconnecting (move)']);
    expect(lines(h.bytes('~rt=c~e=0~t=1'))).toEqual(['close', 'post http://h:2/Download ~id=101sAb3~n=n1~z=0']);
  });

  it('V-39 P-8 close sends what is queued, ends the session and is done when the relay says so', () => {
    const h = new Harness().run();
    h.send('a');
    h.pump();
    h.send('b');
    h.input({ type: 'close' });
    expect(lines(h.bytes('~rt=s~e=0~t=1'))).toEqual(['settled 0', 'text ~d=b~t=1']);
    expect(lines(h.bytes('~rt=s~e=0~t=1'))).toEqual(['settled 0', 'text ~c=t~t=1']);
    expect(lines(h.bytes('~rt=c~e=0~t=1'))).toEqual(['close', 'connected > closed (ended)']);
    expect(h.session.deadline).toBeUndefined();
    expect(lines(h.start())[0]).toContain('post');
  });

  it('close is bounded in time, and what could not go out is said', () => {
    const h = new Harness().run();
    h.send('a');
    h.pump();
    h.send('b');
    h.input({ type: 'close' });
    expect(lines(h.pass(5000))).toEqual(['text ~c=t~t=1']);
    expect(lines(h.pass(5000))).toEqual(['close', 'settled 20', 'settled 20', 'connected > closed (lost)']);
  });

  it('close while connecting', () => {
    const h = new Harness();
    h.start();
    h.send('a');
    expect(lines(h.input({ type: 'close' }))).toEqual(['abort', 'settled 20', 'connecting > closed (close)']);
  });

  it('X-43 late news of an old socket or request is nobody’s', () => {
    const h = new Harness().run();
    const old = h.socket;
    h.closed();
    h.pass(500);
    h.opened();
    expect(lines(h.input({ type: 'bytes', id: old, bytes: new Uint8Array([0x7e]) }))).toEqual([]);
    expect(lines(h.input({ type: 'closed', id: old, code: 1006, reason: '' }))).toEqual([]);
    expect(lines(h.answer(':9324/', '~e=8'))).toEqual([]);
  });

  it('P-38 P-106 error texts of the relay', () => {
    const h = new Harness().run();
    expect(h.session.errorTexts?.get(8)).toBe('No such name');
    expect(h.session.errorTexts?.get(0)).toBe('Fine');
  });
});
