import { describe, expect, it } from 'vitest';
import { RelayCoreLab, sessionOf } from '../../helpers/relay-core-lab';

describe('WebSocket messages', () => {
  it('V-27 P-10 answers the auth message, and again on the same socket', () => {
    const lab = new RelayCoreLab();
    const id = lab.login();
    const socket = lab.open();
    expect(socket.isAttached).toBe(false);
    expect(socket.exchange(`~id=${id}~t=1`)).toBe('~rt=a~e=0~t=1');
    expect(socket.isAttached).toBe(true);
    expect(socket.exchange(`~id=${id}~t=1`)).toBe('~rt=a~e=0~t=1');
    expect(lab.core.levels).toMatchObject({ sessions: 1, transports: 1 });
  });

  it('V-28 P-6 answers 12 to an unknown id, and closes a little later', () => {
    const lab = new RelayCoreLab();
    const socket = lab.open();
    expect(socket.exchange('~id=99sXx~t=1')).toBe('~rt=a~e=12~t=1');
    expect(socket.closed).toBeUndefined();
    socket.send('~t=1');
    lab.advance(lab.limits.refusedCloseMs);
    expect(socket.take()).toBe('');
    expect(socket.closed?.code).toBe(1000);
  });

  it.each([
    ['P-100 the session id alone', (id: string) => sessionOf(id)],
    ['P-100 a wrong secret', (id: string) => `${id.slice(0, -1)}~~`],
    ['P-100 SEC-7 one letter changed', (id: string) => `${id.slice(0, -1)}${id.endsWith('x') ? 'y' : 'x'}`],
    ['P-100 one byte more', (id: string) => `${id}x`],
    ['P-100 a leading zero', (id: string) => `0${id}`],
    ['SEC-11 two ids', (id: string) => `${id}~id=${id}`],
  ])('refuses %s', (_what, change) => {
    const lab = new RelayCoreLab();
    const socket = lab.open();
    expect(socket.exchange(`~id=${change(lab.login())}~t=1`)).toMatch(/^~rt=a~e=(12|7)~t=1$/);
    expect(socket.isAttached).toBe(false);
  });

  it.each([
    ['~nc=1~ns=n1~t=1', '~rt=n~e=12~t=1'],
    ['~d=x~t=1', '~rt=s~e=12~t=1'],
  ])('P-6 answers 12 to %j before authentication, then closes', (message, answer) => {
    const lab = new RelayCoreLab();
    const socket = lab.open();
    expect(socket.exchange(message)).toBe(answer);
    lab.advance(lab.limits.refusedCloseMs);
    expect(socket.closed?.code).toBe(1000);
  });

  it('P-8 P-7 K-8 answers terminate and restart before authentication, too', () => {
    const lab = new RelayCoreLab();
    const terminating = lab.open();
    expect(terminating.exchange('~c=t~t=1')).toBe('~rt=c~e=0~t=1');
    expect(terminating.closed?.code).toBe(1000);
    const restarting = lab.open();
    expect(restarting.exchange('~c=c~t=1')).toBe('~rt=c~e=0~t=1');
    expect(restarting.closed).toBeUndefined();
    expect(lab.open().exchange('~c=x~t=1')).toBe('~rt=c~e=7~t=1');
  });

  it.each([
    ['V-29 two networks', '~nc=1~ns=n1~ns=n2~t=1', '~rt=n~e=4~t=1'],
    ['V-30 no networks', '~nc=1~t=1', '~rt=n~e=4~t=1'],
    ['V-36 keep-alive', '~t=1', '~rt=k~t=1'],
    ['V-37 discovery', '~dt=Discovery~d=?~t=1', '~rt=s~e=0~t=1'],
    ['V-41 unknown', '~q=1~t=1', '~rt=s~e=7~t=1'],
    ['P-56 targets without data', '~n=a~s=1~t=1', '~rt=s~e=7~t=1'],
    ['V-21 no leading tilde', 'rt=a~e=0~t=1', '~rt=s~e=7~t=1'],
    ['V-22 a tilde in a key', '~a=1~rt~e=0~t=1', '~rt=s~e=7~t=1'],
    ['SEC-11 a long key', '~averylongkey=1~d=x~t=1', '~rt=s~e=7~t=1'],
    ['SEC-11 two data types', '~dt=a~dt=b~d=x~t=1', '~rt=s~e=7~t=1'],
    ['P-28 fields before a broken key', '~d=x~rt~e=0~t=1', '~rt=s~e=0~t=1'],
    ['an unknown close', '~c=x~t=1', '~rt=c~e=7~t=1'],
    ['P-56 id before all else', '~d=x~c=t~id=99sX~t=1', '~rt=a~e=12~t=1'],
  ])('%s', (_what, message, answer) => {
    expect(new RelayCoreLab().device().exchange(message)).toBe(answer);
  });

  it('SEC-11 refuses more than 4,096 fields in one group, and takes them in many', () => {
    const device = new RelayCoreLab().device();
    expect(device.exchange(`${'~n=a'.repeat(4_096)}~d=x~t=1`)).toBe('~rt=s~e=7~t=1');
    expect(device.exchange(`${'~n=a~d=x'.repeat(4_096)}~t=1`)).toBe('~rt=s~e=0~t=1');
  });

  it('SEC-12 prototype names are keys and networks like any other', () => {
    const lab = new RelayCoreLab();
    const names = ['constructor', 'prototype', '__proto__', 'hasOwnProperty', '0'];
    const [sender, receiver] = [lab.device(), lab.device(names)];
    for (const name of names) expect(sender.exchange(`~n=${name}~d=to ${name}~t=1`)).toBe('~rt=s~e=0~t=1');
    expect(receiver.take().match(/~d=/g)).toHaveLength(names.length);
    expect(sender.exchange('~constru=1~d=x~t=1')).toBe('~rt=s~e=0~t=1');
  });

  it('P-34 P-22 V-17 serves several messages of one frame with one frame', () => {
    const device = new RelayCoreLab().device();
    expect(device.exchange('~t=1~q=1~t=1~nc=1~t=1~d=x~t=1')).toBe(
      '~rt=k~t=1~rt=s~e=7~t=1~rt=n~e=4~t=1~rt=s~e=0~t=1',
    );
    expect(device.writes.at(-1)).toHaveLength(1);
  });

  it('V-18 P-22 joins a message over frames, cut at every place, on sockets that take turns', () => {
    const lab = new RelayCoreLab();
    const [one, two] = [lab.device(), lab.device()];
    const message = (device: { sessionId: string }): string =>
      `~s=${device.sessionId}~dt=a~~~d=x~~t=1y~-~~~t=1`;
    const length = message(one).length;
    for (let cut = 1; cut < length; cut++) {
      one.send(message(one).slice(0, cut));
      two.send(message(two).slice(0, cut));
      one.send(message(one).slice(cut));
      two.send(message(two).slice(cut));
      lab.flush();
      for (const device of [one, two]) {
        const group = `~rt=r~f=${device.sessionId}~dt=a~~~d=x~~t=1y~-~~~t=1`;
        expect(device.take()).toBe(`${group}~rt=s~e=0~t=1`);
      }
    }
    expect(lab.core.levels.heldInputBytes).toBe(0);
  });

  it('V-16 P-21 waits on when an escaped tilde looks like the terminator', () => {
    const device = new RelayCoreLab().device();
    expect(device.exchange(`~s=${device.sessionId}~d=~~t=1`)).toBe('');
    expect(device.exchange('~t=1')).toContain('~d=~~t=1~t=1');
  });

  it('V-39 P-8 answers a terminate after all that waits, then closes; the id is dead', () => {
    const lab = new RelayCoreLab();
    const device = lab.device(['n']);
    lab.device(['n']).send('~d=last words~t=1');
    device.send('~c=t~t=1');
    expect(device.take()).toMatch(/^~rt=r~f=\d+~d=last words~t=1~rt=c~e=0~t=1$/);
    expect(device.closed?.code).toBe(1000);
    expect(lab.open().exchange(`~id=${device.id}~t=1`)).toBe('~rt=a~e=12~t=1');
  });

  it('messages behind a terminate in the same frame are not read', () => {
    const lab = new RelayCoreLab();
    const [device, other] = [lab.device(['n']), lab.device(['n'])];
    device.send('~c=t~t=1~d=too late~t=1');
    lab.flush();
    expect(other.take()).toBe('');
    expect(other.exchange('~t=1')).toBe('~rt=k~t=1');
  });

  it('SEC-13 closes with 1009 above the size of a message, and keeps the session', () => {
    const lab = new RelayCoreLab({ maxTransmissionSize: 1_024 });
    const device = lab.device();
    device.send(`~d=${'x'.repeat(600)}`);
    expect(lab.core.levels.heldInputBytes).toBe(603);
    device.send('x'.repeat(600));
    expect(device.closed?.code).toBe(1009);
    expect(lab.core.levels.heldInputBytes).toBe(0);
    expect(lab.attach(device.id).closed).toBeUndefined();
  });

  it('SEC-13 strangers may send 8 KiB in all', () => {
    const lab = new RelayCoreLab();
    const socket = lab.open();
    for (let i = 0; i < 8; i++) socket.send('~t=1'.repeat(256));
    expect(socket.closed).toBeUndefined();
    socket.send('~t=1');
    expect(socket.closed?.code).toBe(1009);
  });

  it('bounds all unfinished messages together', () => {
    const lab = new RelayCoreLab({ maxHeldInput: 1_048_576 });
    const devices = [lab.device(), lab.device()];
    for (const device of devices) device.send(`~d=${'x'.repeat(600_000)}`);
    expect(devices.map(({ closed }) => closed?.code)).toEqual([undefined, 1013]);
    expect(lab.core.levels.heldInputBytes).toBe(600_003);
    devices[0]!.drop();
    expect(lab.core.levels.heldInputBytes).toBe(0);
  });

  it('an unfinished message is forgotten with a socket that never closes', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    device.send(`~d=${'x'.repeat(600)}`);
    lab.attach(device.id);
    lab.advance(lab.limits.closeTimeoutMs);
    expect(device.isDestroyed).toBe(true);
    expect(lab.core.levels.heldInputBytes).toBe(0);
  });

  it('moves a socket to another session when it shows another id', () => {
    const lab = new RelayCoreLab();
    const [first, second] = [lab.login(), lab.login()];
    const socket = lab.attach(first, ['n']);
    expect(socket.exchange(`~id=${second}~t=1`)).toBe('~rt=a~e=0~t=1');
    lab.device(['n']).exchange('~d=for the first~t=1');
    expect(socket.take()).toBe('');
    expect(lab.open().exchange(`~id=${first}~t=1`)).toMatch(/^~rt=a~e=0~t=1~rt=r~f=\d+~d=for the first~t=1$/);
  });
});
