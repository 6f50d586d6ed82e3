import { describe, expect, it } from 'vitest';
import { GRANT, loginAnswer, ResumeHarness } from '../../helpers/resume-harness';
import { lines } from '../../helpers/session-harness';

const polling = (): ResumeHarness => new ResumeHarness({ useWebSocket: false, networkNames: ['n'] });

describe('the extension over long polling', () => {
  it('X-21 X-27 the first download binds the session, the next ones acknowledge what came before', () => {
    const h = polling();
    h.start();
    expect(lines(h.answer(':9324/', loginAnswer()))).toEqual(['post http://h:2/Download ~id=101sAb3~xr=t0~xh=0~n=n~z=1']);
    expect(lines(h.answer('/Download', '~e=4~xh=0~xr=t1'))).toEqual([
      'post http://h:2/Download ~id=101sAb3~xh=0~t=6~z=2',
      'connecting > connected (attached)',
    ]);
    expect(lines(h.answer('/Download', '~e=0~xh=0~rt=r~xq=1~f=7~d=a~f=7~d=b~rt=g~xg=3-5:overflow~rt=r~xq=6~f=8~d=c'))).toEqual([
      'post http://h:2/Download ~id=101sAb3~xh=6~t=6~z=3',
      'message 7  a',
      'message 7  b',
      'gap of 3 (overflow)',
      'message 8  c',
    ]);
  });

  it('X-21 a download answer that comes again gives nothing twice', () => {
    const h = polling().run();
    const answer = '~e=0~xh=0~rt=r~xq=1~f=7~d=a';
    expect(lines(h.answer('/Download', answer))).toContain('message 7  a');
    expect(lines(h.answer('/Download', `${answer}~f=7~d=b`))).toEqual([
      'post http://h:2/Download ~id=101sAb3~xh=2~t=6~z=4',
      'message 7  b',
    ]);
  });

  it('X-22 one upload at a time, whatever a download acknowledges meanwhile', () => {
    const h = polling().run();
    expect(h.sendEach('a')).toEqual(['post http://h:1/Upload ~id=101sAb3~xq=1~xn=1~d=a~z=0']);
    expect(h.sendEach('b')).toEqual([]);
    expect(lines(h.answer('/Download', '~e=16~xh=1'))).toEqual(['settled 0']);
    expect(lines(h.answer('/Upload', '~e=0~xh=1'))).toEqual(['post http://h:1/Upload ~id=101sAb3~xq=2~xn=2~d=b~z=1']);
  });

  it('X-37 an upload answer names each message that was refused', () => {
    const h = polling().run();
    for (let i = 0; i < 4; i++) h.send('a', { toSessionIds: ['7'] });
    h.pump();
    expect(lines(h.answer('/Upload', '~e=2~xh=4~xq=1~xq=3'))).toEqual(['settled 2', 'settled 2', 'settled 0', 'settled 0']);
  });

  it('X-8 an upload whose answer does not come is asked after with a new attach', () => {
    const h = polling().run();
    h.sendEach('a', 'b');
    for (let tries = 0; tries < 4; tries++) {
      h.failPost('/Upload');
      h.pass(1000);
    }
    expect(h.session.shownState).toBe('reconnecting');
    expect(lines([h.post('/Download')])).toEqual(['post http://h:2/Download ~id=101sAb3~xr=t1~xh=0~z=3']);
    expect(lines(h.answer('/Download', '~e=0~xh=1~xr=t2'))).toEqual([
      'post http://h:2/Download ~id=101sAb3~xh=0~t=6~z=4',
      'settled 0',
      'reconnecting > connected (attached) resumed',
      'post http://h:1/Upload ~id=101sAb3~xq=2~xn=2~d=b~z=1',
    ]);
  });

  it.each([
    ['X-35', 32],
    ['X-35', 12],
  ])('%s code %i to an upload: a new session, without the password', (_, code) => {
    const h = polling().run();
    h.sendEach('a');
    expect(lines(h.answer('/Upload', `~e=${code}`)).at(-1)).toMatch(/^connected > reconnecting \(gone\)/);
    expect(lines(h.pass(1000))[0]).toMatch(/^post http:\/\/relay:9324\/ ~p=1~xr=t1/);
  });

  it('X-23 X-27 a download that ends with 16 is followed by the next', () => {
    const h = polling().run();
    h.pass(6000);
    expect(lines(h.answer('/Download', '~e=16~xh=0'))).toEqual(['post http://h:2/Download ~id=101sAb3~xh=0~t=6~z=3']);
  });

  it('X-39 a dead link is noticed after 9 s: a download is held for 6 s, and may be 3 s late', () => {
    const h = polling().run();
    expect(lines(h.pass(8999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['abort', 'connected > reconnecting (lost) in 500']);
  });

  it('X-39 an answer that has begun shows that the link lives, however long it takes to come in', () => {
    const h = polling().run();
    h.pass(8000);
    h.input({ type: 'begun', id: h.post('/Download').id });
    expect(lines(h.pass(50_000))).toEqual([]);
    expect(lines(h.answer('/Download', '~e=0~xh=0~rt=r~xq=1~f=7~d=a'))).toContain('message 7  a');
  });

  it.each([
    ['in a page that nobody sees', { isHidden: () => true }, 25, 25],
    ['as long as the application wants', { downloadTimeout: 40 }, 40, 40],
    ['for 50 s at most', { downloadTimeout: 300 }, 300, 50],
  ])('X-24 %s a download is held for longer, and given up 30 s after that', (_, settings, asked, seconds) => {
    const h = new ResumeHarness({ useWebSocket: false, ...settings }).run();
    expect(lines([h.post('/Download')])).toEqual([`post http://h:2/Download ~id=101sAb3~xh=0~t=${asked}~z=2`]);
    expect(lines(h.pass(seconds * 1000 + 29_999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['abort', 'connected > reconnecting (lost) in 500']);
  });

  it('X-24 somebody on the way who ends requests early: the next ones are shorter', () => {
    const h = polling().run();
    h.input({ type: 'configure', change: { downloadTimeout: 60 } });
    h.answer('/CancelDownload', '~e=15');
    h.answer('/Download', '~e=15~xh=0');
    h.pass(40_000);
    expect(lines(h.answer('/Download', 'x', 504)).at(-1)).toMatch(/^connected > reconnecting \(lost\)/);
    h.pass(1000);
    h.answer('/Download', '~e=0~xh=0~xr=t2');
    expect(lines([h.post('/Download')])).toEqual(['post http://h:2/Download ~id=101sAb3~xh=0~t=28~z=5']);
  });

  it.each([
    ['413 of somebody on the way', 'x', 413],
    ['2 of a relay that has not read it', '~e=2', 200],
  ])('%s: what is too large goes in halves, the rest goes on', (_, body, status) => {
    const h = polling().run();
    for (const data of ['a', 'b', 'large', 'c']) h.send(data);
    const refuse = (): string[] => lines(h.answer('/Upload', body, status));
    expect(lines(h.pump())).toEqual(['post http://h:1/Upload ~id=101sAb3~xq=1~xn=1~d=a~d=b~d=large~d=c~z=0']);
    expect(refuse()).toEqual(['post http://h:1/Upload ~id=101sAb3~xq=1~xn=1~d=a~d=b~z=0']);
    expect(lines(h.answer('/Upload', '~e=0~xh=2'))).toEqual([
      'settled 0',
      'settled 0',
      'post http://h:1/Upload ~id=101sAb3~xq=3~xn=3~d=large~d=c~z=1',
    ]);
    expect(refuse()).toEqual(['post http://h:1/Upload ~id=101sAb3~xq=3~xn=3~d=large~z=1']);
    expect(refuse()).toEqual(['settled 26', 'post http://h:1/Upload ~id=101sAb3~xq=3~xn=3~s=0~d=~z=1']);
    expect(lines(h.answer('/Upload', '~e=2~xh=3~xq=3'))).toEqual(['post http://h:1/Upload ~id=101sAb3~xq=4~xn=4~d=c~z=2']);
    expect(lines(h.answer('/Upload', '~e=0~xh=4'))).toEqual(['settled 0']);
  });

  it('X-37 a message that the relay has read and found too large ends with 26, the others of its upload with 0', () => {
    const h = polling().run();
    for (const data of ['a', 'large', 'c']) h.send(data);
    h.pump();
    expect(lines(h.answer('/Upload', '~e=26~xh=3~xq=2'))).toEqual(['settled 26', 'settled 0', 'settled 0']);
  });

  it('413 to everything is a broken way, tried again later', () => {
    const h = polling().run();
    h.sendEach('a');
    expect(lines(h.answer('/Upload', 'x', 413))[0]).toBe('settled 26');
    expect(lines(h.answer('/Upload', 'x', 413))).toEqual(['error 20', 'abort', 'connected > reconnecting (lost) in 500']);
  });
});

describe('moves between the transports', () => {
  it('X-28 to long polling: the session and its numbers stay, what was not taken goes by upload', () => {
    const h = new ResumeHarness().run();
    h.sendEach('a', 'b');
    expect(lines(h.input({ type: 'configure', change: { useWebSocket: false } }))).toEqual([
      'text ~c=c~t=1',
      'connected > reconnecting (move)',
    ]);
    expect(lines(h.bytes('~rt=s~e=0~xh=1~t=1~rt=c~e=0~t=1'))).toEqual([
      'close',
      'settled 0',
      'post http://h:2/Download ~id=101sAb3~xr=t1~xh=0~z=2',
    ]);
    expect(lines(h.answer('/Download', '~e=0~xh=1~xr=t2')).slice(1)).toEqual([
      'reconnecting > connected (attached) resumed replayed 1',
      'post http://h:1/Upload ~id=101sAb3~xq=2~xn=2~d=b~z=1',
    ]);
  });

  it('X-28 to WebSocket, with the token that the last download brought', () => {
    const h = new ResumeHarness({ useWebSocket: false }).run();
    h.input({ type: 'configure', change: { useWebSocket: true } });
    h.answer('/CancelDownload', '~e=15');
    expect(lines(h.answer('/Download', '~e=15~xh=0')).at(-1)).toBe('open ws://h:1/api/WebSocket');
    expect(lines(h.opened())).toEqual(['text ~id=101sAb3~xr=t1~xh=0~z=3~t=1']);
  });

  it('a WebSocket that hangs for 2 s gives way to long polling, with the same session', () => {
    const h = new ResumeHarness();
    h.start();
    h.answer(':9324/', loginAnswer());
    expect(lines(h.pass(2000))[0]).toBe('close');
    expect(lines(h.pass(500))).toEqual(['post http://h:2/Download ~id=101sAb3~xr=t0~xh=0~z=1']);
  });

  it('a WebSocket that was open before has three tries before long polling has its turn', () => {
    const h = new ResumeHarness().run();
    const kinds = [h.breakLink().at(-1), h.breakLink().at(-1), h.breakLink().at(-1), h.breakLink().at(-1)];
    expect(kinds.map((line) => line?.split(' ')[0])).toEqual(['open', 'open', 'open', 'post']);
  });

  it('climbs back: looks after 1 s and 30 s, then in twice the time each, up to 5 minutes; a look that hangs is let go', () => {
    const h = new ResumeHarness({ downloadTimeout: 50 });
    h.start();
    h.answer(':9324/', loginAnswer());
    h.closed();
    h.pass(500);
    h.answer('/Download', '~e=0~xh=0~xr=t1');
    const waits: number[] = [];
    let begun = h.now;
    for (let second = 1; waits.length < 6; second++) {
      const effects = h.pass(1000);
      if (effects.some(({ type }) => type === 'open')) {
        waits.push((h.now - begun) / 1000);
        expect(lines(h.pass(waits.length === 2 ? 10_000 : 0))).toEqual(waits.length === 2 ? ['close'] : []);
        if (waits.length !== 2) h.closed();
        begun = h.now;
      }
      if (second % 20 === 0) h.answer('/Download', '~e=16~xh=0');
    }
    expect(waits).toEqual([1, 30, 60, 120, 240, 300]);
    expect(h.session.shownState).toBe('connected');
  });

  it('a WebSocket that opens and carries nothing is a break of 6 s, and not tried again for 5 minutes', () => {
    const h = new ResumeHarness({ downloadTimeout: 50 });
    h.start();
    h.answer(':9324/', loginAnswer());
    h.opened();
    expect(lines(h.pass(5999))).toEqual([]);
    expect(lines(h.pass(1))).toContain('connecting > connecting (lost) in 500');
    h.pass(500);
    h.answer('/Download', '~e=0~xh=0~xr=t1');
    h.pass(1000);
    h.opened();
    h.answer('/CancelDownload', '~e=15');
    h.answer('/Download', '~e=15~xh=0');
    h.opened();
    h.pass(7000);
    h.answer('/Download', '~e=0~xh=0~xr=t1');
    expect(h.session.shownState).toBe('connected');
    for (let waited = 0; waited < 300_000; waited += 10_000) {
      expect(lines(h.pass(10_000)).some((line) => line.startsWith('open'))).toBe(waited === 290_000);
      h.answer('/Download', '~e=16~xh=0');
    }
  });

  it('the application’s choice of WebSocket ends the fallback at once', () => {
    const h = new ResumeHarness();
    h.start();
    h.answer(':9324/', loginAnswer(GRANT));
    h.closed();
    h.pass(500);
    h.answer('/Download', '~e=0~xh=0~xr=t1');
    h.input({ type: 'configure', change: { useWebSocket: false } });
    h.answer('/CancelDownload', '~e=15');
    h.answer('/Download', '~e=15~xh=0');
    h.answer('/Download', '~e=0~xh=0~xr=t2');
    h.input({ type: 'configure', change: { useWebSocket: true } });
    h.answer('/CancelDownload', '~e=15');
    expect(lines(h.answer('/Download', '~e=15~xh=0')).at(-1)).toBe('open ws://h:1/api/WebSocket');
  });
});
