import { describe, expect, it } from 'vitest';
import { RelayCoreLab, sessionOf } from '../../helpers/relay-core-lab';

/** A lab with one polling device in network `n` and a WebSocket that sends to it. */
function pollingLab(limits = {}) {
  const lab = new RelayCoreLab(limits);
  const id = lab.login();
  lab.post('download', `~id=${id}~n=n~z=0`);
  const sender = lab.device();
  const download = (fields = '', z: number | '' = 1) =>
    lab.request('download', `~id=${id}${fields}${z === '' ? '' : `~z=${z}`}`);
  const tell = (data: string): string => sender.exchange(`~n=n~d=${data}~t=1`);
  return { lab, id, sender, download, tell, group: (data: string) => `~f=${sender.sessionId}~d=${data}` };
}

describe('Download', () => {
  it('V-42 answers 4 at once to a set of networks, 5 when some are not allowed', () => {
    const lab = new RelayCoreLab();
    expect(lab.post('download', `~id=${lab.login()}~n=n1~n=n2~z=0`)).toBe('~e=4');
    const account = { id: 3, connectName: 'r', networks: new Set(['a']) };
    expect(lab.post('download', `~id=${lab.login(account)}~n=a~n=b~z=0`)).toBe('~e=5');
  });

  it('V-43 P-36 holds, then answers with all that one turn brings', () => {
    const { lab, sender, download, group } = pollingLab();
    const held = download();
    expect(held).toMatchObject({ isHeld: true, body: undefined });
    sender.send('~n=n~d=1~t=1');
    sender.send('~n=n~dt=t~d=2~t=1');
    expect(held.body).toBeUndefined();
    lab.flush();
    expect(held.body).toBe(`~e=0${group('1')}~f=${sender.sessionId}~dt=t~d=2`);
  });

  it('P-94 queues between downloads', () => {
    const { lab, download, tell, group } = pollingLab();
    tell('1');
    tell('2');
    const next = download();
    lab.flush();
    expect(next.body).toBe(`~e=0${group('1')}${group('2')}`);
  });

  it.each([
    ['V-11', ['', ''], '~z=0'],
    ['P-29', ['x', ''], '~z=0'],
    ['P-29', ['', 'x'], ''],
  ])('%s K-16 an empty last data is followed by an ignorable field', (_no, data, end) => {
    const { lab, download, tell, group } = pollingLab();
    data.forEach(tell);
    const next = download();
    lab.flush();
    expect(next.body).toBe(`~e=0${data.map(group).join('')}${end}`);
  });

  it('gives no more than the size cap at once, but always one message', () => {
    const { lab, download, tell, group } = pollingLab({ maxDownloadSize: 1_024 });
    const [big, small] = ['x'.repeat(2_000), 'y'.repeat(700)];
    [big, small, small].forEach(tell);
    const bodies = [1, 2, 3].map((z) => {
      const next = download('', z);
      lab.flush();
      return next.body;
    });
    expect(bodies).toEqual([`~e=0${group(big)}`, `~e=0${group(small)}`, `~e=0${group(small)}`]);
  });

  it.each([
    ['V-43 P-67 none', '', 120],
    ['V-44', '~t=60', 60],
    ['P-67 too short', '~t=1', 10],
    ['P-67 too long', '~t=99999999999', 1_800],
    ['T-8 the longest', '~t=1800', 1_800],
    ['no number', '~t=x', 120],
    ['an empty one', '~t=', 120],
    ['a negative one', '~t=-5', 120],
  ])('%s: the timeout is answered with 16', (_what, fields, seconds) => {
    const { lab, download } = pollingLab();
    const held = download(fields);
    lab.advance(seconds * 1_000 - 1);
    expect(held.body).toBeUndefined();
    lab.advance(1);
    expect(held.body).toBe('~e=16');
  });

  it('P-69 holds the first download of a device without networks', () => {
    const lab = new RelayCoreLab();
    expect(lab.request('download', `~id=${lab.login()}~z=0`)).toMatchObject({
      isHeld: true,
      body: undefined,
    });
  });

  it('P-65 V-28 answers 12 at once to an unknown id', () => {
    expect(new RelayCoreLab().post('download', '~id=99sXx~z=0')).toBe('~e=12');
  });

  it.each([
    ['garbage', 'garbage'],
    ['no id', '~z=0'],
    ['a lone tilde', '~id={id}~'],
    ['a broken key', '~id={id}~=x'],
    ['two timeouts', '~id={id}~t=10~t=20'],
  ])('P-13 K-12 holds the error answer to %s', (_what, body) => {
    const { lab, id } = pollingLab();
    const request = lab.request('download', body.replace('{id}', id));
    lab.advance(lab.limits.heldErrorMs - 1);
    expect(request.body).toBeUndefined();
    lab.advance(1);
    expect(request.body).toBe('~e=7');
  });

  it('P-13 SEC-13 holds 2 for a body above the limit, and forgets it with its connection', () => {
    const { lab, id } = pollingLab();
    const gone = lab.request('download', `~id=${id}`, { fault: 'too-large' });
    const stays = lab.request('download', `~id=${id}`, { fault: 'too-large' });
    lab.abort(gone);
    lab.advance(lab.limits.heldErrorMs);
    expect([gone.body, stays.body]).toEqual([undefined, '~e=2']);
  });

  it('P-113 a request that is gone gets nothing; what comes waits for the next', () => {
    const { lab, download, tell, group } = pollingLab();
    const gone = download();
    lab.abort(gone);
    expect(lab.core.levels.pendingDownloads).toBe(0);
    tell('kept');
    const next = download('', 1);
    lab.flush();
    expect([gone.body, next.body]).toEqual([undefined, `~e=0${group('kept')}`]);
  });

  it.each([
    ['a higher z', '', 6],
    ['r=1', '~r=1', 5],
    ['V-45 both', '~t=18~r=1', 6],
    ['no z', '', '' as const],
  ])('P-113 %s replaces the pending one', (_what, fields, z) => {
    const { lab, download, tell, group } = pollingLab();
    const old = download('', 5);
    const newer = download(fields, z);
    expect([old.body, newer.body]).toEqual(['~e=15', undefined]);
    tell('x');
    expect(newer.body).toBe(`~e=0${group('x')}`);
    expect(lab.core.levels.pendingDownloads).toBe(0);
  });

  it('P-113 a copy with the same z gets 18, an older one 15; the pending one stays', () => {
    const { download, tell, group } = pollingLab();
    const held = download('', 5);
    expect([download('', 5).body, download('', 4).body]).toEqual(['~e=18', '~e=15']);
    tell('x');
    expect(held.body).toBe(`~e=0${group('x')}`);
  });

  it('P-113 the same z is no copy once the first is over', () => {
    const { lab, download } = pollingLab();
    lab.abort(download('', 5));
    expect(download('', 5)).toMatchObject({ isHeld: true, body: undefined });
  });
});

describe('CancelDownload', () => {
  it('V-48 P-73 P-74 ends the pending download with 15; the session stays', () => {
    const { lab, id, download, tell, group } = pollingLab();
    const held = download();
    expect(lab.post('cancel', `~id=${id}~z=1`)).toBe('~e=15');
    expect(held.body).toBe('~e=15');
    tell('x');
    const next = download('', 2);
    lab.flush();
    expect(next.body).toBe(`~e=0${group('x')}`);
  });

  it('P-75 K-17 meets the next download within a second, once', () => {
    const { lab, id, download } = pollingLab();
    lab.post('cancel', `~id=${id}~z=1`);
    lab.advance(999);
    expect(download('', 1).body).toBe('~e=15');
    expect(download('', 2).body).toBeUndefined();
  });

  it('P-75 is forgotten after a second', () => {
    const { lab, id, download } = pollingLab();
    lab.post('cancel', `~id=${id}~z=1`);
    lab.advance(1_000);
    expect(download().body).toBeUndefined();
  });

  it('P-75 is not remembered when it ended a download, and is used up by a set of networks', () => {
    const { lab, id, download } = pollingLab();
    download('', 1);
    lab.post('cancel', `~id=${id}~z=1`);
    const next = download('', 2);
    expect(next.body).toBeUndefined();
    lab.abort(next);
    lab.post('cancel', `~id=${id}~z=2`);
    expect(download('~n=m', 3).body).toBe('~e=4');
    expect(download('', 4).body).toBeUndefined();
  });

  it('V-49 P-73 with ts=1 ends the session', () => {
    const { lab, id, download } = pollingLab();
    const held = download();
    expect(lab.post('cancel', `~id=${id}~ts=1~z=2`)).toBe('~e=15');
    expect(held.body).toBe('~e=15');
    expect(lab.post('download', `~id=${id}~z=3`)).toBe('~e=12');
    expect(lab.post('upload', `~id=${id}~d=x~z=3`)).toBe('~e=12');
    expect(lab.core.levels.sessions).toBe(1);
  });

  it('V-49 with ts=1 also closes the WebSocket of the session', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    lab.post('cancel', `~id=${device.id}~ts=1~z=2`);
    expect(device.closed?.code).toBe(1000);
  });
});

describe('Upload', () => {
  it('V-46 V-28 P-56 delivers; answers 12 to an unknown id and 7 without data', () => {
    const lab = new RelayCoreLab();
    const receiver = lab.device(['n']);
    const id = lab.login();
    expect(lab.post('upload', `~id=${id}~n=n~dt=t~d=hello~z=0`)).toBe('~e=0');
    expect(receiver.take()).toBe(`~rt=r~f=${sessionOf(id)}~dt=t~d=hello~t=1`);
    expect(lab.post('upload', '~id=99sXx~d=x~z=0')).toBe('~e=12');
    expect(lab.post('upload', '~d=x~z=0')).toBe('~e=7');
    expect(lab.post('upload', `~id=${id}~n=n~z=1`)).toBe('~e=7');
    expect(lab.post('upload', `~id=${id}~d=abc~`)).toBe('~e=7');
  });

  it('P-21 t=1 is an ordinary field, and an empty last data is data', () => {
    const lab = new RelayCoreLab();
    const receiver = lab.device(['n']);
    const id = lab.login();
    expect(lab.post('upload', `~id=${id}~t=1~n=n~d=`)).toBe('~e=0');
    expect(receiver.take()).toBe(`~rt=r~f=${sessionOf(id)}~d=~t=1`);
  });

  it('V-47 P-107 K-13 gives a repetition the stored answer, does not deliver it, and breaks an endless one with 1', () => {
    const lab = new RelayCoreLab();
    const receiver = lab.device(['n']);
    const id = lab.login();
    const body = `~id=${id}~n=n~s=99~d=once~z=7`;
    const codes = Array.from({ length: 9 }, () => lab.post('upload', body));
    expect(codes).toEqual([...Array<string>(6).fill('~e=2'), '~e=1', '~e=1', '~e=1']);
    expect(receiver.take().match(/~d=/g)).toHaveLength(1);
    expect(lab.post('upload', `~id=${id}~n=n~d=next~z=8`)).toBe('~e=0');
    expect(receiver.take()).toContain('~d=next');
    expect(lab.core.counters).toMatchObject({ uploads: 10, uploadsRepeated: 8 });
  });

  it('P-107 another body, another z, another session and no z are no repetitions', () => {
    const lab = new RelayCoreLab();
    const receiver = lab.device(['n']);
    const [one, two] = [lab.login(), lab.login()];
    const bodies = [
      `~id=${one}~n=n~d=a~z=1`,
      `~id=${one}~n=n~d=b~z=1`,
      `~id=${one}~n=n~d=b~z=2`,
      `~id=${two}~n=n~d=b~z=2`,
      ...Array<string>(8).fill(`~id=${one}~n=n~d=c`),
    ];
    expect(bodies.map((body) => lab.post('upload', body))).toEqual(Array<string>(12).fill('~e=0'));
    expect(receiver.take().match(/~d=/g)).toHaveLength(12);
  });

  it('P-70 takes z anywhere and more than once', () => {
    const lab = new RelayCoreLab();
    const receiver = lab.device(['n']);
    const id = lab.login();
    for (const body of [
      `~z=1~id=${id}~n=n~d=x`,
      `~id=${id}~n=n~z=2~d=x`,
      `~id=${id}~n=n~d=x~z=3~n=n~d=x~z=3`,
    ]) {
      expect(lab.post('upload', body)).toBe('~e=0');
      expect(lab.post('upload', body)).toBe('~e=0');
    }
    expect(receiver.take().match(/~d=x/g)).toHaveLength(4);
  });

  it('P-109 is served before the first set of networks', () => {
    const lab = new RelayCoreLab();
    const receiver = lab.device();
    const id = lab.login();
    expect(lab.post('upload', `~id=${id}~d=nobody~z=0`)).toBe('~e=0');
    expect(lab.post('upload', `~id=${id}~s=${receiver.sessionId}~d=one~z=1`)).toBe('~e=0');
    expect(receiver.take()).toContain('~d=one');
  });

  it.each([
    ['SEC-11 two ids', '~id={id}~id={id}~d=x', '~e=7'],
    ['SEC-11 another id in front', '~id=99sX~id={id}~d=x', '~e=7'],
    ['SEC-11 two data types', '~id={id}~dt=a~dt=b~d=x', '~e=7'],
  ])('%s', (_what, body, answer) => {
    const lab = new RelayCoreLab();
    expect(lab.post('upload', body.replaceAll('{id}', lab.login()))).toBe(answer);
  });

  it('SEC-13 a body above the limit gets 2 from a known session, 12 from a stranger', () => {
    const lab = new RelayCoreLab({ maxTransmissionSize: 1_024 });
    const id = lab.login();
    expect(lab.request('upload', `~id=${id}~d=x`, { fault: 'too-large' }).body).toBe('~e=2');
    expect(lab.request('upload', `~id=${id}~d=${'x'.repeat(1_024)}`).body).toBe('~e=2');
    expect(lab.request('upload', '~id=99sXx~d=x', { fault: 'anonymous' }).body).toBe('~e=12');
    expect(lab.request('upload', '~d=x', { fault: 'anonymous' }).body).toBe('~e=7');
  });

  it('SEC-13 only a body that begins with a valid id may be large', () => {
    const lab = new RelayCoreLab();
    const id = lab.login();
    const allows = (text: string): boolean => lab.core.allowsLargeBody('upload', Buffer.from(text, 'latin1'));
    expect([`~id=${id}~d=xx`, `~z=1~id=${id}~d=x~`, `~id=${id}~n`].map(allows)).toEqual([true, true, true]);
    expect(['~id=99sXx~d=', '~d=x', '', `~id=${id}`.slice(0, -1)].map(allows)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
