import { beforeEach, describe, expect, it } from 'vitest';
import type { SendMode } from '../../../src/core/messages';
import { GRANT, ResumeHarness } from '../../helpers/resume-harness';
import { Harness, lines, LOGIN_ANSWER } from '../../helpers/session-harness';

let h: ResumeHarness;

function send(mode: SendMode, ...data: string[]): void {
  for (const part of data) h.session.send({ data: part, dataType: '', toNetworks: [], toSessionIds: [], mode }, true);
  h.pump();
}

const settled = (effects: readonly string[]): string[] => effects.filter((line) => line.startsWith('settled'));

beforeEach(() => {
  h = new ResumeHarness().run();
});

describe('receipts', () => {
  it('X-37 one that comes before the acknowledgement is the only outcome', () => {
    send('delivered', 'x');
    expect(lines(h.bytes('~rt=d~xq=1~xn=1~xa=d~e=2~t=1'))).toEqual(['settled 2']);
    expect(lines(h.bytes('~rt=s~e=2~xq=1~xh=1~t=1'))).toEqual([]);
    h.input({ type: 'close' });
    expect(settled(lines(h.closed()))).toEqual([]);
  });

  it('X-37 a message under way when the session is closed has one outcome', () => {
    send('delivered', 'x');
    h.input({ type: 'close' });
    expect(settled(lines(h.closed()))).toEqual(['settled 20']);
  });

  it('X-15 a gap may hold those of all that the relay may have, and only those', () => {
    send('delivered', 'taken');
    h.bytes('~rt=s~e=0~xh=1~t=1');
    h.closed();
    h.pass(1_000);
    send('delivered', 'later');
    expect(settled(lines(h.attach(1, '~rt=g~xg=1-3:overflow~t=1')))).toEqual(['settled 32']);
    expect(settled(lines(h.bytes('~rt=s~e=0~xh=2~t=1~rt=d~xq=4~xn=2~xa=d~e=0~t=1')))).toEqual(['settled 0']);
  });
});

describe('numbers', () => {
  it('X-6 a number that came before is passed over, also of a sender without the extension', () => {
    expect(lines(h.bytes('~rt=r~xq=1~f=7~d=a~t=1'))).toEqual(['message 7  a']);
    expect(lines(h.bytes('~rt=r~xq=1~f=7~d=a~f=7~d=b~t=1'))).toEqual(['message 7  b']);
  });

  it.each([
    ['a WebSocket', true],
    ['long polling', false],
  ])('X-8, X-19 over %s a volatile message is given up after a break, and its number stays', (_, useWebSocket) => {
    send('volatile', 'v');
    send('reliable', 'r');
    if (!useWebSocket) h.input({ type: 'configure', change: { useWebSocket } });
    h.closed();
    h.pass(1_000);
    const again = useWebSocket ? lines(h.attach()) : lines(h.answer('/Download', '~e=0~xh=0~xr=T3'));
    expect(settled(again)).toEqual(['settled 20']);
    const first = useWebSocket ? again.find((line) => line.includes('~xq=1')) : lines([h.post('/Upload')])[0];
    expect(first).toContain('~xq=1~xn=1~s=0~d=');
    if (!useWebSocket) h.answer('/Upload', '~e=0~xh=1');
    expect(useWebSocket ? again.at(-1) : lines([h.post('/Upload')])[0]).toContain('~xq=2~xn=2~d=r');
  });

  it('X-9 what goes again in the next session keeps to the window of that', () => {
    h = new ResumeHarness().run();
    h.sendEach('a', 'b', 'c');
    h.breakLink();
    h.opened();
    h.bytes('~rt=a~e=32~xp=e2~xg=0-0:epoch~t=1');
    h.closed();
    h.pass(1000);
    h.enter(GRANT.replace('4096,', '2,'), '102sAb3');
    const numbers = (effects: string[]): string[] => effects.flatMap((line) => /~xq=\d+/.exec(line) ?? []);
    expect(numbers(lines(h.seen)).slice(3)).toEqual(['~xq=1', '~xq=2']);
    expect(numbers(lines(h.bytes('~rt=s~e=0~xh=1~t=1')))).toEqual(['~xq=3']);
  });

  it('X-27 a last number above the own ones is somebody else\'s: it logs in anew, as another instance', () => {
    for (const [answer, isOvertaken] of [
      ['~rt=a~e=16~z=2~t=1', false],
      ['~rt=a~e=16~z=3~t=1', true],
    ] as const) {
      h = new ResumeHarness().run();
      h.closed();
      h.pass(1_000);
      h.opened();
      expect(lines(h.bytes(answer)).at(-1)).toContain(isOvertaken ? '(gone)' : '(lost)');
    }
    h.pass(1_000);
    expect(lines(h.seen).join()).not.toContain('~p=1~xr=');
    expect(h.session.sessionId).toBe('-1');
  });
});

describe('lost sessions', () => {
  it('X-35 are told with the reason of the relay, and replaced soon', () => {
    h = new ResumeHarness({ useWebSocket: false }).run();
    for (let i = 0; i < 10; i++) {
      h.failPost('/Download');
      h.pass(4_000);
    }
    expect(lines(h.answer('/Download', '~e=32~xp=f~xg=0-0:epoch')).at(-1)).toMatch(/\(gone\) in 1000$/);
    h.pass(1_000);
    h.enter(undefined, '102sAb3');
    expect(h.seen.filter((effect) => effect.type === 'gap')).toEqual([
      { type: 'gap', gap: { count: undefined, reason: 'epoch' } },
    ]);
  });

  it('X-3 have the reason `plain` on a relay without the extension', () => {
    const plain = new Harness().run();
    plain.bytes('~rt=s~e=12~t=1');
    plain.closed();
    plain.opened();
    plain.bytes('~rt=a~e=12~t=1');
    plain.pass(1_000);
    plain.input({ type: 'credentials', connectName: 'home', connectPassword: 'x' });
    plain.answer(':9324/', LOGIN_ANSWER.replace('101s', '102s'));
    plain.opened();
    plain.bytes('~rt=a~e=0~t=1');
    plain.bytes('~rt=n~e=4~t=1');
    expect(plain.seen.at(-1)).toEqual({ type: 'gap', gap: { count: undefined, reason: 'plain' } });
  });
});

describe('a full queue', () => {
  it('X-13 drain follows 25, also when something fitted meanwhile', () => {
    h.closed();
    const tokens: number[] = [];
    while (h.session.refusalOf(1) === 0) tokens.push(h.send('x'));
    expect(h.session.cancelSend(tokens.pop()!)).toBe(true);
    expect(lines(h.pump())).toEqual([]);
    expect(h.session.refusalOf(1)).toBe(0);
    for (const token of tokens) h.session.cancelSend(token);
    expect(lines(h.pump())).toEqual(['drain']);
  });
});
