import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BinData, Rest, WebSocket } from '../../../src/compat';
import { LogNode, renderHtml, renderText, renderXml } from '../../../src/frames/log-node';
import { text } from '../frames/frame-bytes';
import { onePeer } from '../frames-client/raw-server';
import { withWebSocket } from './lab';

describe('compat: LastErrorText, LastErrorHtml, LastErrorXml', () => {
  it('three renderers show one tree', () => {
    const root = new LogNode('WebifiLog');
    const log = root.child('SendFrame');
    log.fact('numBytes', 3);
    log.child('inner').say('It is <so> & "so".');
    log.say('Success.');
    expect(renderText(root)).toBe(
      [
        'WebifiLog:',
        '  SendFrame:',
        '    numBytes: 3',
        '    inner:',
        '      It is <so> & "so".',
        '    --inner',
        '    Success.',
        '  --SendFrame',
        '--WebifiLog',
        '',
      ].join('\n'),
    );
    expect(renderHtml(root)).toContain('<li>It is &lt;so&gt; &amp; &quot;so&quot;.</li>');
    expect(renderXml(root)).toBe(
      '<?xml version="1.0" encoding="utf-8"?>\n<WebifiLog><SendFrame><numBytes>3</numBytes>' +
        '<inner><info>It is &lt;so&gt; &amp; &quot;so&quot;.</info></inner><info>Success.</info>' +
        '</SendFrame></WebifiLog>\n',
    );
  });

  it('what a peer wrote makes no line and no terminal command', () => {
    const root = new LogNode('WebifiLog');
    root.fact('path', '/a\r\nSuccess.\u001b[2J\ud800');
    expect(renderText(root)).toBe(
      'WebifiLog:\n  path: /a\\u000d\\u000aSuccess.\\u001b[2J\\ud800\n--WebifiLog\n',
    );
  });

  it('tell the method, the facts and the outcome of the last call; LastMethodSuccess agrees', () =>
    withWebSocket(async ({ ws, peer }) => {
      peer.write(text('x', true));
      await ws.ReadFrame();
      expect(ws.LastErrorText).toMatch(
        /^WebifiLog:\n {2}ReadFrame:\n {4}version: [^]*frameOpcode: Text\n[^]* {4}Success\.\n {2}--ReadFrame\n--WebifiLog\n$/,
      );
      expect(ws.LastErrorHtml).toContain('<li>frameOpcode: Text</li>');
      expect(ws.LastErrorXml).toContain('<frameOpcode>Text</frameOpcode>');
      expect(ws.LastMethodSuccess).toBe(true);
      await ws.SendClose(true, 20_000, '');
      expect([ws.LastMethodSuccess, ws.LastErrorText.includes('    Failed.\n  --SendClose')]).toEqual([false, true]);
      expect([ws.IsConnected, ws.LastMethodSuccess]).toEqual([true, false]);
    }));
});

describe('compat: secrets', () => {
  it('neither credentials, cookies, keys, query values nor payloads show, not even with VerboseLogging', async () => {
    const { server, peer } = await onePeer();
    const rest = new Rest();
    const ws = new WebSocket();
    const texts: string[] = [];
    const note = () => texts.push(rest.LastErrorText, rest.LastErrorXml, ws.LastErrorText, ws.LastErrorHtml);
    rest.VerboseLogging = ws.VerboseLogging = true;
    await rest.Connect('127.0.0.1', server.port, false, false);
    ws.UseConnection(rest);
    ws.AddClientHeaders();
    rest.SetAuthBasic('joe', 'hunter2');
    note();
    rest.AddHeader('Cookie', 'sid=hunter2');
    rest.AddHeader('X-Token', 'hunter2\r\nhunter2');
    note();
    rest.AddQueryParam('token', 'hunter2');
    const asking = rest.FullRequestNoBody('GET', '/in');
    const raw = await peer;
    raw.write(raw.answer({ headers: ['Set-Cookie: sid=hunter2'] }));
    await asking;
    note();
    expect(await ws.ValidateServerHandshake()).toBe(true);
    await ws.SendFrame('hunter2', true);
    note();
    ws.CloseConnection();
    await server.stop();
    const basic = Buffer.from('joe:hunter2').toString('base64');
    const key = raw.request.header('sec-websocket-key')!;
    expect(raw.request.header('authorization')).toBe(`Basic ${basic}`);
    expect(texts.join('\n')).toContain('Cookie: (11 characters)');
    for (const secret of ['hunter2', basic, key]) expect(texts.join('\n')).not.toContain(secret);
  });
});

describe('compat: VerboseLogging and DebugLogFilePath', () => {
  it('VerboseLogging tells more', async () => {
    const { server, peer } = await onePeer();
    const rest = new Rest();
    rest.VerboseLogging = true;
    await rest.Connect('127.0.0.1', server.port, false, false);
    const asking = rest.FullRequestNoBody('GET', '/');
    (await peer).write('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n');
    await asking;
    expect(rest.LastErrorText).toMatch(/requestHeaders:\n {6}Host: 127[^]*responseHeaders:/);
    const quiet = new BinData();
    quiet.Clear();
    expect(quiet.LastErrorText).not.toContain('platform');
    expect(rest.LastErrorText).toContain('platform');
    await server.stop();
  });

  it('DebugLogFilePath gets a line when a call begins and the whole text when it is over', () => {
    const folder = mkdtempSync(join(tmpdir(), 'webifi-compat-'));
    try {
      const path = join(folder, 'debug.log');
      const bd = new BinData();
      bd.DebugLogFilePath = path;
      bd.AppendEncoded('zz', 'hex');
      const first = readFileSync(path, 'utf8');
      expect(first).toBe(`AppendEncoded: begins\n${bd.LastErrorText}`);
      bd.Clear();
      expect(readFileSync(path, 'utf8')).toBe(`${first}Clear: begins\n${bd.LastErrorText}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a DebugLogFilePath that cannot be written fails no call, and LastErrorText says so', () => {
    const bd = new BinData();
    bd.DebugLogFilePath = join(tmpdir(), 'no-such-folder-of-webifi', 'debug.log');
    expect(bd.AppendBinary(Uint8Array.of(1))).toBe(true);
    expect(bd.LastErrorText).toContain('debugLogFile: could not be written: ENOENT');
  });
});
