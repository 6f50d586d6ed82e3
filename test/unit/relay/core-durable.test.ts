import { beforeEach, describe, expect, it } from 'vitest';
import { readSessions } from '../../../src/relay/session-records';
import { seededRandom } from '../../helpers/bytes';
import { EPOCH, HOME, RelayCoreLab } from '../../helpers/relay-core-lab';
import { ResumingDevice, valueOf } from '../../helpers/resume-lab';

let lab: RelayCoreLab;
beforeEach(() => {
  lab = new RelayCoreLab({}, 1, EPOCH);
});

/** The relay dies, and another one goes on with what is on its disk. */
function restart(devices: readonly ResumingDevice[]): void {
  lab = RelayCoreLab.restore(lab.disk);
  for (const device of devices) device.lab = lab;
}

const open = (count: number, networks: readonly string[] = ['n']): ResumingDevice[] =>
  Array.from({ length: count }, () => ResumingDevice.open(lab, networks));

const message = (number: number, more = ''): string => `~xq=${number}~xn=${number}${more}~n=n~d=${number}~t=1`;

const dataIn = (text: string): string[] => [...text.matchAll(/~d=(\d+)/g)].map(([, data]) => data!);

describe('a durable relay says nothing before it is stored (X-7)', () => {
  it('grants the letter d, with its own epoch', () => {
    const { answer } = ResumingDevice.login(lab);
    expect(valueOf(answer, 'xf')).toBe('ravd');
    expect(valueOf(answer, 'xp')).toBe(EPOCH);
    expect(valueOf(ResumingDevice.login(new RelayCoreLab()).answer, 'xf')).toBe('rav');
  });

  it('holds back acknowledgement and delivery until the disk confirms, then gives both', () => {
    const [one, other, third] = open(3) as [ResumingDevice, ResumingDevice, ResumingDevice];
    lab.isDiskStuck = true;
    expect(one.exchange(message(1))).toBe('');
    expect(one.exchange(message(2))).toBe('');
    expect([other.socket!.take(), third.socket!.take()]).toEqual(['', '']);
    expect(lab.stores).toHaveLength(2);
    lab.confirmStore();
    expect(one.socket!.take()).toBe('~rt=s~e=0~xh=1~t=1');
    expect(dataIn(other.socket!.take())).toEqual(['1']);
    lab.confirmStore();
    expect(one.socket!.take()).toBe('~rt=s~e=0~xh=2~t=1');
    expect(dataIn(third.socket!.take())).toEqual(['1', '2']);
  });

  it('answers an upload, a login and a token only when they are stored', () => {
    const device = ResumingDevice.login(lab);
    lab.isDiskStuck = true;
    const login = lab.request('login', `~p=1~cn=a~cp=b~x=1~xf=rd~xi=${ResumingDevice.newInstance()}`);
    lab.flush();
    const attach = lab.request('download', `~id=${device.id}~xr=${device.token}~xh=0~z=9`);
    lab.flush();
    const upload = lab.request('upload', `~id=${device.id}~xq=1~xn=1~s=1~d=x~z=1`);
    lab.flush();
    expect([login.body, attach.body, upload.body]).toEqual([undefined, undefined, undefined]);
    while (lab.stores.length > 0) lab.confirmStore();
    expect(login.body).toMatch(/^~e=0~id=/);
    expect(attach.body).toMatch(/^~e=0~xh=0~xr=/);
    expect(upload.body).toBe('~e=2~xh=1~xq=1');
  });

  it('does not wait for a disk while nothing changes', () => {
    const [device] = open(1);
    lab.isDiskStuck = true;
    expect(device!.exchange('~xh=0~t=1')).toBe('~rt=k~xh=0~t=1');
    expect(lab.stores).toHaveLength(0);
  });

  it('X-7 takes no more messages when too much waits for the disk: 31, and they are taken when they come again', () => {
    lab = new RelayCoreLab({ maxDataSize: 1_000_000, maxQueuedBytes: 1_073_741_824 }, 1, EPOCH);
    const [one] = open(2) as [ResumingDevice];
    lab.isDiskStuck = true;
    const data = 'x'.repeat(1_000_000);
    for (let i = 1; i <= 70; i++) one.exchange(`~xq=${i}~xn=${i}~n=n~d=${data}~t=1`);
    while (lab.stores.length > 0) lab.confirmStore();
    lab.isDiskStuck = false;
    const answers = one.socket!.take();
    expect(answers).toContain('~rt=s~e=0~xh=67~t=1');
    expect(answers).toContain('~rt=s~e=31~xh=68~t=1');
    expect(answers).not.toContain('~xh=69');
    expect(one.exchange(message(69))).toBe('~rt=s~e=0~xh=69~t=1');
  });
});

describe('another relay goes on with what is on disk', () => {
  it('X-14 messages that were not received come, the same session goes on counting', () => {
    const [one, other] = open(2) as [ResumingDevice, ResumingDevice];
    one.exchange(message(1));
    other.exchange('~xh=1~t=1');
    other.socket!.drop();
    one.exchange(message(2) + message(3));
    restart([one, other]);
    expect(other.attach(1)).toMatch(/^~rt=a~e=0~xh=0~xr=[^~]+~t=1~rt=r~xq=2~/);
    const answer = one.attach(0);
    expect(valueOf(answer, 'xh')).toBe('3');
    expect(one.exchange(message(3))).toBe('~rt=s~e=0~xh=3~t=1');
    one.exchange(message(4));
    expect(other.socket!.take()).toMatch(/^~rt=r~xq=4~xo=[^~]+~xn=4~/);
  });

  it('what was not stored was not said, and is taken when it comes again', () => {
    const [one, other] = open(2) as [ResumingDevice, ResumingDevice];
    lab.isDiskStuck = true;
    one.exchange(message(1));
    restart([one, other]);
    expect(valueOf(one.attach(0), 'xh')).toBe('0');
    expect(other.attach(0)).not.toContain('~rt=r');
    expect(one.exchange(message(1))).toBe('~rt=s~e=0~xh=1~t=1');
    expect(dataIn(other.socket!.take())).toEqual(['1']);
  });

  it('keeps networks, refusals, the token before, long polling, and that the session may end', () => {
    const [one, other] = open(2) as [ResumingDevice, ResumingDevice];
    const polling = ResumingDevice.login(lab);
    polling.attachPolling(0, '~n=m');
    one.exchange('~xq=1~xn=1~s=999~d=x~t=1');
    const older = other.token;
    other.socket!.drop();
    other.attach(0);
    other.token = older;
    restart([one, other, polling]);
    expect(one.attach(0)).toMatch(/^~rt=s~e=2~xq=1~xh=1~t=1~rt=a~e=0~xh=1/);
    expect(other.attach(0)).toContain('~rt=a~e=0');
    const held = lab.request('download', polling.downloadBody(0));
    one.exchange('~xq=2~xn=2~n=m~d=2~t=1');
    expect(dataIn(held.body!)).toEqual(['2']);
    one.exchange('~c=t~t=1');
    lab.advance(60_000);
    other.exchange('~t=1');
    restart([other]);
    expect(lab.core.levels.sessions).toBe(2);
    lab.advance(120_000);
    expect(lab.core.levels).toMatchObject({ sessions: 0, queuedBytes: 0, queuedMessages: 0 });
  });

  it('takes uploads also while it shuts down: they are there after it', () => {
    const [one, other] = open(2) as [ResumingDevice, ResumingDevice];
    one.attachPolling(0);
    lab.input({ type: 'drain', spreadSeconds: 1 });
    expect(lab.post('upload', `~id=${one.id}~xq=1~xn=1~n=n~d=1~z=1`)).toBe('~e=0~xh=1');
    restart([one, other]);
    expect(dataIn(other.attach(0))).toEqual(['1']);
  });

  it('X-15 what was pushed out is told after the restart too', () => {
    lab = new RelayCoreLab({ maxQueuedMessages: 3 }, 1, EPOCH);
    const [one, other] = open(2) as [ResumingDevice, ResumingDevice];
    other.socket!.drop();
    for (let i = 1; i <= 5; i++) one.exchange(message(i));
    restart([one, other]);
    expect(other.attach(0)).toContain('~rt=g~xg=1-2:overflow~t=1~rt=r~xq=3~');
  });

  it('receipts that senders wait for are given, also for receivers that are gone', () => {
    const [one, other, third] = open(3) as [ResumingDevice, ResumingDevice, ResumingDevice];
    one.exchange(message(1, '~xa=d'));
    other.exchange('~xh=1~t=1');
    restart([one, other, third]);
    other.attach(1);
    one.attach(0);
    expect(one.socket!.take()).toBe('');
    third.attach(1);
    lab.flush();
    expect(one.socket!.take()).toBe('~rt=d~xq=1~xn=1~xa=d~e=0~t=1');

    one.exchange(message(2, '~xa=d'));
    const sessions = [...readSessions(lab.disk).values()].map((session) =>
      session.sessionId === Number(third.sessionId)
        ? { ...session, head: { ...session.head, generation: 'gone' } }
        : session,
    );
    lab = new RelayCoreLab({}, 3, EPOCH);
    lab.core.restore(sessions, new Map([[' home', HOME]]), lab.nowMs);
    one.lab = lab;
    expect(one.attach(1)).toContain('~rt=d~xq=2~xn=2~xa=d~e=2~t=1');
  });

  it('a session that is gone is told with the reason', () => {
    const [one] = open(1);
    restart([]);
    lab = RelayCoreLab.restore([]);
    expect(lab.open().exchange(one!.attachMessage(0))).toBe(`~rt=a~e=32~xp=${EPOCH}~xg=0-0:epoch~t=1`);
  });
});

describe('the records', () => {
  /** What a session is, without the objects. */
  const summary = (disk: readonly Uint8Array[]): unknown =>
    [...readSessions(disk).values()]
      .sort((a, b) => a.sessionId - b.sessionId)
      .map(({ entries, refusals, ...rest }) => ({
        ...rest,
        refusals: refusals.map(([number]) => number),
        entries: entries.map(({ entry }) => Buffer.from(entry.numbered).toString('latin1')),
      }));

  it.each([1, 2, 3, 4, 5])('written turn by turn say the same as written anew (seed %i)', (seed) => {
    lab = new RelayCoreLab({ maxQueuedMessages: 12 }, seed, EPOCH);
    const random = seededRandom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const devices = open(6);
    const sent = new Map(devices.map((device) => [device, 0]));
    for (let i = 0; i < 400; i++) {
      const device = pick(devices);
      const act = random();
      if (act < 0.1) device.socket!.drop();
      else if (act < 0.2) device.attach(0);
      else if (act < 0.3) device.exchange(`~xh=${Math.floor(random() * 40)}~t=1`);
      else if (device.socket !== undefined) {
        const number = (sent.get(device) ?? 0) + 1;
        const target = random() < 0.7 ? '~n=n' : `~s=${random() < 0.5 ? pick(devices).sessionId : 999}`;
        const more = `${random() < 0.3 ? '~xa=d' : ''}${random() < 0.2 ? '~xv=1' : ''}`;
        const before = lab.core.counters.messagesReceived;
        device.socket.send(`~xq=${number}~xn=${number}${more}${target}~d=${i}~t=1`);
        if (lab.core.counters.messagesReceived > before) sent.set(device, number);
        if (random() < 0.7) lab.flush();
      }
    }
    lab.flush();
    const turnByTurn = summary(lab.disk);
    for (const device of devices) device.exchange('~t=1');
    lab.input({ type: 'compact' });
    lab.flush();
    expect(lab.disk.length).toBe(1);
    // Acknowledgements are written with the next change of a session only.
    const trimmed = (all: unknown): unknown =>
      (all as { first: number; entries: string[] }[]).map((session, i) => {
        const { first } = (summary(lab.disk) as { first: number }[])[i]!;
        return { ...session, first, entries: session.entries.slice(Math.max(0, first - session.first)) };
      });
    expect(trimmed(turnByTurn)).toEqual(trimmed(summary(lab.disk)));
    expect(lab.core.counters.messagesReceived).toBeGreaterThan(50);
  });

  it('of another version are refused', () => {
    expect(() => readSessions([Uint8Array.of(2, 0, 0, 0)])).toThrow(/another version/);
    expect(() => readSessions([Uint8Array.of(1, 5)])).toThrow(/ends too early/);
  });
});
