import { describe, expect, it } from 'vitest';
import { GRANT, ResumeHarness } from '../../helpers/resume-harness';
import { lines } from '../../helpers/session-harness';

const OFFER = '~x=1~xf=ravd~xi=AAAAAAAAAAAAAAAAAAAAAA';

describe('renewal', () => {
  const RENEWED = `~rt=a~e=32~id=102sX${GRANT.replace('t0', 'u0')}~xg=0-0:epoch~t=1`;

  function lost(networkNames: string[] = []): ResumeHarness {
    const h = new ResumeHarness({ networkNames }).run();
    h.sendEach('a', 'b');
    h.bytes('~rt=s~e=0~xh=1~t=1');
    h.breakLink();
    h.opened();
    return h;
  }

  it('X-35, X-73 goes on with the new session on the same WebSocket: networks, one gap, messages with their own numbers', () => {
    const h = lost(['n1']);
    expect(lines(h.bytes(RENEWED))).toEqual(['text ~nc=1~ns=n1~t=1']);
    expect(h.session.sessionId).toBe('102');
    expect(lines(h.bytes('~rt=n~e=4~t=1'))).toEqual([
      'reconnecting > connected (attached) replayed 1',
      'gap of undefined (epoch)',
      'text ~xh=0~xq=1~xn=2~d=b~t=1',
    ]);
    expect(lines(h.bytes('~rt=s~e=0~xh=1~t=1'))).toEqual(['settled 0']);
    h.breakLink();
    expect(lines(h.opened())).toEqual([`text ~id=102sX~xr=u0~xh=0~z=3${OFFER}~t=1`]);
  });

  it('X-10, X-73 what is taken is counted from the beginning', () => {
    const h = lost();
    h.bytes(RENEWED);
    h.bytes('~rt=n~e=4~t=1');
    h.sendEach('c');
    for (const answer of ['~rt=k~xh=0', '~rt=s~e=0~xh=1', '~rt=k~xh=1']) {
      h.pass(5000);
      h.bytes(`${answer}~t=1`);
    }
    expect(lines(h.pass(5000)).join()).not.toContain('lost');
  });

  it.each([
    ['no id', '~rt=a~e=32~xp=e1~xg=0-0:epoch~t=1'],
    ['an id that is none', RENEWED.replace('102sX', 'X')],
    ['no grant', RENEWED.replace('x=1', 'x=2')],
  ])('X-73 %s in the answer: a login with the token', (_, answer) => {
    const h = lost();
    expect(lines(h.bytes(answer))).toContain('reconnecting > reconnecting (gone) in 1000');
    expect(lines(h.pass(1000))).toEqual([`post http://relay:9324/ ~p=1~xr=t1~ec=1${OFFER}`]);
  });
});
