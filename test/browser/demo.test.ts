import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, DemoLab, shows, takeScreenshot } from '../helpers/demo-lab';
import { killPrograms, type Program } from '../helpers/program';

const lab = new DemoLab();
const pages: Page[] = [];

beforeAll(() => lab.start());
afterAll(() => lab.stop());

afterEach(async () => {
  killPrograms();
  const reports = pages.map((page) => lab.reportOf(page));
  await Promise.all(pages.splice(0).map((page) => page.context().close()));
  for (const report of reports) expect(report).toEqual({ dialogs: [], errors: [], violations: [] });
});

async function open(...given: Parameters<DemoLab['openConnected']>): Promise<Page> {
  const page = await lab.openConnected(...given);
  pages.push(page);
  return page;
}

async function openBare(fields?: Record<string, string>): Promise<Page> {
  const page = await lab.open(fields);
  pages.push(page);
  return page;
}

/** Resolves when the log has an entry of this kind whose text matches. */
async function logs(page: Page, kind: 'received' | 'sent' | 'notice', pattern: RegExp): Promise<void> {
  await page.locator(`#log .entry.${kind}`, { hasText: pattern }).first().waitFor();
}

async function finds(page: Page, ...names: string[]): Promise<void> {
  await page.click('#discover');
  for (const name of names) await page.locator('.device-name').getByText(name, { exact: true }).waitFor();
}

async function send(page: Page, text: string): Promise<void> {
  await page.fill('#text', text);
  await page.press('#text', 'Enter');
}

async function chatReady(...args: string[]): Promise<Program> {
  const chat = lab.startChat(...args);
  await chat.prints(/connected to/);
  return chat;
}

describe('the demo page among other devices', () => {
  it('finds page, chat and simulated device, and messages go both ways among them', async () => {
    const thermometer = lab.startThermometer();
    await thermometer.prints(/connected/);
    const chat = await chatReady('--name', 'chat');
    const one = await open('Kitchen');
    const two = await open('Garden');
    await finds(one, 'Kitchen', 'Garden', 'chat', 'Simulated thermometer');
    chat.type('/list\n');
    await chat.prints(/3 devices found/);
    expect(await one.locator('.devices li', { hasText: 'this page' }).locator('.device-name').textContent()).toBe('Kitchen');

    await send(one, 'hello everybody');
    await logs(two, 'received', /from\s*Kitchen.*hello everybody/s);
    await chat.prints(/^Kitchen: hello everybody$/m);
    await logs(one, 'received', /Simulated thermometer\s*echo.*hello everybody/s);

    chat.type('/to Garden only you\n');
    await logs(two, 'received', /from\s*chat.*only you/s);
    expect(await one.locator('#log').textContent()).not.toContain('only you');

    await logs(one, 'received', /Simulated thermometer\s*temperature.*\d\d\.\d/s);
    expect(Number(await one.textContent('#fact-upload'))).toBeGreaterThan(0);
    await takeScreenshot(one, 'demo-light');
  });

  it('sends to one chosen device alone, with a data type', async () => {
    const one = await open('Kitchen');
    const two = await open('Garden');
    const three = await open('Cellar');
    await finds(one, 'Garden', 'Cellar');
    const button = one.locator('.devices button', { hasText: 'Garden' });
    await button.click();
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    await one.fill('#data-type', 'secret');
    await send(one, 'for Garden');
    await logs(two, 'received', /from\s*Kitchen\s*secret.*for Garden/s);
    await logs(one, 'sent', /to\s*Garden\s*secret.*sent.*for Garden/s);
    await button.click();
    await send(one, 'for all');
    await logs(three, 'received', /for all/);
    expect(await three.locator('#log').textContent()).not.toContain('for Garden');
  });

  it('sends to chosen networks, and asks for them when none is named', async () => {
    const one = await open('Kitchen');
    const two = await open('Garden', { networks: 'elsewhere' });
    await one.selectOption('#target', 'Chosen networks');
    await send(one, 'lost');
    await logs(one, 'notice', /Name the networks/);
    await one.fill('#target-networks', 'elsewhere, nowhere');
    await one.press('#text', 'Enter');
    await logs(two, 'received', /lost/);
  });

  it('shows an empty message, bytes that are no text, control characters and a very long text', async () => {
    const one = await open('Kitchen');
    const two = await open('Garden');
    await send(two, '');
    await logs(one, 'received', /\(empty message\)/);
    await send(two, 'bell \u0007 and two\u0000');
    await logs(one, 'received', /bell \\x07 and two\\x00/);
    await send(two, 'x'.repeat(6_000));
    await logs(one, 'received', /x{4000} … \(2000 characters more\)/);
    const device = await lab.connectDevice('Sensor');
    await device.send(Uint8Array.of(0, 255, 16, 128));
    await logs(one, 'received', /00 ff 10 80/);
    await device.close();
  });

  it('keeps a device that has gone as the target, so that a private message never goes to everybody', async () => {
    const one = await open('Kitchen');
    const two = await open('Garden');
    const chat = await chatReady('--name', 'friend');
    await finds(one, 'friend');
    await one.locator('.devices button', { hasText: 'friend' }).click();
    chat.endInput('quit\n');
    expect(await chat.exitCode()).toBe(0);
    await one.click('#discover');
    await one.locator('#target option', { hasText: '(gone)' }).waitFor({ state: 'attached' });
    await send(one, 'private');
    await logs(one, 'sent', /failed: Not everybody was reached/);
    expect(await two.locator('#log').textContent()).not.toContain('private');
  });
});

describe('the demo page and its connection', () => {
  it('takes new settings while connected: transport, name, networks, discoverable', async () => {
    const one = await open('Kitchen');
    const two = await open('Garden');
    for (const [id, words] of [['polling', 'long polling'], ['websocket', 'WebSocket']] as const) {
      await one.locator('.switch label', { has: one.locator(`#transport-${id}`) }).click();
      await shows(one, '#fact-transport', words);
      await shows(one, '#state', 'Connected');
      await send(one, `over ${words}`);
      await logs(two, 'received', new RegExp(`over ${words}`));
      await send(two, `answer over ${words}`);
      await logs(one, 'received', new RegExp(`answer over ${words}`));
    }
    await one.fill('#device-name', 'Attic');
    await one.press('#device-name', 'Enter');
    await finds(two, 'Attic');
    await one.uncheck('#discoverable');
    await two.click('#discover');
    await two.locator('.device-name').getByText('Attic', { exact: true }).waitFor({ state: 'detached' });
    await one.fill('#networks', 'elsewhere');
    await one.press('#networks', 'Enter');
    await send(two, 'not for elsewhere');
    await logs(two, 'sent', /sent.*not for elsewhere/s);
    await send(one, 'from elsewhere');
    await logs(one, 'sent', /sent.*from elsewhere/s);
    expect(await one.locator('#log').textContent()).not.toContain('not for elsewhere');
  });

  it('counts down while the relay is away and is back by itself, over both transports', async () => {
    const one = await open('Kitchen');
    const two = await open('Garden', { transport: 'polling' });
    await shows(two, '#fact-transport', 'long polling');
    await lab.stopRelay();
    await shows(one, '#state', 'Reconnecting');
    await shows(two, '#state', 'Reconnecting');
    await one.waitForFunction(() => /^in \d+ s$/.test(document.querySelector('#countdown')?.textContent ?? ''));
    await takeScreenshot(one, 'demo-reconnecting');
    await send(one, 'written while away');
    await lab.startRelay();
    await shows(one, '#state', 'Connected');
    await shows(two, '#state', 'Connected');
    await logs(one, 'sent', /sent.*written while away/s);
    await send(two, 'back again');
    await logs(one, 'received', /back again/);
  });

  it('disconnects, and connects anew with a click', async () => {
    const page = await open('Kitchen');
    await page.click('#disconnect');
    await shows(page, '#state', 'Disconnected');
    expect(await page.locator('#send').isDisabled()).toBe(true);
    await page.click('#connect');
    await shows(page, '#state', 'Connected');
  });

  it('says in words that the password is wrong, and lets it be corrected', async () => {
    const page = await openBare({ connectName: ACCOUNT.connectName, connectPassword: 'wrong' });
    await page.locator('#alert', { hasText: 'Wrong connect name or password' }).waitFor();
    await shows(page, '#state', 'Connection refused');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('connect-password');
    await takeScreenshot(page, 'demo-refused');
    await page.keyboard.type(ACCOUNT.password);
    await page.keyboard.press('Enter');
    await shows(page, '#state', 'Connected');
    expect(await page.textContent('#alert')).toBe('');
  });

  it('SEC-18: the password leaves the address at once and is stored nowhere', async () => {
    const page = await open('Kitchen');
    expect(page.url()).not.toContain(ACCOUNT.password);
    expect(page.url()).toContain('connectName=demo');
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    expect(stored).toBe('[{},{},""]');
    await page.reload();
    await shows(page, '#state', 'Not connected');
    expect(await page.inputValue('#connect-name')).toBe(ACCOUNT.connectName);
    expect(await page.inputValue('#connect-password')).toBe('');
  });

  it('keeps the log at 500 entries', async () => {
    const page = await open('Kitchen');
    const device = await lab.connectDevice('Talker');
    for (let index = 0; index < 600; index++) device.sendData({ data: `message ${index}` });
    await logs(page, 'received', /message 599/);
    expect(await page.locator('#log .entry').count()).toBe(500);
    expect(await page.locator('#log .entry').last().textContent()).toMatch(/message 599$/);
    await device.close();
  });
});
