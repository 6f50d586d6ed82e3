import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoLab, shows } from '../helpers/demo-lab';

let lab: DemoLab;

beforeAll(async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], { keySize: 2048 });
  lab = new DemoLab({ tls: { cert, key } });
  await lab.start();
});
afterAll(() => lab.stop());

describe('the demo page and encryption', () => {
  it.each(['websocket', 'polling'])('switches it on and off while connected, over %s, and loses nothing', async (transport) => {
    const page = await lab.openConnected('Kitchen', { transport }, { ignoreHTTPSErrors: true });
    const listener = await lab.connectDevice('Listener');
    const texts: string[] = [];
    listener.on('message', ({ data }) => texts.push(data));
    const schemes: string[] = [];
    page.on('websocket', (socket) => schemes.push(new URL(socket.url()).protocol));
    page.on('request', (request) => schemes.push(new URL(request.url()).protocol));
    for (const [words, scheme] of [
      ['TLS', /^(wss|https):$/],
      ['off', /^(ws|http):$/],
    ] as const) {
      schemes.length = 0;
      await page.setChecked('#encryption', words === 'TLS');
      await page.fill('#text', `encryption ${words}`);
      await page.press('#text', 'Enter');
      await shows(page, '#fact-encryption', words);
      await expect.poll(() => texts, { timeout: 20_000 }).toContain(`encryption ${words}`);
      expect(schemes.at(-1)).toMatch(scheme);
    }
    expect(lab.reportOf(page)).toEqual({ dialogs: [], errors: [], violations: [] });
    await listener.close();
    await page.context().close();
  });

  it('cannot be switched off on a page that came over TLS', async () => {
    const page = await lab.open(undefined, { ignoreHTTPSErrors: true });
    await page.goto(lab.url.replace('http:', 'https:'));
    expect(await page.isChecked('#encryption')).toBe(true);
    expect(await page.isDisabled('#encryption')).toBe(true);
    await page.context().close();
  });
});
