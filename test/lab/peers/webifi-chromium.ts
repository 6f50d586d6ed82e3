import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as clientEntry from '../../../src/index';
import { createRelay } from '../../../src/relay';
import { launchChromium } from '../../helpers/chromium';
import type { Arena, Party, PartyEvents, Peer } from '../peer';
import { ACCOUNT, connectDevice, makeDevice } from './webifi';

declare global {
  var Webifi: typeof clientEntry.Webifi;
  /** Given to the page, to tell what its device tells. */
  var tell: (event: keyof PartyEvents, value: string) => void;
  var device: clientEntry.Webifi;
}

/** A device in the page, whose calls and events come over here. */
async function connectPage(page: Awaited<ReturnType<typeof openPage>>, port: number, useWebSocket: boolean): Promise<Party> {
  const options = { server: `http://127.0.0.1:${port}`, ...ACCOUNT, networkNames: ['lab'], name: 'A', useWebSocket };
  await page.evaluate(async (given) => {
    const made = (globalThis.device = new globalThis.Webifi(given));
    made.on('message', ({ data }) => globalThis.tell('message', data));
    made.on('status', ({ to }) => globalThis.tell('status', to));
    made.on('gap', ({ count = Infinity }) => globalThis.tell('gap', String(count)));
    made.start();
    await made.ready();
  }, options);
  return {
    send: (text) => page.evaluate((data) => globalThis.device.send(data), text),
    close: async () => void (await page.context().browser()?.close()),
  };
}

async function openPage(port: number, events: PartyEvents) {
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.exposeFunction('tell', (event: keyof PartyEvents, value: string) => {
    if (event === 'message') events.message(value);
    if (event === 'status') events.status(value === 'connected');
    if (event === 'gap') events.gap(Number(value));
  });
  // Through the proxy, too: the page may only connect to where it comes from.
  await page.goto(`http://127.0.0.1:${port}/`);
  return page;
}

async function start(useWebSocket: boolean): Promise<Arena> {
  const script = readFileSync(createRequire(import.meta.url).resolve('webifi/umd'));
  const { connectName, connectPassword: password } = ACCOUNT;
  const relay = createRelay({
    accounts: [{ connectName, password }],
    page: new Map([
      ['/', { body: Buffer.from('<script src="/webifi.js"></script>'), contentType: 'text/html' }],
      ['/webifi.js', { body: script, contentType: 'text/javascript' }],
    ]),
  });
  const { port } = await relay.listen({ host: '127.0.0.1', port: 0 });
  return {
    port,
    // Only A is behind the proxy, and in the page.
    connect: async (name, to, events) =>
      name === 'A'
        ? connectPage(await openPage(to, events), to, useWebSocket)
        : connectDevice(makeDevice(to, { name }), events),
    stop: () => relay.close({ drainMs: 0 }),
  };
}

const peer = (name: string, useWebSocket: boolean): Peer => ({
  ...{ name, packages: ['webifi'], acknowledges: true },
  start: () => start(useWebSocket),
});

export const peers: readonly Peer[] = [
  peer('webifi in Chromium', true),
  peer('webifi in Chromium, long polling', false),
];
