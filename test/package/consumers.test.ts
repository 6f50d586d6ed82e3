import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium } from '../helpers/chromium';
import { startFramesPeer } from '../config/frames-peer';
import { buildPage, framesConsumers, pageConsumers } from './bundlers';
import { servePage } from './page-server';
import { consumerFolder, runNode, startPackedRelay } from './tarball';

declare global {
  /** Defined by each page in `consumers`. */
  var consume: (server: string, useWebSocket: boolean) => Promise<unknown>;
  /** Defined by each page that uses frames. */
  var echo: (url: string) => Promise<unknown>;
}

const roundTrip = { data: 'there and back ~ äöü', dataType: 'round-trip', fromSelf: true };
const transports = ['websocket', 'polling'] as const;

let relay: Awaited<ReturnType<typeof startPackedRelay>>;

beforeAll(async () => {
  relay = await startPackedRelay();
});

afterAll(async () => {
  await relay.close();
});

describe('consumers of the packed package in Node', () => {
  const consumers = [
    ...transports.map((transport) => ({ file: 'node-import.mjs', transport })),
    ...transports.map((transport) => ({ file: 'node-require.cjs', transport })),
    // The UMD file uses the host's WebSocket, which Node 20 lacks.
    { file: 'node-umd.cjs', transport: 'polling' },
  ];

  it.each(consumers)(
    '$file makes a round trip over $transport and ends by itself',
    async ({ file, transport }) => {
      const { code, stdout, stderr } = await runNode(file, relay.url, transport);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual(roundTrip);
    },
  );
});

describe('bundles made from the packed package for browsers', () => {
  it.each([...pageConsumers, ...framesConsumers])('$name has neither Node code in it nor another fetch', async (consumer) => {
    const folder = await buildPage(consumer);
    const code = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    const builtins = [...code.matchAll(/\b(?:require\(|from|import\()\s*["']([^"'./][^"']*)["']/g)]
      .map((match) => match[1] ?? '')
      .filter(
        (name) =>
          name.startsWith('node:') ||
          [...builtinModules, 'ws', 'pako', 'cross-fetch', 'isomorphic-ws'].includes(name),
      );
    expect(builtins).toEqual([]);
    expect(code).not.toMatch(/node-fetch|XMLHttpRequest/);
    // What a handshake, a codec or an inflater of our own would hold.
    expect(code).not.toMatch(/Sec-WebSocket-Key|maskKey|windowBits|inflateRaw/);
  });
});

describe.skipIf(!hasChromium)('consumers of the packed package in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
  });

  it.each(pageConsumers)('$name makes a round trip over each transport', async (consumer) => {
    const server = await servePage(await buildPage(consumer), consumer.scripts);
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(server.url, { waitUntil: 'load' });
    for (const transport of transports) {
      const useWebSocket = transport === 'websocket';
      const message = await page.evaluate(([url, flag]) => globalThis.consume(url, flag), [
        relay.url,
        useWebSocket,
      ] as const);
      expect({ transport, message }).toEqual({ transport, message: roundTrip });
    }
    expect(errors).toEqual([]);
    await page.close();
    await server.close();
  });

  it.each(framesConsumers)('$name has the FrameSocket of browsers', async (consumer) => {
    const server = await servePage(await buildPage(consumer), consumer.scripts);
    const peer = await startFramesPeer();
    const page = await browser.newPage();
    await page.goto(server.url, { waitUntil: 'load' });
    const seen = await page.evaluate((url) => globalThis.echo(url), `${peer.url}/echo`);
    expect(seen).toMatchObject({ text: 'there and back', wasClean: true, capabilities: { fragments: false } });
    await page.close();
    await peer.stop();
    await server.close();
  });
});

it('the consumers see the packed package, not this repository', () => {
  expect(consumerFolder).not.toContain(process.cwd());
});
