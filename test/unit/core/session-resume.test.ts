import { describe, expect, it } from 'vitest';
import { GRANT, loginAnswer, ResumeHarness } from '../../helpers/resume-harness';
import { Harness, lines } from '../../helpers/session-harness';

const PLAIN_LOGIN = '~p=1~cn=home~cp=pass~~word~ec=1';

describe('negotiation of the extension', () => {
  it('X-1 X-2 X-27 offers it, shows its token at the attach, and says what holds', () => {
    const h = new ResumeHarness();
    expect(lines(h.start())).toEqual([
      `post http://relay:9324/ ${PLAIN_LOGIN}~x=1~xf=ravd~xi=AAAAAAAAAAAAAAAAAAAAAA`,
    ]);
    h.answer(':9324/', loginAnswer());
    expect(lines(h.opened())).toEqual(['text ~id=101sAb3~xr=t0~xh=0~z=1~t=1']);
    expect(h.session.guarantee).toBe('resume');
    expect(h.session.maxMessageBytes).toBe(65_536);
  });

  it('a relay with a durable store grants d', () => {
    expect(new ResumeHarness().run(GRANT.replace('xf=rav', 'xf=ravd')).session.guarantee).toBe('durable');
  });

  it.each([
    ['X-3 no x', ''],
    ['another version', GRANT.replace('x=1', 'x=2')],
    ['no token', GRANT.replace('~xr=t0', '')],
    ['no resume among the features', GRANT.replace('xf=rav', 'xf=av')],
    ['a window that is none', GRANT.replace('4096,1048576', '4096')],
  ])('%s in the answer: plain, without a key of the extension on the wire', (_, grant) => {
    const h = new Harness();
    h.start();
    h.answer(':9324/', loginAnswer(grant));
    expect(h.session.guarantee).toBe('plain');
    expect(h.session.maxMessageBytes).toBe(Infinity);
    expect(lines(h.opened())).toEqual(['text ~id=101sAb3~t=1']);
    h.bytes('~rt=a~e=0~t=1');
    h.bytes('~rt=n~e=4~t=1');
    h.send('a', { mode: 'volatile' });
    expect(lines(h.pump())).toEqual(['text ~d=a~t=1']);
    h.bytes('~rt=s~e=0~t=1');
    expect(lines(h.pass(30_000))).toEqual(['text ~t=1']);
  });

  it('X-3 a relay that answers 7 is asked once more without, and from then on only so', () => {
    const h = new Harness();
    h.start();
    expect(lines(h.answer(':9324/', '~e=7'))).toEqual(['connecting > connecting (login-failed) in 500']);
    h.pass(500);
    const login = (): string[] => lines(h.input({ type: 'credentials', connectName: 'home', connectPassword: 'pass~word' }));
    expect(login()).toEqual([`post http://relay:9324/ ${PLAIN_LOGIN}`]);
    expect(lines(h.answer(':9324/', '~e=7'))[0]).toBe('error 7');
    h.pass(1000);
    expect(login()).toEqual([`post http://relay:9324/ ${PLAIN_LOGIN}`]);
  });

  it('X-3 without it, a session that takes the place of a lost one is told as a gap', () => {
    const h = new Harness().run();
    h.closed();
    h.pass(1000);
    h.opened();
    h.bytes('~rt=a~e=12~t=1');
    h.pass(1000);
    h.start();
    h.input({ type: 'credentials', connectName: 'home', connectPassword: 'x' });
    h.answer(':9324/', loginAnswer('', '102sX'));
    h.opened();
    h.bytes('~rt=a~e=0~t=1');
    expect(lines(h.bytes('~rt=n~e=4~t=1'))).toEqual([
      'reconnecting > connected (attached)',
      'gap of undefined (plain)',
    ]);
  });
});

describe('the sending window', () => {
  it('X-6 X-9 messages go out without waiting for answers, numbered in both ways', () => {
    const h = new ResumeHarness().run();
    expect(h.sendEach('a', 'b')).toEqual(['text ~xh=0~xq=1~xn=1~d=a~t=1', 'text ~xh=0~xq=2~xn=2~d=b~t=1']);
    h.send('c');
    h.send('d');
    expect(lines(h.pump())).toEqual(['text ~xh=0~xq=3~xn=3~d=c~d=d~t=1']);
    expect(lines(h.bytes('~rt=s~e=0~xh=3~t=1'))).toEqual(['settled 0', 'settled 0', 'settled 0']);
    expect(lines(h.bytes('~rt=s~e=0~xh=4~t=1'))).toEqual(['settled 0']);
  });

  it('X-9 of 4,096 messages: one more waits until the first are acknowledged', () => {
    const h = new ResumeHarness().run();
    for (let i = 0; i < 5000; i++) h.send('');
    expect(lines(h.pump()).map((line) => line.split('~d=').length - 1)).toEqual([4096]);
    expect(h.session.bufferedAmount).toBe(904);
    const effects = lines(h.bytes('~rt=s~e=0~xh=4096~t=1'));
    expect(effects.filter((line) => line === 'settled 0')).toHaveLength(4096);
    expect(effects.at(-1)).toMatch(/^text ~xh=0~xq=4097~xn=4097(~d=){904}~t=1$/);
  });

  it('X-9 of a mebibyte', () => {
    const h = new ResumeHarness().run(GRANT.replace('65536', '262144'));
    for (let i = 0; i < 40; i++) h.send('x'.repeat(50_000));
    const messages = (effects: string[]): number => effects.join('').split('~d=').length - 1;
    // Two to a transmission; the one that reaches the bound still goes.
    expect(messages(lines(h.pump()))).toBe(22);
    expect(messages(lines(h.bytes('~rt=s~e=0~xh=2~t=1')))).toBe(2);
    expect(messages(lines(h.bytes('~rt=s~e=0~xh=2~t=1')))).toBe(0);
  });

  it('X-8 X-36 after a break what was not taken goes again, in order, with its numbers, and new ones behind it', () => {
    const h = new ResumeHarness().run();
    h.sendEach('a', 'b', 'c');
    h.breakLink();
    h.send('d');
    expect(lines(h.pump())).toEqual([]);
    expect(lines(h.attach(1))).toEqual([
      'settled 0',
      'reconnecting > connected (attached) resumed replayed 2',
      'text ~xh=0~xq=2~xn=2~d=b~t=1',
      'text ~xh=0~xq=3~xn=3~d=c~t=1',
      'text ~xh=0~xq=4~xn=4~d=d~t=1',
    ]);
  });

  it('X-8 a part of a transmission that was taken does not go again', () => {
    const h = new ResumeHarness().run();
    for (const data of ['a', 'b', 'c']) h.send(data);
    h.pump();
    h.breakLink();
    expect(lines(h.attach(2)).slice(0, 2)).toEqual(['settled 0', 'settled 0']);
    expect(lines(h.take())).toEqual([]);
    expect(h.seen.map((effect) => lines([effect])[0]).at(-1)).toBe('text ~xh=0~xq=3~xn=3~d=c~t=1');
  });

  it('X-36 when all was taken nothing goes again', () => {
    const h = new ResumeHarness().run();
    h.sendEach('a');
    h.breakLink();
    expect(lines(h.attach(1))).toEqual(['settled 0', 'reconnecting > connected (attached) resumed']);
  });

  it.each(['~xh=0', '~xh=9', '~xh=x', ''])('X-37 an acknowledgement of what was not sent settles nothing: %s', (xh) => {
    const h = new ResumeHarness().run();
    h.sendEach('a');
    expect(lines(h.bytes(`~rt=s~e=0${xh}~t=1`))).toEqual([]);
    expect(lines(h.bytes('~rt=s~e=0~xh=1~t=1'))).toEqual(['settled 0']);
    expect(lines(h.bytes('~rt=s~e=0~xh=1~t=1'))).toEqual([]);
  });

  it('X-37 a refused message is told so, and the ones around it are taken', () => {
    const h = new ResumeHarness().run();
    for (const toSessionIds of [['7'], ['7'], ['7']]) h.send('a', { toSessionIds });
    h.pump();
    expect(lines(h.bytes('~rt=s~e=2~xq=2~xh=2~t=1'))).toEqual(['settled 2', 'settled 0']);
    expect(lines(h.bytes('~rt=s~e=0~xh=3~t=1'))).toEqual(['settled 0']);
  });

  it('X-37 what was refused while the link was down is said before the attach is answered', () => {
    const h = new ResumeHarness().run();
    h.sendEach('a', 'b');
    h.breakLink();
    h.opened();
    h.bytes('~rt=s~e=2~xq=1~xh=1~t=1');
    expect(lines(h.bytes('~rt=a~e=0~xh=2~xr=t9~t=1'))).toEqual(['settled 0', 'reconnecting > connected (attached) resumed']);
    expect(lines(h.seen).filter((line) => line.startsWith('settled'))).toEqual(['settled 2', 'settled 0']);
  });

  it('X-11 the answer to a keep-alive acknowledges', () => {
    const h = new ResumeHarness().run();
    h.sendEach('a');
    expect(lines(h.bytes('~rt=k~xh=1~t=1'))).toEqual(['settled 0']);
  });

  it('X-10 nothing is sent again on a living link; 15 s without an acknowledgement and it is given up', () => {
    const h = new ResumeHarness().run();
    h.sendEach('a');
    for (let second = 0; second < 14; second++) {
      expect(lines(h.pass(1000))).toEqual([]);
      h.bytes('~rt=k~xh=0~t=1');
    }
    expect(lines(h.pass(1000))).toEqual(['close', 'connected > reconnecting (lost) in 500']);
  });

  it('X-13 code 25 when the queue is full in messages or bytes, drain when it is half empty', () => {
    const h = new ResumeHarness({}, { maxQueuedMessages: 4, maxQueuedBytes: 1000 }).run(GRANT.replace('4096,', '1,'));
    h.sendEach('under way');
    for (let i = 0; i < 4; i++) {
      expect(h.session.refusalOf(1)).toBe(0);
      h.send('x', { toSessionIds: [`${i}`] });
    }
    expect(h.session.refusalOf(1)).toBe(25);
    expect(lines(h.bytes('~rt=s~e=0~xh=1~t=1'))).not.toContain('drain');
    expect(lines(h.bytes('~rt=s~e=0~xh=2~t=1'))).toContain('drain');
    expect(lines(h.bytes('~rt=s~e=0~xh=3~t=1'))).not.toContain('drain');
    expect(h.session.refusalOf(2000)).toBe(25);
    h.bytes('~rt=s~e=0~xh=4~t=1');
    h.bytes('~rt=s~e=0~xh=5~t=1');
    expect(h.session.refusalOf(2000)).toBe(0);
  });

  it('code 26 for what is above the size the relay has said', () => {
    const h = new ResumeHarness().run();
    expect([h.session.refusalOf(65_536), h.session.refusalOf(65_537)]).toEqual([0, 26]);
  });

  it('code 27 once: a new link goes on behind what was taken', () => {
    const h = new ResumeHarness().run();
    h.sendEach('a', 'b');
    expect(lines(h.bytes('~rt=s~e=27~xh=0~t=1~rt=s~e=27~xh=0~t=1'))).toEqual([
      'close',
      'connected > reconnecting (lost) in 500',
    ]);
    h.pass(500);
    expect(lines(h.attach()).slice(1)).toEqual(['text ~xh=0~xq=1~xn=1~d=a~t=1', 'text ~xh=0~xq=2~xn=2~d=b~t=1']);
  });

  it('code 31 keeps the message and tries again in order', () => {
    const h = new ResumeHarness().run();
    h.sendEach('a', 'b');
    expect(lines(h.bytes('~rt=s~e=31~xq=1~xh=0~t=1'))).toEqual([
      'error 31',
      'close',
      'connected > reconnecting (lost) in 500',
    ]);
    h.pass(500);
    expect(lines(h.attach()).slice(1)).toEqual(['text ~xh=0~xq=1~xn=1~d=a~t=1', 'text ~xh=0~xq=2~xn=2~d=b~t=1']);
  });

  it('a close with 1009 parts the transmission that is next after the attach, and ends with 26 what fits in no way', () => {
    const h = new ResumeHarness().run();
    h.sendEach('taken');
    for (const data of ['a', 'b']) h.send(data);
    h.pump();
    const after1009 = (taken: number): string[] => {
      expect(lines(h.closed(1009))).toEqual(['close', expect.stringContaining('connected > reconnecting (lost)')]);
      h.pass(1000);
      return lines(h.attach(taken)).filter((line) => !line.includes('>'));
    };
    expect(after1009(1)).toEqual(['settled 0', 'text ~xh=0~xq=2~xn=2~d=a~t=1', 'text ~xh=0~xq=3~xn=3~d=b~t=1']);
    expect(after1009(1)).toEqual(['settled 26', 'text ~xh=0~xq=2~xn=2~s=0~d=~t=1', 'text ~xh=0~xq=3~xn=3~d=b~t=1']);
    expect(lines(h.bytes('~rt=s~e=2~xq=2~xh=2~t=1~rt=s~e=0~xh=3~t=1'))).toEqual(['settled 0']);
  });
});

describe('modes', () => {
  it('a delivered message is settled by its receipt alone, however often that comes', () => {
    const h = new ResumeHarness().run();
    h.send('a', { mode: 'delivered' });
    h.send('b', { mode: 'delivered' });
    expect(lines(h.pump())).toEqual(['text ~xh=0~xq=1~xn=1~xa=d~d=a~xa=d~d=b~t=1']);
    expect(lines(h.bytes('~rt=s~e=0~xh=2~t=1'))).toEqual([]);
    expect(lines(h.bytes('~rt=d~xq=1~xn=2~xa=d~e=0~t=1'))).toEqual(['settled 0']);
    expect(lines(h.bytes('~rt=d~xq=1~xn=2~xa=d~e=0~t=1'))).toEqual([]);
    expect(lines(h.bytes('~rt=d~xq=2~xn=1~xa=d~e=2~t=1'))).toEqual(['settled 2']);
  });

  it('a delivered message that the relay refuses is settled at once', () => {
    const h = new ResumeHarness().run();
    h.send('a', { mode: 'delivered', toSessionIds: ['7'] });
    h.pump();
    expect(lines(h.bytes('~rt=s~e=2~xq=1~xh=1~t=1'))).toEqual(['settled 2']);
    expect(lines(h.bytes('~rt=d~xq=1~xn=1~xa=d~e=2~t=1'))).toEqual([]);
  });

  it('X-35 receipts of what a lost session has taken will not come: 32; the others are asked for again', () => {
    const h = new ResumeHarness().run();
    h.send('a', { mode: 'delivered' });
    h.pump();
    h.bytes('~rt=s~e=0~xh=1~t=1');
    h.send('b', { mode: 'delivered' });
    h.pump();
    h.breakLink();
    h.opened();
    h.bytes('~rt=a~e=32~xp=e2~xg=0-0:epoch~t=1');
    h.pass(1000);
    expect(lines(h.answer(':9324/', loginAnswer(GRANT, '102sX')))[0]).toBe('settled 32');
    h.attach();
    expect(lines(h.bytes('~rt=n~e=4~t=1')).at(-1)).toBe('text ~xh=0~xq=1~xn=2~xa=d~d=b~t=1');
    expect(lines(h.bytes('~rt=d~xq=1~xn=2~xa=d~e=0~t=1'))).toEqual(['settled 0']);
  });

  it('a volatile message is not sent again after a break: 20, and its number goes to an empty place', () => {
    const h = new ResumeHarness().run();
    h.send('v', { mode: 'volatile' });
    h.send('r');
    expect(lines(h.pump())).toEqual(['text ~xh=0~xq=1~xn=1~xv=1~d=v~t=1', 'text ~xh=0~xq=2~xn=2~d=r~t=1']);
    h.breakLink();
    expect(lines(h.attach())).toEqual([
      'settled 20',
      'reconnecting > connected (attached) resumed replayed 1',
      'text ~xh=0~xq=1~xn=1~s=0~d=~t=1',
      'text ~xh=0~xq=2~xn=2~d=r~t=1',
    ]);
    expect(lines(h.bytes('~rt=s~e=2~xq=1~xh=1~t=1~rt=s~e=0~xh=2~t=1'))).toEqual(['settled 0']);
  });

  it('X-37 a volatile message that was taken before the break is settled as such', () => {
    const h = new ResumeHarness().run();
    h.send('v', { mode: 'volatile' });
    h.pump();
    h.breakLink();
    expect(lines(h.attach(1))[0]).toBe('settled 0');
  });
});

describe('receiving', () => {
  it('X-14 X-32 gives each message once: by its number, and by its sender whatever number it has', () => {
    const h = new ResumeHarness().run();
    const from = (number: number): string => `~xo=oooooooooo1~xn=${number}~f=7~d=${number}`;
    expect(lines(h.bytes(`~rt=r~xq=1${from(1)}${from(2)}~t=1`))).toEqual(['message 7  1', 'message 7  2']);
    expect(lines(h.bytes(`~rt=r~xq=1${from(1)}${from(2)}${from(3)}~t=1`))).toEqual(['message 7  3']);
    expect(lines(h.bytes(`~rt=r~xq=4${from(3)}${from(5)}~t=1`))).toEqual(['message 7  5']);
    expect(lines(h.bytes('~rt=r~xq=6~f=9~d=plain~f=9~d=plain~t=1'))).toEqual(['message 9  plain', 'message 9  plain']);
    expect(lines(h.pass(250))).toEqual(['text ~xh=7~t=1']);
  });

  it('X-32 remembers 1,024 senders, those heard last', () => {
    const h = new ResumeHarness().run();
    let number = 0;
    const hear = (sender: number): number =>
      lines(h.bytes(`~rt=r~xq=${++number}~xo=${`${sender}`.padStart(11, 'o')}~xn=1~f=7~d=~t=1`)).filter((line) =>
        line.startsWith('message'),
      ).length;
    for (let sender = 0; sender < 1024; sender++) expect(hear(sender)).toBe(1);
    expect(hear(0)).toBe(0);
    expect(hear(1024)).toBe(1);
    expect([hear(1), hear(0)]).toEqual([0, 1]);
  });

  it('X-15 what does not follow is not taken, and not acknowledged', () => {
    const h = new ResumeHarness().run();
    expect(lines(h.bytes('~rt=r~xq=2~f=7~d=late~t=1'))).toEqual([]);
    expect(lines(h.pass(250))).toEqual(['text ~xh=0~t=1']);
  });

  it.each([
    ['3-7:overflow', 'gap of 5 (overflow)', 7],
    ['1-4:degraded', 'gap of 2 (degraded)', 4],
    ['0-0:expired', 'gap of undefined (expired)', 2],
    ['1-2:overflow', undefined, 2],
    ['nonsense', undefined, 2],
  ])('X-15 a gap %s after two messages, and on behind it', (gap, line, received) => {
    const h = new ResumeHarness().run();
    h.bytes('~rt=r~xq=1~f=7~d=1~f=7~d=2~t=1');
    expect(lines(h.bytes(`~rt=g~xg=${gap}~t=1`))).toEqual(line ? [line] : []);
    expect(lines(h.bytes(`~rt=r~xq=${received + 1}~f=7~d=next~t=1`))).toEqual(['message 7  next']);
    expect(lines(h.pass(250))).toEqual([`text ~xh=${received + 1}~t=1`]);
  });

  it('X-17 acknowledges after 250 ms, or with what is sent meanwhile', () => {
    const h = new ResumeHarness().run();
    h.bytes('~rt=r~xq=1~f=7~d=a~t=1');
    expect(lines(h.pass(249))).toEqual([]);
    expect(h.sendEach('b')).toEqual(['text ~xh=1~xq=1~xn=1~d=b~t=1']);
    expect(lines(h.pass(1000))).toEqual([]);
  });

  it.each([
    ['64 messages', 64, 1],
    ['64 KiB', 2, 32_768],
  ])('X-17 acknowledges %s at once', (_, count, size) => {
    const h = new ResumeHarness().run();
    const groups = `~f=7~d=${'x'.repeat(size)}`.repeat(count - 1);
    expect(lines(h.bytes(`~rt=r~xq=1${groups}~t=1`)).filter((line) => line.startsWith('text'))).toEqual([]);
    expect(lines(h.bytes(`~rt=r~xq=${count}~f=7~d=${'x'.repeat(size)}~t=1`))).toContain(`text ~xh=${count}~t=1`);
  });
});

describe('a session that is lost', () => {
  it('X-35 X-38 a new one without the password: numbers of the session begin anew, those of the client stay; one gap', () => {
    const h = new ResumeHarness().run();
    h.bytes('~rt=r~xq=1~xo=oooooooooo1~xn=4~f=7~d=4~t=1');
    h.sendEach('a', 'b', 'c');
    h.bytes('~rt=s~e=0~xh=1~t=1');
    h.breakLink();
    h.opened();
    expect(lines(h.bytes('~rt=a~e=32~xp=e2~xg=0-0:epoch~t=1')).slice(0, 1)).toEqual(['close']);
    expect(lines(h.pass(1000))).toEqual([
      'post http://relay:9324/ ~p=1~xr=t1~ec=1~x=1~xf=ravd~xi=AAAAAAAAAAAAAAAAAAAAAA',
    ]);
    h.answer(':9324/', loginAnswer(GRANT, '102sX'));
    expect(lines(h.opened())).toEqual(['text ~id=102sX~xr=t0~xh=0~z=3~t=1']);
    h.bytes('~rt=a~e=0~xh=0~xr=u1~t=1');
    expect(lines(h.bytes('~rt=n~e=4~t=1'))).toEqual([
      'reconnecting > connected (attached) replayed 2',
      'gap of undefined (epoch)',
      'text ~xh=0~xq=1~xn=2~d=b~t=1',
      'text ~xh=0~xq=2~xn=3~d=c~t=1',
    ]);
    // A sender that sends again in its own new session is heard once.
    expect(lines(h.bytes('~rt=r~xq=1~xo=oooooooooo1~xn=4~f=8~d=4~xo=oooooooooo1~xn=5~f=8~d=5~t=1'))).toEqual([
      'message 8  5',
    ]);
  });

  const lose = (h: ResumeHarness): ResumeHarness => {
    h.breakLink();
    h.opened();
    h.bytes('~rt=a~e=32~xg=0-0:expired~t=1');
    h.pass(1000);
    return h;
  };

  it.each([32, 8])('X-38 a token that the relay refuses with %i gives way to the password', (code) => {
    const h = lose(new ResumeHarness().run());
    expect(lines(h.answer(':9324/', `~e=${code}`))).toEqual([expect.stringMatching(/^reconnecting > reconnecting \(login-failed\)/)]);
    expect(lines(h.pass(1000))).toEqual(['credentials']);
  });

  it('X-38 a token outlives a relay that is not reached', () => {
    const h = lose(new ResumeHarness().run());
    expect(lines(h.failPost(':9324/'))[0]).toBe('error 20');
    expect(lines(h.pass(1000))[0]).toMatch(/^post http:\/\/relay:9324\/ ~p=1~xr=t1/);
  });

  it('code 29: not before the time that the relay says', () => {
    const h = lose(new ResumeHarness().run());
    h.random = 0;
    h.answer(':9324/', '~e=29~xt=7');
    expect(lines(h.pass(6999))).toEqual([]);
    expect(lines(h.pass(1))[0]).toMatch(/^post http:\/\/relay:9324\/ ~p=1~xr=t1/);
  });

  it('X-29 code 28 at the login: another identity, and what is in doubt ends with 32', () => {
    const h = new ResumeHarness().run();
    h.sendEach('in doubt');
    h.send('queued');
    lose(h);
    expect(lines(h.answer(':9324/', '~e=28'))[0]).toBe('settled 32');
    h.pass(1000);
    expect(lines(h.input({ type: 'credentials', connectName: 'home', connectPassword: 'p' }))).toEqual([
      'post http://relay:9324/ ~p=1~cn=home~cp=p~ec=1~x=1~xf=ravd~xi=BBBBBBBBBBBBBBBBBBBBBB',
    ]);
    h.enter(GRANT, '102sX');
    expect(lines(h.seen).at(-1)).toBe('text ~xh=0~xq=1~xn=2~d=queued~t=1');
  });

  it.each([
    ['X-30 code 28 at an attach', (h: ResumeHarness) => h.bytes('~rt=a~e=28~t=1')],
    ['X-26 a close with 4001', (h: ResumeHarness) => h.closed(4001)],
  ])('%s: another identity and the password, for the token is somebody else’s too', (_, refuse) => {
    const h = new ResumeHarness().run();
    h.sendEach('in doubt');
    h.breakLink();
    h.opened();
    expect(lines(refuse(h))).toContain('settled 32');
    expect(lines(h.pass(1000))).toEqual(['credentials']);
    expect(lines(h.input({ type: 'credentials', connectName: 'home', connectPassword: 'p' }))[0]).toContain('~xi=BBBB');
  });

  it('X-25 after the time that the relay keeps sessions a new one is asked for, with the token', () => {
    const h = new ResumeHarness({}, { backoff: { minDelayMs: 500, maxDelayMs: 1000 } }).run(GRANT.replace('xt=120', 'xt=20'));
    let logins = 0;
    for (h.closed(); logins === 0 && h.now < 60_000; ) {
      for (const effect of h.pass(1000)) {
        if (effect.type === 'open') h.closed();
        else if (effect.type === 'post' && effect.url.endsWith('/Download')) h.failPost('/Download');
        else if (effect.type === 'post') logins++;
      }
    }
    expect(logins).toBe(1);
    expect(h.now).toBeGreaterThan(20_000);
    expect(h.now).toBeLessThan(25_000);
  });

  it('a token is not used by the next start', () => {
    const h = lose(new ResumeHarness().run());
    h.input({ type: 'close' });
    expect(lines(h.input({ type: 'start' }))).toContain('credentials');
  });
});

describe('tokens', () => {
  it('X-26 X-27 each attach shows the newest token and a higher number', () => {
    const h = new ResumeHarness().run();
    h.breakLink();
    expect(lines(h.opened())).toEqual(['text ~id=101sAb3~xr=t1~xh=0~z=2~t=1']);
    h.bytes('~rt=a~e=0~xh=0~xr=t2~t=1');
    h.breakLink();
    expect(lines(h.opened())).toEqual(['text ~id=101sAb3~xr=t2~xh=0~z=3~t=1']);
  });

  it('X-27 code 16 at an attach: it was late, and is made again', () => {
    const h = new ResumeHarness().run();
    h.breakLink();
    h.opened();
    expect(lines(h.bytes('~rt=a~e=16~t=1'))[0]).toBe('close');
    expect(lines(h.pass(1000))).toEqual(['open ws://h:1/api/WebSocket']);
  });

  it('networks outlive a break, and are said again only when they have changed', () => {
    const h = new ResumeHarness({ networkNames: ['n1'] }).run();
    h.breakLink();
    expect(lines(h.attach())).toEqual(['reconnecting > connected (attached) resumed']);
    h.breakLink();
    h.input({ type: 'configure', change: { networkNames: ['n2'] } });
    expect(lines(h.attach())).toEqual(['text ~nc=1~ns=n2~t=1']);
  });
});

describe('liveness', () => {
  it('X-39 a link without a byte for 6 s is asked, and given up 3 s later', () => {
    const h = new ResumeHarness().run();
    expect(lines(h.pass(5999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['text ~xh=0~t=1']);
    expect(lines(h.pass(2999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['close', 'connected > reconnecting (lost) in 500']);
  });

  it('X-39 any byte is a sign of life', () => {
    const h = new ResumeHarness().run();
    h.pass(8000);
    h.bytes('~rt=');
    expect(lines(h.pass(5999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['text ~xh=0~t=1']);
    h.bytes('k~xh=0~t=1');
    expect(lines(h.pass(5999))).toEqual([]);
  });

  it('X-39 a link that only sends is asked just the same', () => {
    const h = new ResumeHarness().run();
    for (let second = 1; second <= 6; second++) h.sendEach('a');
    for (let second = 1; second < 6; second++) {
      h.pass(1000);
      h.sendEach('a');
    }
    expect(lines(h.pass(1000))).toEqual([expect.stringMatching(/^text ~xh=0~t=1/)]);
  });

  it('X-41 after a sleep the link is asked at once, whatever the socket says, and given up within 3 s', () => {
    const h = new ResumeHarness().run();
    h.now += 600_000;
    expect(lines(h.pump())).toEqual(['text ~xh=0~t=1']);
    expect(lines(h.pass(3000))).toEqual(['close', 'connected > reconnecting (lost) in 500']);
  });

  it('X-41 a wake signal asks at once', () => {
    const h = new ResumeHarness().run();
    expect(lines(h.input({ type: 'resume' }))).toEqual(['text ~xh=0~t=1']);
    expect(lines(h.pass(3000))).toContain('connected > reconnecting (lost) in 500');
  });

  it('X-46 a draining relay spreads its clients', () => {
    const h = new ResumeHarness().run();
    h.random = 0.5;
    expect(lines(h.closed(1012, '10'))).toEqual(['close', 'connected > reconnecting (lost) in 5000']);
  });
});
