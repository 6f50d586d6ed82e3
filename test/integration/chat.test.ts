import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Webifi } from '../../src/index';
import { createRelay } from '../../src/relay';
import { killPrograms, Program } from '../helpers/program';

const ACCOUNT = { connectName: 'home', password: 'canary-word-8812' };
const LOGIN = ['--connect-name', ACCOUNT.connectName, '--connect-password', ACCOUNT.password];
const LONG_POLLING = ['--transport', 'polling'];

let relay: Awaited<ReturnType<ReturnType<typeof createRelay>['listen']>>;

async function startRelay(port = 0): Promise<void> {
  relay = await createRelay({ accounts: [ACCOUNT] }).listen({ host: '127.0.0.1', port });
}

beforeAll(() => startRelay());
afterAll(() => relay.close());
afterEach(killPrograms);

function startChat(...args: string[]): Program {
  return new Program(['dist/cli.cjs', 'chat', '--server', relay.url, ...LOGIN, ...args]);
}

async function startDevice(name: string, networkNames = ['network 1']) {
  const device = new Webifi({
    server: relay.url,
    connectName: ACCOUNT.connectName,
    connectPassword: ACCOUNT.password,
    networkNames,
    name,
  });
  const texts: string[] = [];
  device.on('message', ({ data, dataType }) => dataType === '' && texts.push(data));
  device.start();
  await device.ready();
  return { device, texts };
}

describe.each([
  ['WebSocket', []],
  ['long polling', LONG_POLLING],
])('webifi chat as a process, over %s', (transport, more) => {
  it('talks to another chat, finds it, writes to it alone, and ends with quit', async () => {
    const anna = startChat('--name', 'Anna Maria', ...more);
    const ben = startChat('--name', 'Ben', ...more);
    await anna.prints(new RegExp(`connected to .* over ${transport} as "Anna Maria"`));
    await ben.prints(/connected to/);
    anna.type('hello ~t=1 \u{1f600}\n');
    await ben.prints(/: hello ~t=1 \u{1f600}$/mu);
    ben.type('/list\n');
    await ben.prints(/1 device found\n {2}Anna Maria {2}\(\d+\)/);
    ben.type('/to Anna Maria good evening\n');
    await anna.prints(/^(Ben|\d+): good evening$/m);
    anna.type('quit\n');
    ben.type('quit\n');
    expect(await anna.exitCode()).toBe(0);
    expect(await ben.exitCode()).toBe(0);
    expect(anna.out).toMatch(/\* disconnected\n$/);
    expect(anna.err + ben.err).toBe('');
  });

  it('sends all of a piped input, in order, and ends by itself', async () => {
    const { device, texts } = await startDevice('listener');
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`);
    const chat = startChat(...more);
    chat.endInput(lines.join('\n'));
    expect(await chat.exitCode()).toBe(0);
    await expect.poll(() => texts.length).toBe(lines.length);
    expect(texts).toEqual(lines);
    await device.close();
  });
});

describe('webifi chat as a process', () => {
  it('ends with 1 and says so when the password is wrong; SEC-19: without the password', async () => {
    const chat = new Program(['dist/cli.cjs', 'chat', '--server', relay.url], {
      WEBIFI_CONNECT_NAME: ACCOUNT.connectName,
      WEBIFI_CONNECT_PASSWORD: 'canary-wrong',
    });
    expect(await chat.exitCode()).toBe(1);
    expect(chat.err).toBe('! wrong connect name or password\n');
    expect(chat.out + chat.err).not.toContain('canary');
  });

  it('ends with 2 and says what is missing when there is no account', async () => {
    const chat = new Program(['dist/cli.cjs', 'chat'], { WEBIFI_CONNECT_NAME: '', WEBIFI_CONNECT_PASSWORD: '' });
    expect(await chat.exitCode()).toBe(2);
    expect(chat.err).toContain('--connect-name is missing');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('closes its session and ends with 0 on %s', async (signal) => {
    const { device } = await startDevice('watcher');
    const chat = startChat('--name', 'leaving');
    await chat.prints(/connected to/);
    expect((await device.discover({ waitMs: 300 })).map(({ name }) => name)).toContain('leaving');
    chat.process.kill(signal);
    expect(await chat.exitCode()).toBe(0);
    expect((await device.discover({ waitMs: 300 })).map(({ name }) => name)).not.toContain('leaving');
    await device.close();
  });

  it('SEC-19: prints control characters of others in a harmless form', async () => {
    const chat = startChat('--name', 'reader');
    await chat.prints(/connected to/);
    const { device } = await startDevice('\u001b[2Jwriter');
    await device.send('\u001b]0;owned\u0007\rfake: hello', { dataType: '\u001b[31m' });
    await chat.prints(/fake: hello$/m);
    chat.type('/list\n');
    await chat.prints(/1 device found\n.*\)\n/);
    chat.endInput();
    expect(await chat.exitCode()).toBe(0);
    expect(chat.out).not.toMatch(/[^\P{Cc}\n]/u);
    await device.close();
  });

  it('keeps what was typed while the relay was away, and is back by itself', async () => {
    const chat = startChat('--name', 'patient');
    await chat.prints(/connected to/);
    const port = Number(new URL(relay.url).port);
    await relay.close();
    await chat.prints(/no connection, next attempt in/);
    chat.type('typed while away\n');
    await startRelay(port);
    const { device, texts } = await startDevice('late listener');
    chat.type('typed afterwards\n');
    await expect.poll(() => texts).toContain('typed afterwards');
    chat.endInput();
    expect(await chat.exitCode()).toBe(0);
    await device.close();
  });
});
