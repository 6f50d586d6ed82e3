import { describe, expect, it } from 'vitest';
import { FrameSocket, type FrameSocketError, UpgradeRequest } from '../../../src/frames';
import { onePeer } from './raw-server';

const shown = (payload: Uint8Array) => new TextDecoder().decode(payload);

describe('UpgradeRequest: the handshake step by step', () => {
  it('W1: headers, answer and validation, one after the other', async () => {
    const { server, peer } = await onePeer();
    const request = new UpgradeRequest(`${server.url}chat?room=1`, {
      protocols: ['a.example', 'b.example'],
      query: { 'a b': 'c&d' },
    });
    request.setHeader('Origin', 'http://example.com');
    request.setHeader('origin', 'http://example.org');
    const sending = request.send();
    const raw = await peer;
    raw.write(raw.answer({ headers: ['Sec-WebSocket-Protocol: b.example'] }));
    expect(await sending).toMatchObject({ status: 101, body: new Uint8Array(0) });
    expect(raw.request.line).toBe('GET /chat?room=1&a+b=c%26d HTTP/1.1');
    expect(raw.request.headers).toEqual(request.headers);
    expect(raw.request.headers.map(([name]) => name)).toEqual([
      ...['Host', 'Upgrade', 'Connection', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version'],
      ...['Sec-WebSocket-Protocol', 'origin'],
    ]);
    expect(raw.request.header('Sec-WebSocket-Key')).toMatch(/^[\w+/]{22}==$/);
    request.validate();
    const socket = FrameSocket.fromUpgrade(request);
    expect([socket.isConnected, socket.protocol]).toEqual([true, 'b.example']);
    expect(() => FrameSocket.fromUpgrade(request)).toThrow(TypeError);
    socket.terminate();
    await server.stop();
  });

  it('W1, F-21: a refusal has status, headers and body', async () => {
    const { server, peer } = await onePeer();
    const request = new UpgradeRequest(server.url);
    const sending = request.send();
    const raw = await peer;
    raw.write('HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 6\r\n\r\nno way');
    expect(await sending).toMatchObject({ status: 403 });
    const error = await Promise.resolve()
      .then(() => FrameSocket.fromUpgrade(request))
      .catch((caught: unknown) => caught as FrameSocketError);
    expect(error).toMatchObject({ code: 'HANDSHAKE_REJECTED', answer: { status: 403 } });
    const { answer } = error as FrameSocketError;
    expect(answer?.headers).toContainEqual(['X-Why', 'no']);
    expect(shown(answer?.body ?? new Uint8Array(0))).toBe('no way');
    await server.stop();
  });

  it('F-3: every attempt has a key of its own', () => {
    const keys = Array.from({ length: 50 }, () => new UpgradeRequest('ws://127.0.0.1/').headers[3]?.[1]);
    expect(new Set(keys).size).toBe(50);
  });

  it('tells its steps apart', async () => {
    const request = new UpgradeRequest('ws://127.0.0.1/');
    expect(() => request.validate()).toThrow(TypeError);
    expect(() => FrameSocket.fromUpgrade(request)).toThrow(TypeError);
    expect(request.answer).toBeUndefined();
  });
});
