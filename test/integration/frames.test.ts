import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { startEchoServer } from '../conformance/echo/echo-server';
import { startHttpProxy, startSocksProxy } from '../conformance/frames-client/proxies';
import { RawServer, type RawPeer } from '../conformance/frames-client/raw-server';
import { binary, close, more, ping, text } from '../conformance/frames/frame-bytes';
import { killPrograms, Program } from '../helpers/program';

const stops: (() => unknown)[] = [];

afterEach(async () => {
  killPrograms();
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startEcho(...options: Parameters<typeof startEchoServer>): Promise<string> {
  const server = await startEchoServer(...options);
  stops.push(() => server.stop());
  return server.url;
}

/** A server that leaves everything behind the 101 to the test. */
async function startRaw(answer = (peer: RawPeer) => peer.answer()): Promise<{ url: string; peer: Promise<RawPeer> }> {
  let tell: (peer: RawPeer) => void = () => undefined;
  const peer = new Promise<RawPeer>((resolve) => (tell = resolve));
  const server = await RawServer.start((one) => {
    one.write(answer(one));
    tell(one);
  });
  stops.push(() => server.stop());
  return { url: server.url, peer };
}

const frames = (...args: string[]) => new Program(['dist/cli.cjs', 'frames', ...args]);

/** The whole run of a program that is given its input at once. */
async function runFrames(input: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const program = frames(...args);
  program.endInput(input);
  const code = await program.exitCode();
  return { code, out: program.out, err: program.err };
}

/** The events of a run with `--json`, headers left out. */
function eventsOf(out: string): object[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { headers: _, ...event } = JSON.parse(line) as Record<string, unknown>;
      return event;
    });
}

const inOrder = (out: string, direction: 'in' | 'out') =>
  out.split('\n').filter((line) => line.startsWith(direction.padEnd(4)));

describe('webifi frames as a process', () => {
  it('W3, W4: text, bytes, fragments and a Ping between them go out and are shown with what comes back', async () => {
    const input = 'hello ~ \u{1f600}\n/start a\n/ping mid\n/continue b\n/finish-hex 00\n/finish c\n/hex 00 ff\n//x\n';
    const { code, out, err } = await runFrames(input, await startEcho());
    expect(inOrder(out, 'out')).toEqual([
      'out Text         FIN=1 12 B  hello ~ \u{1f600}',
      'out Text         FIN=0 1 B  a',
      'out Ping         FIN=1 3 B  mid',
      'out Continuation FIN=0 1 B  b',
      'out Continuation FIN=1 1 B  c',
      'out Binary       FIN=1 2 B  00 ff',
      'out Text         FIN=1 2 B  /x',
      'out Close        FIN=1 2 B  1000',
    ]);
    expect(inOrder(out, 'in')).toEqual([
      'in  Text         FIN=1 12 B  hello ~ \u{1f600}',
      'in  Pong         FIN=1 3 B  mid',
      'in  Text         FIN=1 3 B  abc',
      'in  Binary       FIN=1 2 B  00 ff',
      'in  Text         FIN=1 2 B  /x',
      'in  Close        FIN=1 2 B  1000',
    ]);
    expect(out).toMatch(/\* closed: 1000\n$/);
    // The one line that could not be followed.
    expect({ code, err }).toEqual({
      code: 1,
      err: '! A message is text or binary: end the one that is open before one of the other type.\n',
    });
  });

  it('F-67: --deflate offers compression, and a compressed frame shows it', async () => {
    const text = 'again '.repeat(40);
    const url = await startEcho(0, {}, {});
    const { code, out } = await runFrames(`${text}\n`, url, '--deflate');
    expect(inOrder(out, 'in')[0]).toBe(`in  Text         FIN=1 RSV1=1 240 B  ${text}`);
    expect(code).toBe(0);
    expect((await runFrames(`${text}\n`, url)).out).not.toContain('RSV1');
  });

  it('W6: a Close with code and reason is sent, the answer shown, and the exit code 0', async () => {
    const { code, out, err } = await runFrames('/close 3001 bye\n', await startEcho());
    expect(out).toContain('out Close        FIN=1 5 B  3001 bye\n');
    expect(out).toContain('in  Close        FIN=1 2 B  3001\n* closed: 3001\n');
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('W4, W6: the Ping and the Close of the server are shown and answered', async () => {
    const { url, peer } = await startRaw();
    const program = frames(url);
    const server = await peer;
    server.write(ping('are you there'), text('h\u001b[2Ji', false), more('!', true), binary(Uint8Array.of(1)));
    await program.prints(/in {2}Binary/);
    server.write(close(1001, 'bye'));
    expect(await program.exitCode()).toBe(0);
    expect(program.out.split('\n').slice(1)).toEqual([
      'in  Ping         FIN=1 13 B  are you there',
      'out Pong         FIN=1 13 B  are you there',
      'in  Text         FIN=0 6 B  h\\x1b[2Ji',
      'in  Continuation FIN=1 1 B  !',
      'in  Binary       FIN=1 1 B  01',
      'in  Close        FIN=1 5 B  1001 bye',
      'out Close        FIN=1 2 B  1001',
      '* closed: 1001 bye',
      '',
    ]);
    expect(await server.frames()).toMatchObject([{ opcode: 10 }, { opcode: 8 }]);
  });

  it('W4, W6: answers can be left to the one who types', async () => {
    const { url, peer } = await startRaw();
    const program = frames(url, '--no-auto-pong', '--no-auto-close');
    const server = await peer;
    server.write(ping('1'), ping('2'), close(1000));
    await program.prints(/in {2}Close/);
    expect(inOrder(program.out, 'out')).toEqual([]);
    program.type('/pong\n');
    await program.prints(/out Pong +FIN=1 1 B {2}2/);
    program.type('/auto-pong on\n/auto-close on\n/close 3000\n');
    expect(await program.exitCode()).toBe(0);
    expect((await server.frames()).map(({ opcode }) => opcode)).toEqual([10, 8]);
  });

  it('stays after the end of piped input for as long as it is told, until the server closes', async () => {
    const { url, peer } = await startRaw();
    const program = frames(url, '--wait', '60000');
    program.endInput('only line\n');
    const server = await peer;
    await server.frames(1);
    server.write(text('answer'));
    await program.prints(/in {2}Text +FIN=1 6 B {2}answer/);
    server.write(close(1000));
    expect(await program.exitCode()).toBe(0);
  });

  it('is ended by SIGTERM with a Close', async () => {
    const { url, peer } = await startRaw();
    const program = frames(url);
    await program.prints(/connected/);
    program.process.kill('SIGTERM');
    const server = await peer;
    expect(await server.frames(1)).toMatchObject([{ opcode: 8 }]);
    server.write(close(1000));
    expect(await program.exitCode()).toBe(0);
  });

  it('a server that breaks the protocol, one that goes away and one that does not answer the Close give 1', async () => {
    const wrong = await startRaw();
    const broken = frames(wrong.url);
    (await wrong.peer).write(more('orphan', true));
    expect(await broken.exitCode()).toBe(1);
    expect(broken.err).toMatch(/^! The peer broke the protocol: /);
    const gone = await startRaw();
    const lost = frames(gone.url);
    (await gone.peer).socket.destroy();
    expect(await lost.exitCode()).toBe(1);
    expect(lost.out).toMatch(/\* the connection ended without a close handshake\n$/);
    const mute = await startRaw();
    const { code, err } = await runFrames('', mute.url, '--timeout', '2000');
    expect({ code, err }).toEqual({ code: 1, err: '! The connection was lost: the Close was not answered\n' });
  });
});

describe('webifi frames --json', () => {
  it('takes JSON and plain lines and gives an object for each event', async () => {
    const input = [
      '{"type":"send","text":"one","fin":false}',
      '{"type":"send","text":"\\u001b two"}',
      '{"type":"send","data":"AP8="}',
      '{"type":"ping","data":"AQ=="}',
      '{"type":"send"}',
      'plain',
      '{"type":"close","code":3999,"reason":"done"}',
    ];
    const { code, out, err } = await runFrames(`${input.join('\n')}\n`, '--json', await startEcho());
    const [open, ...events] = eventsOf(out);
    const frame = { type: 'frame', fin: true };
    expect(open).toEqual({ type: 'open', status: 101, protocol: null });
    expect(out.split('\n')[0]).toContain('["Upgrade","websocket"]');
    expect(events).toEqual([
      { ...frame, direction: 'out', opcode: 'Text', fin: false, length: 3, text: 'one' },
      { ...frame, direction: 'out', opcode: 'Continuation', length: 5, text: '\u001b two' },
      { ...frame, direction: 'out', opcode: 'Binary', length: 2, data: 'AP8=' },
      { ...frame, direction: 'out', opcode: 'Ping', length: 1, text: '\u0001' },
      { type: 'error', code: 'INPUT', message: 'give "text", or "data" in base64' },
      { ...frame, direction: 'out', opcode: 'Text', length: 5, text: 'plain' },
      { ...frame, direction: 'out', opcode: 'Close', length: 6, code: 3999, reason: 'done' },
      { ...frame, direction: 'in', opcode: 'Text', length: 8, text: 'one\u001b two' },
      { ...frame, direction: 'in', opcode: 'Binary', length: 2, data: 'AP8=' },
      { ...frame, direction: 'in', opcode: 'Pong', length: 1, text: '\u0001' },
      { ...frame, direction: 'in', opcode: 'Text', length: 5, text: 'plain' },
      { ...frame, direction: 'in', opcode: 'Close', length: 2, code: 3999, reason: '' },
      { type: 'close', code: 3999, reason: '', clean: true },
    ]);
    expect({ code, err }).toEqual({ code: 1, err: '' });
  });

  it('a script drives it line by line and ends it', async () => {
    const program = frames('--json', await startEcho());
    program.type('{"type":"send","text":"1"}\n');
    await program.prints(/"in".*"text":"1"/);
    program.type('{"type":"set","autoPong":false}\n{"type":"quit"}\n');
    expect(await program.exitCode()).toBe(0);
    expect(eventsOf(program.out).at(-1)).toEqual({ type: 'close', code: 1000, reason: '', clean: true });
  });

  it('a refusal is an event with the status', async () => {
    const { url } = await startRaw(() => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\ngo \u009baway');
    const { code, out } = await runFrames('', '--json', url);
    expect(code).toBe(1);
    expect(eventsOf(out)).toMatchObject([{ type: 'error', code: 'HANDSHAKE_REJECTED', status: 403 }]);
  });
});

describe('ways of webifi frames to a server', () => {
  it('SEC-19: goes through an HTTP proxy and a SOCKS proxy, with headers, and prints no secret', async () => {
    const seen: (string | undefined)[][] = [];
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    server.on('connection', (peer, { headers }) => {
      seen.push([headers.authorization, headers.origin, headers['x-more'] as string, peer.protocol]);
      peer.close(1000);
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const http = await startHttpProxy({ to: port, credentials: ['me', 'canary-one'] });
    const socks = await startSocksProxy({ to: port, credentials: ['me', 'canary-one'] });
    stops.push(
      () => http.stop(),
      () => socks.stop(),
    );
    const more = ['--protocol', 'chat', '--origin', 'https://page', '--header', 'X-More: yes'];
    const secrets = ['--bearer', 'canary-two', '--wait', '60000'];
    for (const proxy of [`http://me:canary-one@127.0.0.1:${http.port}`, `socks5://me:canary-one@127.0.0.1:${socks.port}`]) {
      const url = 'ws://server.invalid/path?token=canary-three';
      const { code, out, err } = await runFrames('', url, '--proxy', proxy, ...more, ...secrets);
      expect(out).toContain('* connected to ws://server.invalid/path, subprotocol chat\n');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).not.toContain('canary');
    }
    expect(seen).toEqual(Array.from({ length: 2 }, () => ['Bearer canary-two', 'https://page', 'yes', 'chat']));
    const wrong = `http://me:canary-four@127.0.0.1:${http.port}`;
    const { code, err } = await runFrames('', 'ws://server.invalid/', '--proxy', wrong);
    expect(code).toBe(1);
    expect(err).toMatch(/^! The proxy wants other credentials: it answered 407\n {2}answer 407\n/);
    expect(err).not.toContain('canary');
  });

  describe('over TLS', () => {
    let folder: string;
    let pems: { cert: string; private: string };

    beforeAll(async () => {
      const names = [{ type: 7 as const, ip: '127.0.0.1' }];
      const extensions = [{ name: 'subjectAltName' as const, altNames: names }];
      pems = await generate([{ name: 'commonName', value: '127.0.0.1' }], { keySize: 2048, extensions });
      folder = await mkdtemp(join(tmpdir(), 'webifi-frames-'));
      await writeFile(join(folder, 'ca.pem'), pems.cert);
      return () => rm(folder, { recursive: true });
    });

    it('a self-signed certificate is refused, unless it is named or all are taken', async () => {
      const echo = new URL(await startEcho());
      const server = createServer({ cert: pems.cert, key: pems.private });
      // TLS ends here; behind it goes on what the echo server speaks.
      server.on('secureConnection', (client) => {
        const inner = connect(Number(echo.port), '127.0.0.1');
        client.on('error', () => inner.destroy());
        client.pipe(inner).pipe(client);
      });
      server.listen(0, '127.0.0.1');
      stops.push(() => server.close());
      await once(server, 'listening');
      const url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const refused = await runFrames('hello\n', url);
      expect(refused).toMatchObject({ code: 1, out: '' });
      expect(refused.err).toMatch(/^! The server's certificate was not accepted: DEPTH_ZERO_SELF_SIGNED_CERT/);
      for (const trust of [['--insecure'], ['--ca', join(folder, 'ca.pem')]]) {
        const { code, out, err } = await runFrames('hello\n', url, ...trust);
        expect({ code, err }).toEqual({ code: 0, err: '' });
        expect(out).toContain('in  Text         FIN=1 5 B  hello\n');
      }
    });
  });

  it('says what is wrong with a URL, and gives 2', async () => {
    for (const [url, why] of [
      ['nonsense', 'it is no absolute URL'],
      ['ftp://host/', 'the scheme is ftp:'],
      ['ws://me:canary-one@host/#part', 'it has a fragment'],
    ] as const) {
      const { code, err } = await runFrames('', url);
      expect(code).toBe(2);
      expect(err).toContain(why);
      expect(err).not.toContain('canary');
    }
    const { code, err } = await runFrames('', 'ws://host/', '--header', 'A: b\r\nC: canary-one');
    expect(code).toBe(2);
    expect(err).not.toContain('canary');
  });

  it('says that nobody listens, or what was answered in place of the upgrade, and gives 1', async () => {
    const raw = await RawServer.start(() => undefined);
    const { url } = raw;
    await raw.stop();
    const refused = await runFrames('hello\n', url);
    expect(refused).toEqual({ code: 1, out: '', err: '! The connection could not be made: ECONNREFUSED\n' });
    const guarded = await startRaw(() => 'HTTP/1.1 403 Forbidden\r\nX: 1\r\nContent-Length: 5\r\n\r\ngo\naw');
    const { code, out, err } = await runFrames('hello\n', guarded.url);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^! The server refused the upgrade: .*403.*\n {2}answer 403\n {4}X: 1\n.*\n {4}go\\x0aaw\n$/);
  });
});
