import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BinData, ConnectFailReason, Rest, StringBuilder } from '../../../src/compat';
import { onePeer, RawServer } from '../frames-client/raw-server';

async function inFolder(run: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'webifi-compat-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('compat: BinData', () => {
  it('AppendBinary, LoadBinary, GetBinary, NumBytes, Clear: copies in, copies out', () => {
    const bd = new BinData();
    const bytes = Uint8Array.of(1, 2);
    expect([bd.AppendBinary(bytes), bd.AppendBinary(bytes), bd.NumBytes]).toEqual([true, true, 4]);
    bytes[0] = 9;
    const got = bd.GetBinary();
    got[1] = 9;
    expect([...bd.GetBinary()]).toEqual([1, 2, 1, 2]);
    expect([bd.LoadBinary(bytes), [...bd.GetBinary()], bd.Clear(), bd.NumBytes]).toEqual([true, [9, 2], true, 0]);
    expect([bd.AppendBinary('x' as unknown as Uint8Array), bd.LastMethodSuccess]).toEqual([false, false]);
  });

  it.each([
    ['hex', 'FF00FE'],
    ['hex_lower', 'ff00fe'],
    ['base64', '/wD+'],
    ['base64url', '_wD-'],
  ])('LoadEncoded, AppendEncoded, GetEncoded: %s', (encoding, encoded) => {
    const bd = new BinData();
    expect([bd.LoadEncoded(encoded, encoding), [...bd.GetBinary()]]).toEqual([true, [255, 0, 254]]);
    expect(bd.GetEncoded(encoding)).toBe(encoded);
    expect([bd.AppendEncoded('?', encoding), bd.NumBytes]).toEqual([false, 3]);
    expect([bd.GetEncoded('rot13'), bd.LastMethodSuccess]).toEqual([null, false]);
  });

  it('AppendString, GetString, AppendBd, AppendSb, ContentsEqual, GetBinaryChunk, RemoveChunk', () => {
    const [bd, other, sb] = [new BinData(), new BinData(), new StringBuilder()];
    sb.Append('€');
    expect([bd.AppendString('é', 'iso-8859-1'), bd.AppendSb(sb, 'utf-8'), bd.GetEncoded('hex')]).toEqual([
      ...[true, true, 'E9E282AC'],
    ]);
    expect([other.AppendBd(bd), other.ContentsEqual(bd)]).toEqual([true, true]);
    expect([other.RemoveChunk(0, 1), other.GetString('utf-8'), other.ContentsEqual(bd)]).toEqual([true, '€', false]);
    expect([...(bd.GetBinaryChunk(1, 2) ?? [])]).toEqual([0xe2, 0x82]);
    expect([bd.GetBinaryChunk(-1, 2), bd.RemoveChunk(0, 0.5), bd.AppendString('x', 'no-such')]).toEqual([
      ...[null, false, false],
    ]);
  });

  it('WriteFile, LoadFile', () =>
    inFolder((folder) => {
      const [bd, other] = [new BinData(), new BinData()];
      bd.AppendBinary(Uint8Array.of(0, 255));
      expect([bd.WriteFile(join(folder, 'a')), other.LoadFile(join(folder, 'a'))]).toEqual([true, true]);
      expect([other.ContentsEqual(bd), other.LoadFile(join(folder, 'b')), other.NumBytes]).toEqual([true, false, 2]);
    }));
});

describe('compat: StringBuilder', () => {
  it('Append, AppendLine, AppendSb, AppendBd, SetString, GetAsString, Length, Clear', () => {
    const [sb, other, bd] = [new StringBuilder(), new StringBuilder(), new BinData()];
    other.SetString('o');
    bd.AppendString('bytes', 'utf-8');
    const done = [sb.Append('a'), sb.AppendLine('b', true), sb.AppendLine('c', false), sb.AppendSb(other)];
    expect([...done, sb.AppendBd(bd, 'utf-8', 1, 2), sb.AppendBd(bd, 'utf-8', 4, 0)]).toEqual(Array(6).fill(true));
    expect([sb.GetAsString(), sb.Length]).toEqual(['ab\r\nc\noyts', 10]);
    sb.Clear();
    expect([sb.Length, sb.Append(1 as unknown as string), sb.AppendBd(bd, 'utf-8', -1, 0)]).toEqual([0, false, false]);
  });

  it('Contains, ContentsEqual, Replace, Trim', () => {
    const sb = new StringBuilder();
    sb.SetString('  One one\n');
    expect([sb.Contains('ONE', true), sb.Contains('ONE', false), sb.Trim()]).toEqual([false, true, true]);
    expect([sb.Replace('ne', 'x'), sb.Replace('', 'x'), sb.GetAsString()]).toEqual([2, 0, 'Ox ox']);
    expect([sb.ContentsEqual('ox OX', true), sb.ContentsEqual('ox OX', false)]).toEqual([false, true]);
  });

  it('WriteFile, LoadFile', () =>
    inFolder((folder) => {
      const [sb, bd] = [new StringBuilder(), new BinData()];
      sb.SetString('é');
      expect(sb.WriteFile(join(folder, 'a'), 'utf-8', true)).toBe(true);
      bd.LoadFile(join(folder, 'a'));
      expect([bd.GetEncoded('hex'), sb.LoadFile(join(folder, 'a'), 'utf-8'), sb.GetAsString()]).toEqual([
        ...['EFBBBFC3A9', true, '\ufeffé'],
      ]);
      expect(sb.LoadFile(join(folder, 'b'), 'utf-8')).toBe(false);
    }));
});

describe('compat: Rest', () => {
  it('AddHeader, RemoveHeader, Host, Authorization, AddQueryParam(s), AddPathParam: what is sent', async () => {
    const { server, peer } = await onePeer();
    const rest = new Rest();
    await rest.Connect('127.0.0.1', server.port, false, false);
    expect([rest.AddHeader('X-A', '1'), rest.AddHeader('x-a', '2'), rest.AddHeader('bad name', '')]).toEqual([
      ...[true, true, false],
    ]);
    rest.AddHeader('X-B', '1');
    rest.RemoveHeader('x-b');
    rest.Host = 'other.test';
    rest.Authorization = 'Bearer abc';
    expect([rest.Host, rest.Authorization]).toEqual(['other.test', 'Bearer abc']);
    rest.AddQueryParams('a=1&b=x%20y');
    rest.AddQueryParam('a', '&');
    rest.AddQueryParam('gone', '1');
    rest.RemoveQueryParam('gone');
    rest.AddPathParam('{id}', 'a/b');
    expect(await rest.SendReqNoBody('GET', 'v1/{id}?z=0')).toBe(true);
    const raw = await peer;
    expect(raw.request.line).toBe('GET /v1/a%2Fb?z=0&b=x+y&a=%26 HTTP/1.1');
    expect(rest.LastRequestStartLine).toBe(raw.request.line);
    expect(raw.request.headers.filter(([name]) => name !== 'Connection')).toEqual([
      ['Host', 'other.test'],
      ['x-a', '2'],
      ['Authorization', 'Bearer abc'],
    ]);
    raw.write('HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 2\r\n\r\nhi');
    expect([await rest.ReadResponseHeader(), await rest.ReadRespBodyString(), rest.RedirectUrl()]).toEqual([
      ...[302, 'hi', '/there'],
    ]);
    expect(rest.ResponseHeader).toContain('Location: /there\r\n');
    await server.stop();
  });

  it('ClearAllHeaders, ClearAuth, ClearAllQueryParams, ClearAllPathParams; FullRequestNoBodySb and ...Bd', async () => {
    const server = await RawServer.start((peer) => {
      const said = `${peer.request.line}|${peer.request.header('authorization') ?? ''}|${peer.request.header('x') ?? ''}`;
      peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${said.length}\r\n\r\n${said}`);
    });
    const rest = new Rest();
    const [sb, bd] = [new StringBuilder(), new BinData()];
    rest.AddHeader('X', '1');
    rest.ClearAllHeaders();
    rest.SetAuthBasic('a', 'b');
    rest.ClearAuth();
    rest.AddQueryParam('a', 'b');
    rest.ClearAllQueryParams();
    rest.AddPathParam('p', 'q');
    rest.ClearAllPathParams();
    await rest.Connect('127.0.0.1', server.port, false, false);
    expect([await rest.FullRequestNoBodySb('GET', '/p', sb), sb.GetAsString()]).toEqual([true, 'GET /p HTTP/1.1||']);
    await rest.Connect('127.0.0.1', server.port, false, false);
    expect([await rest.FullRequestNoBodyBd('GET', '/', bd), bd.GetString('utf-8')]).toEqual([
      ...[true, 'GET / HTTP/1.1||'],
    ]);
    expect(await rest.FullRequestNoBody('GET', '/')).toBe(null);
    expect(rest.LastErrorText).toContain('There is no connection.');
    expect(await rest.FullRequestNoBody('POST', '/')).toBe(null);
    await server.stop();
  });

  it('ConnectTimeoutMs ends a silence while connecting: ConnectFailReason 6', async () => {
    const { server } = await onePeer();
    const rest = new Rest();
    expect(rest.ConnectTimeoutMs).toBe(30_000);
    rest.ConnectTimeoutMs = 60;
    expect([await rest.Connect('127.0.0.1', server.port, true, false), rest.ConnectFailReason]).toEqual([
      ...[false, ConnectFailReason.TIMEOUT],
    ]);
    await server.stop();
  });

  it('Disconnect ends the connection; ConnectFailReason tells empty name, refusal; IdleTimeoutMs ends a silence; HeartbeatMs', async () => {
    const { server, peer } = await onePeer();
    const { port } = server;
    const rest = new Rest();
    expect(rest.HeartbeatMs).toBe(0);
    expect([await rest.Connect('', port, false, false), rest.ConnectFailReason]).toEqual([false, 1]);
    await rest.Connect('127.0.0.1', port, false, false);
    rest.IdleTimeoutMs = 60;
    const asking = rest.FullRequestNoBody('GET', '/');
    await peer;
    expect([await asking, rest.LastMethodSuccess]).toEqual([null, false]);
    expect(rest.LastErrorText).toContain('HANDSHAKE_TIMEOUT');
    await rest.Connect('127.0.0.1', port, false, false);
    expect([await rest.Disconnect(50), await rest.SendReqNoBody('GET', '/')]).toEqual([true, false]);
    await server.stop();
    expect([await rest.Connect('127.0.0.1', port, false, false), rest.ConnectFailReason]).toEqual([
      ...[false, ConnectFailReason.REFUSED],
    ]);
  });
});
