import { describe, expect, it } from 'vitest';
import { createUpgradeRequest, type HeaderList, type UpgradeTarget } from '../../../src/frames/handshake';
import type { Pairs } from './header-pairs';

const NONCE = Uint8Array.from({ length: 16 }, (_, i) => i * 15);

describe('RFC 6455, opening handshake: the request of a client', () => {
  const target: UpgradeTarget = { host: 'relay.example', nonce: NONCE };
  const headerOf = (request: { headers: HeaderList }, name: string) =>
    request.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);

  it('F-1: GET, path and query as given', () => {
    const request = createUpgradeRequest({ ...target, path: '/api/WebSocket?a=%20b&c=/d?e' });
    expect([request.method, request.path]).toEqual(['GET', '/api/WebSocket?a=%20b&c=/d?e']);
    expect(createUpgradeRequest(target).path).toBe('/');
  });

  for (const path of ['', 'a', '/a#b', '/a b', '/ä', '/a\u007f', '*', 'http://h/']) {
    it(`F-1: path ${JSON.stringify(path)} is refused`, () => {
      expect(() => createUpgradeRequest({ ...target, path })).toThrow(TypeError);
    });
  }

  const HOSTS: [Partial<UpgradeTarget>, string][] = [
    [{}, 'relay.example'],
    [{ port: 80 }, 'relay.example'],
    [{ port: 443 }, 'relay.example:443'],
    [{ port: 443, secure: true }, 'relay.example'],
    [{ port: 80, secure: true }, 'relay.example:80'],
    [{ host: '127.0.0.1', port: 9324 }, '127.0.0.1:9324'],
    [{ host: '::1', port: 80 }, '[::1]'],
    [{ host: '[::1]', port: 8080 }, '[::1]:8080'],
    [{ host: 'fe80::1:2', port: 65_535 }, '[fe80::1:2]:65535'],
  ];
  for (const [part, host] of HOSTS) {
    it(`F-2: ${JSON.stringify(part)} gives Host ${host}`, () => {
      expect(headerOf(createUpgradeRequest({ ...target, ...part }), 'host')).toEqual([host]);
    });
  }

  for (const part of [
    { host: '' },
    { host: 'a b' },
    { host: 'a\r\nX: y' },
    { host: 'a/b' },
    { host: '::1%eth0' },
    { host: 'u@h' },
  ]) {
    it(`F-5: ${JSON.stringify(part)} is refused`, () => {
      expect(() => createUpgradeRequest({ ...target, ...part })).toThrow(TypeError);
    });
  }

  it.each([0, -1, 65_536, 1.5, NaN])('F-2: port %d is refused', (port) => {
    expect(() => createUpgradeRequest({ ...target, port })).toThrow(RangeError);
  });

  it('F-3: the four headers of the handshake, the key from the 16 bytes given', () => {
    const request = createUpgradeRequest(target);
    expect(request.headers).toEqual([
      ['Host', 'relay.example'],
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Key', Buffer.from(NONCE).toString('base64')],
      ['Sec-WebSocket-Version', '13'],
    ]);
    expect(request.key).toHaveLength(24);
  });

  it.each([new Uint8Array(0), new Uint8Array(15), new Uint8Array(17), undefined, 'a'.repeat(16)])(
    'F-3: nonce %j is refused',
    (nonce) => {
      expect(() => createUpgradeRequest({ ...target, nonce: nonce as Uint8Array })).toThrow(TypeError);
    },
  );

  it('F-4: subprotocols keep their order', () => {
    const request = createUpgradeRequest({ ...target, protocols: ['zeta.example', 'alpha', 'Alpha'] });
    expect(headerOf(request, 'sec-websocket-protocol')).toEqual(['zeta.example, alpha, Alpha']);
    expect(request.protocols).toEqual(['zeta.example', 'alpha', 'Alpha']);
  });

  for (const protocols of [['a', 'a'], [''], ['a b'], ['a,b'], ['a\r\n'], ['a\0'], ['ä'], ['"a"']]) {
    it(`F-4, F-5: subprotocols ${JSON.stringify(protocols)} are refused`, () => {
      expect(() => createUpgradeRequest({ ...target, protocols })).toThrow(TypeError);
    });
  }

  it('headers of the caller follow those of the handshake, as given', () => {
    const headers: Pairs = [
      ['Origin', 'http://here'],
      ['X-Two', ' a\tb '],
      ['x-two', ''],
      ['constructor', '__proto__'],
    ];
    expect(createUpgradeRequest({ ...target, headers }).headers.slice(5)).toEqual(headers);
  });

  for (const [name, value] of [
    ['X-A', 'a\rb'],
    ['X-A', 'a\nb'],
    ['X-A', 'a\0b'],
    ['X-A', 'a\r\n b'],
    ['X-A', 'a\u007fb'],
    ['X-A', '€'],
    ['', 'a'],
    ['X A', 'a'],
    ['X:A', 'a'],
    ['X\r\nY', 'a'],
    ['X\0', 'a'],
    ['Ä', 'a'],
  ] as const) {
    it(`F-5: header ${JSON.stringify(name)}: ${JSON.stringify(value)} is refused, its value not repeated`, () => {
      const build = () => createUpgradeRequest({ ...target, headers: [[name, value]] });
      expect(build).toThrow(TypeError);
      expect(build).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('€') as string }) as Error,
      );
    });
  }

  for (const name of [
    'Upgrade',
    'CONNECTION',
    'sec-websocket-key',
    'Sec-Websocket-Version',
    'HOST',
    'hOsT',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Extensions',
    'Sec-WebSocket-Accept',
  ]) {
    it(`F-6: header ${name} cannot be overridden`, () => {
      expect(() => createUpgradeRequest({ ...target, headers: [[name, 'a']] })).toThrow(TypeError);
    });
  }
});
