import type { LookupFunction, NetConnectOpts, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { direct, type DirectOptions } from '../../../../src/frames/node/connector';

const asked: NetConnectOpts[] = [];

vi.mock('node:net', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  connect: (options: NetConnectOpts): Socket => {
    asked.push(options);
    const stream = new PassThrough();
    queueMicrotask(() => stream.emit('connect'));
    return stream as unknown as Socket;
  },
}));

beforeEach(() => void asked.splice(0));

async function askedWith(options: DirectOptions): Promise<NetConnectOpts | undefined> {
  const target = { host: 'a.example', port: 8080, secure: false };
  await direct(options)(target, new AbortController().signal);
  return asked.at(-1);
}

const place = { host: 'a.example', port: 8080 };
const usual = { noDelay: true, keepAlive: true, family: 0, autoSelectFamily: true };

describe('direct: what Node is asked for', () => {
  it.each([
    [{}, { ...place, ...usual }],
    [{ noDelay: false, keepAlive: false }, { ...place, ...usual, noDelay: false, keepAlive: false }],
    [{ keepAliveDelayMs: 5_000 }, { ...place, ...usual, keepAliveInitialDelay: 5_000 }],
    [{ family: 6, preferIpv6: true }, { ...place, ...usual, family: 6, autoSelectFamily: false }],
    [{ attemptTimeoutMs: 500 }, { ...place, ...usual, autoSelectFamilyAttemptTimeout: 500 }],
    [{ attemptTimeoutMs: 0 }, { ...place, ...usual, autoSelectFamilyAttemptTimeout: 10 }],
    [
      { localAddress: '127.0.0.2', localPort: 4_000 },
      { ...place, ...usual, localAddress: '127.0.0.2', localPort: 4_000 },
    ],
    [{ socketPath: '/run/x.sock', noDelay: false }, { path: '/run/x.sock' }],
  ] as [DirectOptions, object][])('%j', async (options, expected) => {
    expect(await askedWith(options)).toEqual(expected);
  });

  it('preferIpv6 puts the IPv6 addresses of a lookup in front, and leaves one address or a failure as it is', async () => {
    const lookup: LookupFunction = (host, _, done) => {
      if (host === 'none') return done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
      if (host === 'one') return done(null, '127.0.0.1', 4);
      const addresses = ['127.0.0.1', '::1', '127.0.0.2', '::2'];
      done(null, addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    };
    const options = await askedWith({ preferIpv6: true, lookup });
    const seen: unknown[] = [];
    const sorted = (options as { lookup: LookupFunction }).lookup;
    for (const host of ['many', 'one', 'none']) sorted(host, {}, (error, found) => seen.push([error?.code, found]));
    expect(seen).toMatchObject([
      [undefined, [{ address: '::1' }, { address: '::2' }, { address: '127.0.0.1' }, { address: '127.0.0.2' }]],
      [undefined, '127.0.0.1'],
      ['ENOTFOUND', []],
    ]);
  });

  it('RangeError for times that are none', () => {
    expect(() => direct({ keepAliveDelayMs: -1 })).toThrow(RangeError);
    expect(() => direct({ attemptTimeoutMs: NaN })).toThrow(RangeError);
  });
});
