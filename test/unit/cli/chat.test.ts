import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChatDevice, ChatError, ChatGap, ChatMessage, ChatStatus } from '../../../src/cli/chat-conversation';
import { run, type ChatHost } from '../../../src/cli/chat';
import type { ChatPeer } from '../../../src/cli/chat-lines';
import type { ChatOptions } from '../../../src/cli/chat-options';
import type { Terminal } from '../../../src/cli/terminal';

const ACCOUNT = ['--connect-name', 'home', '--connect-password', 'canary-word', '--name', 'den'];

interface Sent {
  readonly data: string;
  readonly toSessionIds: readonly string[] | undefined;
}

interface Answer {
  resolve(): void;
  reject(error: Error): void;
}

/** A device without a relay: the test says when it connects and what it receives. */
class FakeDevice implements ChatDevice {
  readonly sent: Sent[] = [];
  readonly answers: Answer[] = [];
  peers: ChatPeer[] = [];
  state = 'idle';
  searches = 0;
  isClosed = false;
  answersAtOnce = true;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  get connected(): boolean {
    return this.state === 'connected';
  }

  start(): number {
    this.become('connecting');
    return 0;
  }

  async ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    while (!this.connected) {
      signal?.throwIfAborted();
      await nextTurn();
    }
  }

  getSessionId(): string {
    return '777';
  }

  on(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: string, { toSessionIds }: { toSessionIds?: string[] } = {}): Promise<void> {
    this.sent.push({ data, toSessionIds });
    if (this.answersAtOnce) return Promise.resolve();
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }

  async discover(): Promise<ChatPeer[]> {
    this.searches += 1;
    return this.peers;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.become('closed');
  }

  become(to: string, more: Partial<ChatStatus> = {}): void {
    const from = this.state;
    this.state = to;
    this.#emit('status', { from, to, ...more });
  }

  miss(gap: ChatGap): void {
    this.#emit('gap', gap);
  }

  fail(error: ChatError): void {
    this.#emit('error', error);
  }

  receive(data: string, from: string, dataType = ''): void {
    this.#emit('message', { data, bytes: new TextEncoder().encode(data), from, dataType });
  }

  #emit(type: string, event: ChatStatus | ChatMessage | ChatError | ChatGap): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

class Bench implements ChatHost {
  readonly device = new FakeDevice();
  readonly input = Object.assign(new PassThrough(), { isTTY: false });
  readonly output = Object.assign(new PassThrough(), { isTTY: false });
  readonly terminal: Terminal;
  interrupt: () => void = () => undefined;
  options: ChatOptions | undefined;
  out = '';
  err = '';

  constructor(isTTY = false) {
    Object.assign(this.input, { isTTY, setRawMode: () => undefined });
    Object.assign(this.output, { isTTY, columns: 80 });
    this.terminal = {
      out: (text) => void (this.out += text),
      error: (text) => void (this.err += text),
      keyboard: this.input,
      env: {},
    };
  }

  createDevice(options: ChatOptions): ChatDevice {
    this.options = options;
    return this.device;
  }

  watchInterrupts(interrupt: () => void): () => void {
    this.interrupt = interrupt;
    return () => undefined;
  }

  run(args: readonly string[] = ACCOUNT): Promise<number> {
    return run(args, this.terminal, this);
  }

  async sees(pattern: RegExp): Promise<void> {
    await vi.waitFor(() => expect(this.out + this.err).toMatch(pattern));
  }
}

afterEach(() => void vi.useRealTimers());

describe('webifi chat: what is typed', () => {
  it('is sent line by line, in order, and the end of input ends the conversation', async () => {
    const bench = new Bench();
    const ended = bench.run();
    bench.input.end('first\n\nsecond\nthird without a line end');
    bench.device.become('connected');
    expect(await ended).toBe(0);
    expect(bench.device.sent.map(({ data }) => data)).toEqual(['first', '', 'second', 'third without a line end']);
    expect(bench.device.isClosed).toBe(true);
  });

  it('is handed over before the connection stands, and awaited before the end', async () => {
    const bench = new Bench();
    bench.device.answersAtOnce = false;
    const ended = bench.run();
    bench.input.end('early\n');
    await bench.sees(/waiting for the connection to send 1 more/);
    expect(bench.device.isClosed).toBe(false);
    bench.device.become('connected');
    bench.device.answers[0]?.resolve();
    expect(await ended).toBe(0);
  });

  it.each(['quit', '/quit'])('ends with %s; what follows is not sent', async (word) => {
    const bench = new Bench();
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.write(`one\n${word}\ntwo\n`);
    expect(await ended).toBe(0);
    expect(bench.device.sent.map(({ data }) => data)).toEqual(['one']);
  });

  it('waits with further lines while 64 are unanswered, so that a long input stays bounded', async () => {
    const bench = new Bench();
    bench.device.answersAtOnce = false;
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.end(Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join(''));
    await vi.waitFor(() => expect(bench.device.sent).toHaveLength(64));
    await nextTurn();
    expect(bench.device.sent).toHaveLength(64);
    bench.device.answersAtOnce = true;
    for (const answer of bench.device.answers) answer.resolve();
    expect(await ended).toBe(0);
    expect(bench.device.sent).toHaveLength(100);
  });

  it('says what could not be sent, and then piped input ends with 1', async () => {
    const bench = new Bench();
    bench.device.answersAtOnce = false;
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.end('lost\n');
    await vi.waitFor(() => expect(bench.device.answers).toHaveLength(1));
    bench.device.answers[0]?.reject(new Error('nobody there'));
    expect(await ended).toBe(1);
    expect(bench.err).toContain('! not sent: nobody there');
  });

  it('is given up 30 seconds after the end of input when there is no connection', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const bench = new Bench();
    bench.device.answersAtOnce = false;
    const ended = bench.run();
    bench.input.end('never\n');
    while (!bench.out.includes('waiting')) await nextTurn();
    await vi.advanceTimersByTimeAsync(29_999);
    expect(bench.device.isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toBe(1);
    expect(bench.err).toContain('! 1 not sent before the end');
  });
});

describe('webifi chat: commands', () => {
  it('/list waits for the connection and names the devices', async () => {
    const bench = new Bench();
    bench.device.peers = [{ name: 'lamp', sessionId: '11' }];
    const ended = bench.run();
    bench.input.end('/list\n');
    await nextTurn();
    expect(bench.out).not.toContain('found');
    bench.device.become('connected');
    expect(await ended).toBe(0);
    expect(bench.out).toContain('* 1 device found\n  lamp  (11)\n');
  });

  it('/to finds a device by name and sends to it alone', async () => {
    const bench = new Bench();
    bench.device.peers = [{ name: 'lamp in the hall', sessionId: '12' }];
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.end('/to lamp in the hall on\n/to 12 off\n');
    expect(await ended).toBe(0);
    expect(bench.device.sent).toEqual([
      { data: 'on', toSessionIds: ['12'] },
      { data: 'off', toSessionIds: ['12'] },
    ]);
  });

  it('/to nobody, and /to a name that two devices have, send nothing and say why', async () => {
    const bench = new Bench();
    bench.device.peers = ['13', '14'].map((sessionId) => ({ name: 'twin', sessionId }));
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.end('/to ghost boo\n/to twin hello\n');
    expect(await ended).toBe(1);
    expect(bench.device.sent).toEqual([]);
    expect(bench.err).toMatch(/no device is called "ghost"/);
    expect(bench.err).toMatch(/2 devices have this name; take a session id instead: 13, 14/);
  });

  it('/to looks again after a failure: the device may have come back with a new session id', async () => {
    const bench = new Bench();
    bench.device.peers = [{ name: 'lamp', sessionId: '11' }];
    bench.device.answersAtOnce = false;
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.write('/to lamp on\n');
    await vi.waitFor(() => expect(bench.device.answers).toHaveLength(1));
    bench.device.peers = [{ name: 'lamp', sessionId: '21' }];
    bench.device.answers[0]?.reject(new Error('gone'));
    bench.device.answersAtOnce = true;
    await bench.sees(/not sent: gone/);
    bench.input.end('/to lamp on\n');
    await ended;
    expect(bench.device.sent.map(({ toSessionIds }) => toSessionIds)).toEqual([['11'], ['21']]);
  });

  it('/help explains, and a mistyped command is not sent', async () => {
    const bench = new Bench();
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.end('/help\n/lst\n//lst\n');
    expect(await ended).toBe(0);
    expect(bench.out).toContain('/to NAME TEXT');
    expect(bench.err).toContain('/lst is not known');
    expect(bench.device.sent.map(({ data }) => data)).toEqual(['/lst']);
  });
});

describe('webifi chat: what arrives', () => {
  it('is printed with the name once it is known, with the session id before', async () => {
    const bench = new Bench();
    const ended = bench.run();
    bench.device.become('connected');
    await nextTurn();
    bench.device.receive('early', '11');
    bench.device.peers = [{ name: 'lamp', sessionId: '11' }];
    bench.input.write('/list\n');
    await bench.sees(/1 device found/);
    bench.device.receive('21.4', '11', 'temperature');
    bench.device.receive('', '11');
    bench.input.end();
    await ended;
    expect(bench.out).toContain('11: early\n');
    expect(bench.out).toContain('lamp (temperature): 21.4\n');
    expect(bench.out).toContain('lamp: (empty message)\n');
  });

  it('does not print the answers to a discovery as messages', async () => {
    const bench = new Bench();
    const ended = bench.run();
    bench.device.become('connected');
    bench.device.receive('lamp', '11', 'Discovery Response');
    bench.input.end();
    await ended;
    expect(bench.out).not.toContain('lamp');
  });

  it('SEC-19: cannot steer the terminal, neither by data nor by name, data type or error text', async () => {
    const bench = new Bench();
    bench.device.peers = [{ name: '\u001b[2Jevil\nname', sessionId: '11' }];
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.write('/list\n');
    await bench.sees(/1 device found/);
    bench.device.receive('\u001b]0;title\u0007\r\nlamp: fake', '11', 'ty\u001b[31mpe');
    bench.device.fail({ code: 20, message: 'relay says \u001b[5m' });
    bench.input.end();
    await ended;
    expect(bench.out + bench.err).not.toMatch(/[^\P{Cc}\n]/u);
    expect(bench.out).not.toMatch(/^lamp: fake/m);
  });

  it('SEC-17: strangers make it search at most once in three seconds', async () => {
    const bench = new Bench();
    const ended = bench.run();
    bench.device.become('connected');
    for (let from = 100; from < 200; from++) bench.device.receive('hi', String(from));
    await nextTurn();
    expect(bench.device.searches).toBe(1);
    bench.input.end();
    await ended;
  });
});

describe('webifi chat: the connection', () => {
  it('is told: connecting, connected, lost and back', async () => {
    const bench = new Bench();
    const ended = bench.run();
    bench.device.become('connected');
    bench.device.become('reconnecting', { retryInMs: 1240 });
    bench.device.fail({ code: 20, message: 'not reached' });
    bench.device.fail({ code: 20, message: 'not reached' });
    bench.device.become('connected');
    bench.device.miss({ count: 3 });
    bench.device.miss({});
    bench.input.end('quit\n');
    expect(await ended).toBe(0);
    expect(bench.out).toMatch(/^\* connecting to http:\/\/127.0.0.1:9324 over WebSocket\n\* connected .* as "den", session 777\n/);
    expect(bench.out).toContain('* no connection, next attempt in 1.2 s\n');
    expect(bench.out).toMatch(/\* disconnected\n$/);
    const gaps = ['3', 'some'].map((count) => `! ${count} messages to this device may be lost\n`);
    expect(bench.err).toBe(['! not reached\n', ...gaps].join(''));
  });

  it('ends with 1 and clear words when name or password is wrong, never with the password', async () => {
    const bench = new Bench();
    const ended = bench.run();
    bench.device.fail({ code: 8, message: 'Wrong connect name or password. Call start() again.' });
    bench.device.become('failed');
    expect(await ended).toBe(1);
    expect(bench.err).toBe('! wrong connect name or password\n');
    expect(bench.out + bench.err).not.toContain('canary');
  });

  it('ends at once and with 0 on an interrupt, also while lines wait for a connection', async () => {
    const bench = new Bench();
    bench.device.answersAtOnce = false;
    const ended = bench.run();
    bench.input.write('waits\n/list\n');
    await vi.waitFor(() => expect(bench.device.sent).toHaveLength(1));
    bench.interrupt();
    expect(await ended).toBe(0);
    expect(bench.device.isClosed).toBe(true);
    expect(bench.err).toBe('');
  });

  it('ends when nobody reads the output any more', async () => {
    const bench = new Bench();
    const ended = bench.run();
    bench.device.become('connected');
    bench.output.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await ended).toBe(0);
  });
});

describe('webifi chat: on a terminal', () => {
  it('keeps what is being typed below what arrives, and Ctrl-C ends with 0', async () => {
    const bench = new Bench(true);
    let drawn = '';
    bench.output.on('data', (chunk) => (drawn += String(chunk)));
    const ended = bench.run();
    bench.device.become('connected');
    bench.input.write('half a li');
    await vi.waitFor(() => expect(drawn).toContain('half a li'));
    drawn = '';
    bench.device.receive('news', '11');
    await vi.waitFor(() => expect(drawn).toMatch(/half a li/));
    bench.input.write('\u0003');
    expect(await ended).toBe(0);
    expect(bench.device.sent).toEqual([]);
  });

  it('--help prints the options and connects to nothing', async () => {
    const bench = new Bench();
    expect(await bench.run(['--help'])).toBe(0);
    expect(bench.out).toContain('--transport KIND');
    expect(bench.options).toBeUndefined();
  });
});
