import { describe, expect, it } from 'vitest';
import { WebifiError, type WebifiOptions } from '../../../src/client/public';
import { FakePlatform, turn } from '../../helpers/fake-platform';

describe('transports and time', () => {
  it('keeps at most one timer, and none when closed', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    expect(platform.timers.size).toBe(1);
    device.sendData({ data: 'x' });
    await turn();
    expect(platform.timers.size).toBe(1);
    const closed = device.close();
    await platform.receive('~rt=s~e=0~t=1');
    await platform.receive('~rt=c~e=0~t=1');
    await closed;
    expect(platform.timers.size).toBe(0);
    expect(platform.socket.isClosed).toBe(true);
  });

  it('nothing happens before start, and start twice is start once', async () => {
    const platform = new FakePlatform();
    const device = platform.create();
    expect([platform.posts.length, platform.timers.size, platform.page]).toEqual([0, 0, undefined]);
    expect([device.start(), device.start()]).toEqual([0, 0]);
    await turn();
    expect(platform.posts).toHaveLength(1);
  });

  it('messages of one turn go out together; S-9 none before it runs', async () => {
    const platform = new FakePlatform();
    const device = platform.create({ networkNames: ['n'] });
    device.sendData({ data: 'a' });
    device.sendData({ data: 'b' });
    device.start();
    await platform.login();
    platform.socket.handlers.opened();
    expect(platform.socket.sent).toEqual(['~id=101sAb3~t=1']);
    await platform.receive('~rt=a~e=0~t=1~rt=n~e=4~t=1');
    expect(platform.socket.sent.slice(1)).toEqual(['~nc=1~ns=n~t=1', '~d=a~d=b~t=1']);
  });

  it('a socket that cannot be made counts as one that was lost', async () => {
    const platform = new FakePlatform();
    const device = platform.create();
    const codes: number[] = [];
    device.setErrorCallback((code) => codes.push(code));
    platform.refusal = new TypeError('no WebSocket');
    device.start();
    await platform.login();
    expect(codes).toEqual([20]);
    platform.refusal = undefined;
    await platform.pass(500);
    expect(platform.posts.at(-1)?.url).toMatch(/Download$/);
  });

  it('a request that is let go is aborted, and its late answer is nobody’s', async () => {
    const platform = new FakePlatform();
    const device = platform.create();
    device.start();
    await turn();
    const login = platform.lastPost;
    await device.close();
    expect(login.signal.aborted).toBe(true);
    await login.answer('~e=8');
    expect(device.state).toBe('closed');
  });

  it('a listener that calls back into the client sees events in their order', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const seen: string[] = [];
    device.on('message', ({ data }) => {
      seen.push(data);
      if (data === 'a') device.setUseWebSocket(false);
    });
    device.on('status', ({ to }) => seen.push(to));
    await platform.receive('~rt=r~f=7~d=a~t=1~rt=r~f=7~d=b~t=1');
    expect(seen).toEqual(['a', 'b', 'reconnecting']);
  });

  it('page life: hidden away lets go, back again takes up, and ends with the device', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    platform.page?.suspend();
    expect([platform.socket.isClosed, device.state]).toEqual([true, 'reconnecting']);
    platform.page?.resume();
    expect(platform.sockets).toHaveLength(2);
    await device.close();
    expect([platform.page, platform.pagesLeft]).toEqual([undefined, 1]);
  });

  it('the options WebSocket and fetch take the place of the platform’s', async () => {
    const platform = new FakePlatform();
    const urls: string[] = [];
    class OwnSocket {
      binaryType = '';
      onopen = null;
      onmessage = null;
      onclose = null;
      onerror = null;
      constructor(url: string) {
        urls.push(url);
      }
      send(): void {}
      close(): void {}
    }
    const body = new TextEncoder().encode('~e=0~id=1sA~ip=h~ip=h~dn=h~dn=h');
    const own: WebifiOptions = {
      WebSocket: OwnSocket,
      fetch: (url) => {
        urls.push(url);
        return Promise.resolve({ status: 200, arrayBuffer: () => Promise.resolve(body.buffer) });
      },
    };
    platform.create(own).start();
    await turn();
    expect(urls).toEqual(['http://127.0.0.1:9324/', 'ws://h/api/WebSocket']);
    expect([platform.posts.length, platform.sockets.length]).toEqual([0, 0]);
  });
});

describe('credentials', () => {
  it('a function gives the password before every login', async () => {
    const platform = new FakePlatform();
    let asked = 0;
    const device = platform.create({ connectPassword: () => Promise.resolve(`pw${++asked}`) });
    device.start();
    await turn();
    await platform.lastPost.fail();
    await platform.pass(1000);
    expect(platform.posts.map(({ body }) => body)).toEqual(['~p=1~cn=home~cp=pw1~ec=1~x=1~xf=ravd~xi=AAAAAAAAAAAAAAAAAAAAAA', '~p=1~cn=home~cp=pw2~ec=1~x=1~xf=ravd~xi=AAAAAAAAAAAAAAAAAAAAAA']);
    expect(device.getConnectPassword()).toBeTypeOf('function');
  });

  it('a function that fails is reported with its cause, and asked again', async () => {
    const platform = new FakePlatform();
    const cause = new Error('vault is shut');
    let asked = 0;
    const device = platform.create({
      credentials: () => (asked++ === 0 ? Promise.reject(cause) : { connectName: 'a', connectPassword: 'b' }),
    });
    const errors: WebifiError[] = [];
    device.on('error', (error) => errors.push(error));
    device.start();
    await turn();
    expect(errors).toMatchObject([{ code: 8, cause, remote: false }]);
    await platform.pass(500);
    expect(platform.lastPost.body).toBe('~p=1~cn=a~cp=b~ec=1~x=1~xf=ravd~xi=AAAAAAAAAAAAAAAAAAAAAA');
  });
});

describe('promises', () => {
  it('ready resolves at once when it runs, and rejects when closed or refused', async () => {
    const platform = new FakePlatform();
    const device = platform.create();
    const message = expect.stringContaining('closed') as string;
    const closed = expect(device.ready()).rejects.toMatchObject({ code: 20, message });
    device.start();
    await turn();
    await device.close();
    await closed;
    const refused = expect(device.ready()).rejects.toMatchObject({ code: 8, remote: true });
    device.start();
    await turn();
    await platform.lastPost.answer('~e=8');
    await refused;
    await expect((await new FakePlatform().connect()).ready()).resolves.toBeUndefined();
  });

  it('send settles with the relay’s answer, in the relay’s words', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const first = device.send('a');
    await turn();
    await platform.receive('~rt=s~e=0~t=1');
    await expect(first).resolves.toEqual({ mode: 'reliable', guarantee: 'plain' });
    const second = device.send('b', { toSessionIds: ['9'] }).catch((error: unknown) => error);
    await turn();
    await platform.receive('~rt=s~e=2~t=1');
    const error = await second;
    expect(error).toBeInstanceOf(WebifiError);
    expect(error).toMatchObject({ code: 2, name: 'RECIPIENT_NOT_REACHED', remote: true, retryable: false });
    expect((error as WebifiError).message).toMatch(/^Nobody there/);
  });

  it('an aborted send is taken back while it waits, and never sent when aborted before', async () => {
    const device = new FakePlatform().create();
    const abort = new AbortController();
    const sent = device.send('x', { signal: abort.signal });
    expect(device.getBufferedAmount()).toBe(1);
    abort.abort(new Error('changed my mind'));
    await expect(sent).rejects.toThrow('changed my mind');
    expect(device.getBufferedAmount()).toBe(0);
    await expect(device.send('x', { signal: abort.signal })).rejects.toThrow('changed my mind');
    await expect(device.ready({ signal: abort.signal })).rejects.toThrow('changed my mind');
    await expect(device.discover({ signal: abort.signal })).rejects.toThrow('changed my mind');
    expect(device.getBufferedAmount()).toBe(0);
  });

  it('discover collects the answers for its time, the last name of each session', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const found = device.discover({ networks: ['n', ''], waitMs: 300 });
    await turn();
    expect(platform.socket.sent.at(-1)).toBe('~n=n~dt=Discovery~d=?~t=1');
    for (const [from, name] of [['7', 'a'], ['8', 'b'], ['7', 'c']]) {
      await platform.receive(`~rt=r~f=${from}~dt=Discovery Response~d=${name}~t=1`);
    }
    await platform.pass(300);
    expect(await found).toEqual([
      { name: 'c', sessionId: '7' },
      { name: 'b', sessionId: '8' },
    ]);
  });

  it('close resolves at once when nothing runs, and what could not go out is code 20', async () => {
    const platform = new FakePlatform();
    await expect(platform.create().close()).resolves.toBeUndefined();
    const device = platform.create();
    device.start();
    const sent = device.send('x');
    await Promise.all([device.close(), expect(sent).rejects.toMatchObject({ code: 20, retryable: true })]);
    if (Symbol.asyncDispose) await device[Symbol.asyncDispose]();
  });
});

describe('callbacks of the seed', () => {
  it('are called as it says, and are taken back by the function they give', async () => {
    const platform = new FakePlatform();
    const device = platform.create({ networkNames: ['n'] });
    const log: unknown[] = [];
    const offs = [
      device.setConnectionStatusCallback((connected) => log.push(connected)),
      device.setDataReceivedCallback((...message) => log.push(message)),
      device.setErrorCallback((code) => log.push(code)),
    ];
    device.start();
    await platform.login();
    platform.socket.handlers.opened();
    await platform.receive('~rt=a~e=0~t=1~rt=n~e=5~t=1~rt=r~f=7~dt=t~d=x~t=1');
    platform.socket.handlers.closed(1006, '');
    expect(log).toEqual([5, true, ['x', 't', '7'], false]);
    for (const off of offs) off();
    device.closeConnection();
    expect(log).toHaveLength(4);
  });

  it('a callback that is set again takes the place of the one before, and leaves listeners alone', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const calls: string[] = [];
    device.on('message', () => calls.push('listener'));
    device.setDataReceivedCallback(() => calls.push('first'));
    device.setDataReceivedCallback(() => calls.push('second'));
    await platform.receive('~rt=r~f=7~d=x~t=1');
    expect(calls).toEqual(['listener', 'second']);
  });

  it('once is called once', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const seen: string[] = [];
    device.once('message', ({ data }) => seen.push(data));
    await platform.receive('~rt=r~f=7~d=a~d=b~t=1');
    expect(seen).toEqual(['a']);
  });

  it('P-106 error texts: the relay’s, else the built-in ones, else the number', async () => {
    const device = await new FakePlatform().connect();
    expect(device.convertErrorCodeToString(2)).toBe('Nobody there');
    expect(device.convertErrorCodeToString('2')).toBe('Nobody there');
    expect(device.convertErrorCodeToString(8)).toBe('Wrong connect name or password');
    expect(device.convertErrorCodeToString(99)).toBe('Unknown error code 99');
  });
});
