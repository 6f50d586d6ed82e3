import { beforeEach, describe, expect, it } from 'vitest';
import { HOME, RelayCoreLab } from '../../helpers/relay-core-lab';
import { ResumingDevice, valueOf } from '../../helpers/resume-lab';

let lab: RelayCoreLab;
beforeEach(() => {
  lab = new RelayCoreLab();
});

describe('renewal', () => {
  const account = { ...HOME, generation: '00000000000000aa' };
  const REFUSED = /^~rt=a~e=32~xp=[0-9a-f]{16}~xg=0-0:expired~t=1$/;
  const RENEWED =
    /^~rt=a~e=32~id=\d+s[^~]+~x=1~xf=rav~xr=[^~]+~xt=120~xw=4096,1048576~xd=[\d,]+~xm=\d+~xp=[0-9a-f]{16}~xg=0-0:expired~t=1$/;

  /** A device whose session is gone. */
  function lost(): ResumingDevice {
    const device = ResumingDevice.login(lab, undefined, account);
    device.attach(0);
    device.socket!.drop();
    lab.advance(120_000);
    return device;
  }

  it('X-73 a session that is gone is renewed on the WebSocket that asks for it, and goes on there', () => {
    const device = lost();
    const answer = device.attach(0, device.renewMessage());
    expect(answer).toMatch(RENEWED);
    expect([lab.tokenLogins, lab.core.counters.sessionsRenewed, lab.core.levels.sessions]).toEqual([1, 1, 1]);
    expect(device.socket!.isAttached).toBe(true);
    expect(device.exchange('~nc=1~ns=n~t=1')).toBe('~rt=n~e=4~t=1');
    ResumingDevice.open(lab).exchange('~xq=1~xn=1~n=n~d=x~t=1');
    expect(device.socket!.take()).toContain('~rt=r~xq=1~');
    const [id, token] = [valueOf(answer, 'id'), valueOf(answer, 'xr')];
    expect(lab.open().exchange(`~id=${id}~xr=${token}~xh=1~z=9~t=1`)).toContain('~rt=a~e=0~xh=0~xr=');
    expect(device.socket!.closed?.code).toBe(4001);
  });

  it('X-4, X-73 who does not ask is refused as ever', () => {
    const device = lost();
    expect(device.attach(0)).toMatch(REFUSED);
    expect(lab.core.levels.sessions).toBe(0);
  });

  it('X-29, X-73 an answer that was lost: the same token begins it once more, and none is left over', () => {
    const device = lost();
    const first = device.attach(0, device.renewMessage());
    const { socket } = device;
    const second = device.attach(0, device.renewMessage());
    expect(second).toMatch(RENEWED);
    expect(valueOf(second, 'id')).not.toBe(valueOf(first, 'id'));
    expect(socket!.closed?.code).toBe(1000);
    expect(lab.core.levels.sessions).toBe(1);
  });

  it('X-73 asked again on the same WebSocket, before the token is checked and after: one answer', () => {
    const device = lost();
    lab.checkToken = () => undefined;
    const message = device.renewMessage();
    expect(device.attach(0, message)).toBe('');
    expect(device.exchange(message)).toBe('');
    expect([lab.tokenLogins, lab.core.levels.pendingLogins]).toEqual([1, 1]);
    lab.input({ type: 'login-checked', asker: device.socket!, result: { ok: true, account } });
    lab.flush();
    expect(device.socket!.take()).toMatch(RENEWED);
    expect(device.exchange(message)).toBe('');
    expect([lab.tokenLogins, lab.core.levels.pendingLogins]).toEqual([1, 0]);
  });

  it.each([
    ['gone', (device: ResumingDevice): void => device.socket!.drop()],
    ['told to end', (device: ResumingDevice): void => void device.exchange('~d=x~t=1')],
    ['bound to another session', (device: ResumingDevice): void => void device.exchange(`~id=${lab.login()}~t=1`)],
  ])('X-73 a WebSocket that is %s meanwhile gets no session', (_, happen) => {
    const device = lost();
    lab.checkToken = () => undefined;
    device.attach(0, device.renewMessage());
    happen(device);
    const { sessions } = lab.core.levels;
    lab.input({ type: 'login-checked', asker: device.socket!, result: { ok: true, account } });
    lab.flush();
    expect(device.socket!.take()).toBe('');
    expect([lab.core.levels.sessions, lab.core.levels.pendingLogins]).toEqual([sessions, 0]);
  });

  it.each([
    ['the store says no', () => void (lab.checkToken = () => ({ ok: false, code: 8 }))],
    ['the store is busy', () => void (lab.checkToken = () => ({ ok: false, code: 20 }))],
    ['the token is forged', (device: ResumingDevice) => void (device.token = 'forged')],
    ['the instance lives elsewhere', (device: ResumingDevice) => ResumingDevice.login(lab, device.instance).attach(0)],
    ['there is no room', () => lab.login()],
  ])('X-73 refused as ever when %s', (_, prepare) => {
    lab = new RelayCoreLab({ maxSessions: 1 });
    const device = lost();
    prepare(device);
    const { sessions } = lab.core.levels;
    expect(device.attach(0, device.renewMessage())).toMatch(REFUSED);
    expect(lab.core.levels.sessions).toBe(sessions);
    lab.advance(10_000);
    expect(device.socket!.closed?.code).toBe(1000);
  });

  it('X-73 not beside a session that the WebSocket has', () => {
    const device = lost();
    device.socket = ResumingDevice.open(lab).socket;
    expect(device.exchange(device.renewMessage())).toMatch(REFUSED);
    expect(lab.core.counters.sessionsRenewed).toBe(0);
  });
});
