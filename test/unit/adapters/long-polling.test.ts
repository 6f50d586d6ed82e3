import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { poster, type FetchFunction } from '../../../src/adapters/long-polling';
import { nodePlatform } from '../../../src/adapters/node';

describe('posting', () => {
  it('P-39 SEC-1 SEC-21 asks for what the protocol wants, and follows no redirect', async () => {
    const calls: [string, RequestInit][] = [];
    const fake: FetchFunction = (url, init) => {
      calls.push([url, init]);
      return Promise.resolve({ status: 503, arrayBuffer: () => Promise.resolve(Uint8Array.of(1, 2).buffer) });
    };
    const body = Uint8Array.of(126);
    const { signal } = new AbortController();
    expect(await poster(fake)('http://h/Upload', body, signal, () => calls.push(['begun', {}]))).toEqual({ status: 503, body: Uint8Array.of(1, 2) });
    expect(calls.map(([name]) => name)).toEqual(['http://h/Upload', 'begun']);
    const [url, init] = calls[0]!;
    expect(url).toBe('http://h/Upload');
    expect(init).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
    });
    expect(init.body).toBe(body);
    expect(init.signal).toBe(signal);
  });

  it('passes on that the relay was not reached', async () => {
    const fake: FetchFunction = () => Promise.reject(new TypeError('refused'));
    await expect(poster(fake)('http://h', new Uint8Array(0), new AbortController().signal, () => undefined)).rejects.toThrow('refused');
  });
});

describe('posting in Node', () => {
  const server = createServer((request, response) => {
    if (request.url === '/redirect') response.writeHead(307, { location: '/echo' }).end();
    else if (request.url === '/echo') request.pipe(response);
  });
  const listening = new Promise<string>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
  afterEach(() => server.closeAllConnections());

  it('brings bytes back unchanged', async () => {
    const body = Uint8Array.from({ length: 256 }, (_, i) => i);
    const answer = await nodePlatform.post(`${await listening}/echo`, body, new AbortController().signal, () => undefined);
    expect(answer).toEqual({ status: 200, body });
  });

  it('SEC-21 a redirect is an error', async () => {
    const post = nodePlatform.post(`${await listening}/redirect`, Uint8Array.of(1), new AbortController().signal, () => undefined);
    await expect(post).rejects.toThrow();
  });

  it('an aborted request ends', async () => {
    const abort = new AbortController();
    const post = nodePlatform.post(`${await listening}/silent`, Uint8Array.of(1), abort.signal, () => undefined);
    server.once('request', () => abort.abort());
    await expect(post).rejects.toThrow(/abort/i);
    server.close();
  });
});
