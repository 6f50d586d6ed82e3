import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../src/relay/edge-options';
import { hostFrom, isLoopbackHost, joinHost } from '../../../src/relay/host';
import { resolveLimits } from '../../../src/relay/limits';
import { judgeAccess } from '../../../src/relay/policy';
import { findRoute } from '../../../src/relay/routes';

const FILE = { body: new Uint8Array(0), contentType: 'text/html' };

describe('routes', () => {
  const page = new Map([
    ['/', FILE],
    ['/app.js', FILE],
  ]);
  const routeOf = (method: string, target: string): unknown => {
    const route = findRoute(method, target, page);
    return route.type === 'protocol' ? route.route : route.type;
  };

  it.each([
    ['POST', '/', 'login'],
    ['POST', '/Upload', 'upload'],
    ['POST', '/Download', 'download'],
    ['POST', '/CancelDownload', 'cancel'],
    ['OPTIONS', '/', 'preflight'],
    ['OPTIONS', '/CancelDownload', 'preflight'],
    ['GET', '/', 'page'],
    ['HEAD', '/app.js', 'page'],
    ['GET', '/healthz', 'health'],
    ['HEAD', '/readyz', 'ready'],
    ['GET', '/metrics', 'metrics'],
    ['GET', '/api/WebSocket', 'websocket'],
  ])('P-40 %s %s is %s', (method, target, expected) => {
    expect(routeOf(method, target)).toBe(expected);
  });

  it.each([
    ['POST', '/upload'],
    ['POST', '/Upload/'],
    ['POST', '//Upload'],
    ['POST', '/Upload?'],
    ['POST', '/%55pload'],
    ['POST', '/Upload%2f'],
    ['POST', 'http://x/Upload'],
    ['POST', ''],
    ['POST', '*'],
    ['POST', '/app.js'],
    ['GET', '/Upload'],
    ['PUT', '/Upload'],
    ['post', '/Upload'],
    ['POST', '/healthz'],
    ['GET', '/?'],
    ['GET', '/api/websocket'],
    ['POST', '/api/WebSocket'],
    ['OPTIONS', '/app.js'],
    ['GET', '/__proto__'],
    ['GET', '/constructor'],
  ])('SEC-22 P-40 %s %j is nothing', (method, target) => {
    expect(routeOf(method, target)).toBe('none');
  });
});

describe('access policy', () => {
  const any = { requireTls: false, allowedHosts: undefined, allowedOrigins: undefined };
  const peer = { host: 'relay.example:9324', origin: undefined, isSecure: false };
  const mayPass = (
    policy: Parameters<typeof judgeAccess>[0],
    request: Partial<typeof peer> | { origin: string },
  ): boolean => judgeAccess(policy, { ...peer, ...request }) === undefined;

  it('P-45 SEC-1 lets everybody pass by default', () => {
    for (const origin of [undefined, 'null', 'http://relay.example', 'x']) {
      expect(judgeAccess(any, { ...peer, origin })).toBeUndefined();
    }
  });

  it.each([
    [undefined, true],
    ['https://app.example', true],
    ['https://app.example:443', false],
    ['http://app.example', false],
    ['https://APP.example', false],
    ['https://app.example.evil.test', false],
    ['https://evil.app.example', false],
    ['null', false],
    ['', false],
  ])('SEC-1 with an origin list, %j: %j', (origin, expected) => {
    const policy = { ...any, allowedOrigins: new Set(['https://app.example']) };
    expect(judgeAccess(policy, { ...peer, origin }) === undefined).toBe(expected);
  });

  it.each([
    ['relay.example', true],
    ['Relay.Example:1234', true],
    ['127.0.0.1:9324', true],
    ['127.0.0.1:9325', false],
    ['127.0.0.1', false],
    ['relay.example.evil.test', false],
    ['evil.test', false],
    ['[::1]:1', true],
    ['', false],
    [undefined, false],
  ])('SEC-1 with a host list, %j: %j', (host, expected) => {
    const policy = { ...any, allowedHosts: new Set(['relay.example', '127.0.0.1:9324', '[::1]']) };
    expect(judgeAccess(policy, { ...peer, host }) === undefined).toBe(expected);
  });

  it('SEC-3 requireTls refuses what comes without', () => {
    const policy = { ...any, requireTls: true };
    expect(mayPass(policy, { isSecure: false })).toBe(false);
    expect(mayPass(policy, { isSecure: true })).toBe(true);
  });
});

describe('hosts', () => {
  it.each([
    'relay',
    'relay.example',
    'relay.example.',
    'a-b.example:1',
    '127.0.0.1',
    '[::1]:65535',
    'my_host',
  ])('P-49 %s can be told to clients', (host) => {
    expect(hostFrom(host)).toBe(host);
  });

  it.each([
    '',
    'a b',
    'a~b',
    'a/b',
    'a:b',
    'a:70000',
    'a:',
    'user@a',
    '[::1',
    '::1',
    '-a',
    'a\n',
    'a,b',
    'x'.repeat(300),
  ])('P-5 %j cannot', (host) => {
    expect(hostFrom(host)).toBeUndefined();
  });

  it('joins addresses as they stand in a URL', () => {
    expect(joinHost('127.0.0.1', 80)).toBe('127.0.0.1:80');
    expect(joinHost('::ffff:127.0.0.1', 80)).toBe('127.0.0.1:80');
    expect(joinHost('fe80::1%eth0', 80)).toBe('[fe80::1]:80');
  });

  it('SEC-29 knows loopback', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].map(isLoopbackHost)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(
      ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example', ''].map(isLoopbackHost),
    ).toEqual(Array<boolean>(6).fill(false));
  });
});

describe('options', () => {
  it('section 21 has the documented defaults, also for options that are undefined', () => {
    expect(resolveLimits()).toMatchObject({
      authDeadlineMs: 15_000,
      idleLimitMs: 90_000,
      sessionGraceMs: 120_000,
      unusedSessionMs: 60_000,
      defaultDownloadTimeout: 120,
      minDownloadTimeout: 10,
      maxDownloadTimeout: 1_800,
      maxTransmissionSize: 1_048_576,
      maxDataSize: 262_144,
      maxAnonymousSize: 8_192,
    });
    expect(resolveLimits({ maxDataSize: undefined as unknown as number }).maxDataSize).toBe(262_144);
  });

  it.each([
    [{ maxTransmissionSize: 64 * 1_048_576 + 1 }, 'maxTransmissionSize'],
    [{ idleLimitMs: 0 }, 'idleLimitMs'],
    [{ idleLimitMs: 1.5 }, 'idleLimitMs'],
    [{ idleLimitMs: NaN }, 'idleLimitMs'],
    [{ maxQueuedBytes: Infinity }, 'maxQueuedBytes'],
    [{ idleLimitMs: '9' as unknown as number }, 'idleLimitMs'],
    [{ minDownloadTimeout: 20, maxDownloadTimeout: 10 }, 'minDownloadTimeout'],
  ])('%j is refused by name', (given, name) => {
    expect(() => resolveLimits(given)).toThrow(RangeError);
    expect(() => resolveLimits(given)).toThrow(name);
  });

  it.each([
    [{ publicHost: 'a b' }, 'publicHost'],
    [{ publicIp: 'http://a' }, 'publicIp'],
    [{ allowedHosts: ['https://a'] }, 'allowedHosts'],
    [{ allowedOrigins: ['app.example'] }, 'allowedOrigins'],
    [{ allowedOrigins: ['https://app.example/path'] }, 'allowedOrigins'],
    [{ page: new Map([['app.js', FILE]]) }, 'page'],
  ])('%j is refused by name', (given, name) => {
    expect(() => resolveSettings(given)).toThrow(TypeError);
    expect(() => resolveSettings(given)).toThrow(name);
  });

  it('takes an origin with or without the final slash', () => {
    const { policy } = resolveSettings({ allowedOrigins: ['https://a.example/', 'http://b.example:81'] });
    expect([...policy.allowedOrigins!]).toEqual(['https://a.example', 'http://b.example:81']);
  });
});
