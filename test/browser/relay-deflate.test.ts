import { describe, expect, it } from 'vitest';
import { createRelay } from '../../src/relay';
import { login } from '../conformance/raw/raw-client';
import { WEBSOCKET_PATH } from '../conformance/raw/raw-websocket';
import { hasChromium, launchChromium } from '../helpers/chromium';
import { prose } from '../helpers/compressible';

const ACCOUNT = { connectName: 'home', password: 'word' };

/** Runs in the page: logs in, listens, and sends itself a message. */
async function exchange({ url, id, text }: { url: string; id: string; text: string }) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const next = (type: string): Promise<MessageEvent<ArrayBuffer>> =>
    new Promise((resolve) =>
      socket.addEventListener(type, (event) => resolve(event as MessageEvent<ArrayBuffer>), { once: true }),
    );
  await next('open');
  let received = '';
  for (const message of [`~id=${id}~t=1`, `~s=${id.split('s')[0] ?? ''}~d=${text}~t=1`]) {
    socket.send(message);
    received = new TextDecoder().decode((await next('message')).data);
  }
  return { extensions: socket.extensions, received };
}

describe.skipIf(!hasChromium)('a relay with compression', () => {
  it.each([true, false])('P-55: Chromium understands it; perMessageDeflate: %s', async (perMessageDeflate) => {
    const relay = createRelay({ accounts: [ACCOUNT], perMessageDeflate });
    const address = await relay.listen({ port: 0 });
    const browser = await launchChromium();
    try {
      const { id } = await login(address, ACCOUNT);
      const page = await browser.newPage();
      await page.goto(`${address.url}/healthz`);
      const url = `${address.url.replace('http', 'ws')}${WEBSOCKET_PATH}`;
      const text = prose.slice(0, 50_000);
      const { extensions, received } = await page.evaluate(exchange, { url, id, text });
      expect(extensions.startsWith('permessage-deflate')).toBe(perMessageDeflate);
      expect(received).toContain(`~d=${text}`);
    } finally {
      await browser.close();
      await relay.close({ drainMs: 0 });
    }
  });
});
