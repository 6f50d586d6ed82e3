import { describe, expect, it } from 'vitest';
import { RelayCoreLab } from '../../helpers/relay-core-lab';

/** One sender and `receivers` listeners of one network that has seen traffic; all counters taken from here on. */
function fanOut(receivers: number) {
  const lab = new RelayCoreLab();
  const sender = lab.device(['n']);
  const devices = Array.from({ length: receivers }, () => lab.device(['n']));
  sender.exchange('~d=first~t=1');
  const before = { ...lab.core.counters };
  for (const device of devices) {
    device.take();
    device.writes.length = 0;
  }
  const grown = (key: keyof typeof before): number => lab.core.counters[key] - before[key];
  return { lab, sender, devices, grown };
}

describe('write path', () => {
  it('64 in flight to 10 receivers: at most 0.03 writes per delivered message, one encoding each, no decoding', () => {
    const { lab, sender, devices, grown } = fanOut(10);
    const turns = 50;
    for (let turn = 0; turn < turns; turn++) {
      for (let i = 0; i < 64; i++) sender.send(`~d=${'x'.repeat(100)}~t=1`);
      lab.flush();
    }
    const messages = turns * 64;
    expect(grown('messagesDelivered')).toBe(messages * 10);
    expect(grown('socketWrites')).toBe(turns * 11);
    expect(grown('socketWrites') / grown('messagesDelivered')).toBeLessThanOrEqual(0.03);
    expect(grown('messagesEncoded')).toBe(messages);
    expect(grown('payloadDecodes')).toBe(0);
    expect(grown('payloadBytesCopied')).toBe(messages * 100);
    expect(grown('framesBuilt')).toBe(turns * 2);
    expect(devices[0]!.take().match(/~d=/g)).toHaveLength(messages);
  });

  it('receivers with the same content share the very same bytes; one write each, in one chunk', () => {
    const { lab, sender, devices } = fanOut(3);
    for (let i = 0; i < 5; i++) sender.send(`~d=${i}~t=1`);
    lab.flush();
    const [first, ...others] = devices.map(({ writes }) => writes);
    expect(first).toHaveLength(1);
    expect(first![0]).toHaveLength(1);
    for (const writes of others) expect(writes[0]![0]).toBe(first![0]![0]);
  });

  it('a message of its own breaks the sharing for that receiver only', () => {
    const { lab, sender, devices, grown } = fanOut(4);
    sender.send('~d=all~t=1');
    sender.send(`~s=${devices[1]!.sessionId}~d=one~t=1`);
    lab.flush();
    expect(grown('framesBuilt')).toBe(3);
    expect(devices.map((device) => device.take().match(/~d=\w+/g))).toEqual([
      ['~d=all'],
      ['~d=all', '~d=one'],
      ['~d=all'],
      ['~d=all'],
    ]);
  });

  it('more answers than may wait, to one who shares a batch, disturb nobody else', () => {
    const lab = new RelayCoreLab({ maxQueuedMessages: 2 });
    const [asking, sender, ...readers] = Array.from({ length: 5 }, () => lab.device(['n']));
    sender!.exchange('~d=first~t=1');
    asking!.exchange('~d=second~t=1');
    for (const device of [asking!, sender!, ...readers]) device.take();
    asking!.send('~q=1~t=1~q=2~t=1');
    sender!.send('~d=x~t=1');
    asking!.send('~d=y~t=1');
    lab.flush();
    lab.flush();
    expect(asking!.take()).toBe('~rt=r~f=' + sender!.sessionId + '~d=x~t=1~rt=s~e=7~t=1~rt=s~e=7~t=1~rt=s~e=0~t=1');
    expect(sender!.take().match(/~d=\w+/g)).toEqual(['~d=y']);
    for (const reader of readers) expect(reader.take().match(/~d=\w+/g)).toEqual(['~d=x', '~d=y']);
  });

  it('a payload from 4 KiB on is copied once and goes out as a chunk of its own, the same for all', () => {
    const { lab, sender, devices, grown } = fanOut(3);
    const payload = 'x'.repeat(5_000);
    sender.send(`~d=small~dt=t~d=${payload}~d=small~t=1`);
    lab.flush();
    expect(grown('payloadBytesCopied')).toBe(5_010);
    const chunks = devices.map(({ writes }) => writes[0]!);
    expect(chunks[0]!.map(({ length }) => length > 4_096)).toEqual([false, true, false]);
    for (const other of chunks) expect(other[1]).toBe(chunks[0]![1]);
    expect(devices[2]!.take()).toContain(`~dt=t~d=${payload}~f=`);
  });

  it('downloads share one body', () => {
    const lab = new RelayCoreLab();
    const sender = lab.device();
    const ids = [lab.login(), lab.login()];
    const held = ids.map((id) => {
      lab.post('download', `~id=${id}~n=n~z=0`);
      return lab.request('download', `~id=${id}~z=1`);
    });
    sender.exchange('~n=n~d=x~t=1');
    expect(held[0]!.body).toBe(held[1]!.body);
    expect(lab.core.counters).toMatchObject({
      downloadsAnswered: 2,
      messagesEncoded: 1,
      messagesDelivered: 2,
    });
  });

  it('nothing is encoded that nobody gets', () => {
    const { lab, sender, grown } = fanOut(0);
    sender.exchange('~d=x~n=nobody~d=y~t=1');
    expect(grown('messagesReceived')).toBe(2);
    expect(grown('messagesEncoded')).toBe(0);
    expect(lab.core.levels.queuedMessages).toBe(0);
  });

  it('what a reader leaves waiting is moved out of the memory of its turn, once for all who wait', () => {
    const { lab, sender, devices } = fanOut(2);
    for (const device of devices) device.block();
    for (let i = 0; i < 100; i++) {
      sender.exchange(`~d=${i}:${'x'.repeat(50)}~t=1`);
      // What comes later must not write over what waits.
      sender.exchange(`~s=${sender.sessionId}~d=${'y'.repeat(60)}~t=1`);
    }
    expect(lab.core.levels).toMatchObject({ queuedMessages: 200 });
    const perMessage = lab.core.levels.queuedBytes / 100;
    expect(perMessage).toBeLessThan(100);
    for (const device of devices) device.drain();
    lab.flush();
    for (const device of devices) {
      const data = [...device.take().matchAll(/~d=(\d+):x{50}/g)].map(([, number]) => Number(number));
      expect(data).toEqual(Array.from({ length: 100 }, (_, i) => i));
    }
    expect(lab.core.levels).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
  });
});
