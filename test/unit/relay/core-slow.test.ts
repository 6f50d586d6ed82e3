import { describe, expect, it } from 'vitest';
import { RelayCoreLab } from '../../helpers/relay-core-lab';

const KIB = 1024;

describe('slow consumers', () => {
  it('writes nothing to a socket that is full, and everything in order once it is not', () => {
    const lab = new RelayCoreLab();
    const [sender, device] = [lab.device(), lab.device(['n'])];
    device.block();
    for (let i = 0; i < 5; i++) sender.exchange(`~n=n~d=${i}~t=1`);
    expect(device.take()).toBe('');
    device.drain();
    lab.flush();
    expect(device.take().match(/~d=\d/g)).toEqual(['~d=0', '~d=1', '~d=2', '~d=3', '~d=4']);
    sender.exchange('~n=n~d=5~t=1');
    expect(device.take()).toContain('~d=5');
  });

  it('SEC-16 X-45 closes with 4008 after 30 s without progress; the session keeps its queue', () => {
    const lab = new RelayCoreLab();
    const [sender, device] = [lab.device(), lab.device(['n'])];
    device.block();
    sender.exchange('~n=n~d=kept~t=1');
    device.send('~t=1');
    lab.advance(29_999);
    expect(device.closed).toBeUndefined();
    lab.advance(1);
    expect(device.closed?.code).toBe(4008);
    expect(lab.core.counters.slowConsumersClosed).toBe(1);
    expect(lab.open().exchange(`~id=${device.id}~t=1`)).toMatch(/^~rt=a~e=0~t=1~rt=r~f=\d+~d=kept~t=1$/);
  });

  it('a socket that drains in time is not closed', () => {
    const lab = new RelayCoreLab();
    const device = lab.device();
    for (let i = 0; i < 4; i++) {
      device.block();
      lab.advance(20_000);
      device.send('~t=1').drain();
    }
    expect(device.closed).toBeUndefined();
  });

  it('SEC-16 X-45 closes with 4008 when the queue is full behind a full socket, and tells the sender 2', () => {
    const lab = new RelayCoreLab({ maxQueuedBytes: 10 * KIB });
    const [sender, device, other] = [lab.device(), lab.device(['n']), lab.device(['n'])];
    device.block();
    const codes = Array.from({ length: 20 }, () => sender.exchange(`~n=n~d=${'x'.repeat(KIB)}~t=1`));
    expect(codes.filter((code) => code === '~rt=s~e=0~t=1')).toHaveLength(9);
    expect(new Set(codes.slice(9))).toEqual(new Set(['~rt=s~e=2~t=1']));
    expect(device.closed?.code).toBe(4008);
    expect(lab.core.counters).toMatchObject({ slowConsumersClosed: 1, messagesDropped: 11 });
    expect(other.take().match(/~d=/g)).toHaveLength(20);
    expect(lab.open().exchange(`~id=${device.id}~t=1`).match(/~d=/g)).toHaveLength(9);
  });

  it('SEC-16 bounds the queue of a session without transport, in bytes and in messages', () => {
    const bytes = new RelayCoreLab({ maxQueuedBytes: 10 * KIB });
    const messages = new RelayCoreLab({ maxQueuedMessages: 5 });
    for (const [lab, size, kept] of [
      [bytes, KIB, 9],
      [messages, 1, 5],
    ] as const) {
      const [sender, device] = [lab.device(), lab.device(['n'])];
      device.drop();
      for (let i = 0; i < 12; i++) sender.exchange(`~n=n~d=${String.fromCharCode(97 + i).repeat(size)}~t=1`);
      expect(lab.core.levels.queuedMessages).toBe(kept);
      const data = lab
        .open()
        .exchange(`~id=${device.id}~t=1`)
        .match(/~d=[a-z]/g);
      expect(data).toEqual(Array.from({ length: kept }, (_, i) => `~d=${String.fromCharCode(97 + i)}`));
    }
  });

  it('takes one message that is larger than the bound, so that it can be sent at all', () => {
    const lab = new RelayCoreLab({ maxQueuedBytes: KIB });
    const [sender, device] = [lab.device(), lab.device(['n'])];
    device.drop();
    expect(sender.exchange(`~n=n~d=${'x'.repeat(4 * KIB)}~t=1`)).toBe('~rt=s~e=0~t=1');
    expect(sender.exchange('~n=n~d=y~t=1')).toBe('~rt=s~e=2~t=1');
  });

  it('drops nothing for a reader that takes everything, however much one turn brings', () => {
    const lab = new RelayCoreLab({ maxQueuedBytes: 10 * KIB, maxQueuedMessages: 7 });
    const [sender, device] = [lab.device(), lab.device(['n'])];
    const id = lab.login();
    lab.post('download', `~id=${id}~n=n~z=0`);
    const held = lab.request('download', `~id=${id}~z=1`);
    for (let i = 0; i < 50; i++) sender.send(`~n=n~d=${i}:${'x'.repeat(KIB)}~t=1`);
    lab.flush();
    const numbers = [...device.take().matchAll(/~d=(\d+):/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(held.body?.match(/~d=/g)).toHaveLength(7);
  });

  it('a client that asks on and reads no answers is closed with 4008', () => {
    const lab = new RelayCoreLab({ maxQueuedMessages: 100 });
    const device = lab.device();
    device.block();
    device.send('~t=1'.repeat(100));
    expect(device.closed).toBeUndefined();
    device.send('~t=1');
    expect(device.closed?.code).toBe(4008);
  });

  it('caps what one turn writes to one socket; the rest follows in the next', () => {
    const lab = new RelayCoreLab({ maxWriteSize: 16 * KIB });
    const [sender, device, neighbour] = [lab.device(), lab.device(['n']), lab.device()];
    for (let i = 0; i < 40; i++) sender.send(`~n=n~d=${i}:${'x'.repeat(KIB)}~t=1`);
    sender.send(`~s=${neighbour.sessionId}~d=small~t=1`);
    lab.input({ type: 'flush' });
    expect(device.take().match(/~d=/g)).toHaveLength(15);
    expect(neighbour.take()).toContain('~d=small');
    expect(lab.core.isFlushWanted).toBe(true);
    lab.flush();
    expect(device.take().match(/~d=/g)).toHaveLength(25);
  });

  it('writes less at a time to a socket that was full before', () => {
    const lab = new RelayCoreLab();
    const [sender, device] = [lab.device(), lab.device(['n'])];
    device.block();
    for (let i = 0; i < 150; i++) sender.exchange(`~n=n~d=${'x'.repeat(KIB)}~t=1`);
    device.drain();
    lab.input({ type: 'flush' });
    expect(device.take().match(/~d=/g)).toHaveLength(62);
    lab.input({ type: 'flush' });
    expect(device.take().match(/~d=/g)).toHaveLength(88);
  });

  it('all queues together: evicts readers that are away from 80 % on, refuses logins from 95 % on, and messages at 100 %', () => {
    const MIB = 1024 * KIB;
    const lab = new RelayCoreLab({ maxQueuedTotal: MIB, maxQueuedBytes: 4 * MIB });
    const [sender, blocked, away] = [lab.device(), lab.device(['b']), lab.device(['a'])];
    away.drop();
    blocked.block();
    const block = 'x'.repeat(100 * KIB);
    for (let i = 0; i < 8; i++)
      expect(sender.exchange(`~n=${i < 2 ? 'a' : 'b'}~d=${block}~t=1`)).toBe('~rt=s~e=0~t=1');
    expect(lab.core.levels.sessions).toBe(3);
    sender.exchange(`~n=b~d=${block}~t=1`);
    expect(lab.core.levels.sessions).toBe(2);
    expect(lab.core.counters.sessionsEvicted).toBe(1);
    expect(lab.open().exchange(`~id=${away.id}~t=1`)).toBe('~rt=a~e=12~t=1');
    for (let i = 0; i < 2; i++) sender.exchange(`~n=b~d=${block}~t=1`);
    lab.login();
    sender.exchange(`~n=b~d=${block}~t=1`);
    expect(lab.post('login', '~p=1~cn=a~cp=b')).toBe('~e=20');
    expect(sender.exchange(`~n=b~d=${block}~t=1`)).toBe('~rt=s~e=2~t=1');
  });

  it('a login is let in when what fills the memory waits for nobody any more', () => {
    const lab = new RelayCoreLab({ maxQueuedTotal: 1024 * KIB });
    const [sender, blocked] = [lab.device(), lab.device(['b'])];
    blocked.block();
    for (let i = 0; i < 10; i++) sender.exchange(`~n=b~d=${'x'.repeat(100 * KIB)}~t=1`);
    expect(lab.post('login', '~p=1~cn=a~cp=b')).toBe('~e=20');
    blocked.drop();
    expect(lab.post('login', '~p=1~cn=a~cp=b')).toMatch(/^~e=0~/);
  });
});
