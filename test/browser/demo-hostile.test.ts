import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, DemoLab, NETWORK, shows } from '../helpers/demo-lab';
import { SCRIPT_PAYLOADS } from '../helpers/script-payloads';

const lab = new DemoLab();
const NAMES_AT_ONCE = 20;

beforeAll(() => lab.start());
afterAll(() => lab.stop());

/** What the page makes of a text without cutting it: controls written out. */
function asShown(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const nothingRan = { dialogs: [], errors: [], violations: [] };

describe('SEC-18: hostile texts in the demo page', () => {
  it('has 200 different payloads, short enough not to be cut, that do run in a careless page', async () => {
    expect(new Set(SCRIPT_PAYLOADS).size).toBe(200);
    expect(Math.max(...SCRIPT_PAYLOADS.map((payload) => asShown(payload).length))).toBeLessThanOrEqual(200);
    const page = await lab.open();
    await page.goto('about:blank');
    await page.evaluate((payloads) => {
      for (const payload of payloads) document.body.insertAdjacentHTML('beforeend', payload);
    }, SCRIPT_PAYLOADS);
    await expect.poll(() => lab.reportOf(page).dialogs.length, { timeout: 20_000 }).toBeGreaterThan(50);
    await page.context().close();
  });

  it('are shown as text when they come as data and as data type', async () => {
    const page = await lab.openConnected('Victim');
    const attacker = await lab.connectDevice('Attacker');
    for (const payload of SCRIPT_PAYLOADS) attacker.sendData({ data: payload, dataType: payload });
    await page.waitForFunction((count) => document.querySelectorAll('.entry.received').length === count, SCRIPT_PAYLOADS.length);
    const shown = await page.evaluate(() => ({
      data: Array.from(document.querySelectorAll('.entry.received .entry-text'), (node) => node.textContent),
      types: Array.from(document.querySelectorAll('.entry.received .type'), (node) => node.textContent),
      tags: [...new Set(Array.from(document.querySelectorAll('#log *'), (node) => node.localName))].sort(),
    }));
    expect(shown.data).toEqual(SCRIPT_PAYLOADS.map(asShown));
    expect(shown.types).toEqual(SCRIPT_PAYLOADS.map(asShown));
    expect(shown.tags).toEqual(['div', 'span', 'time']);
    expect(lab.reportOf(page)).toEqual(nothingRan);
    await attacker.close();
    await page.context().close();
  });

  it('are shown as text when they come as names of devices', async () => {
    const page = await lab.openConnected('Victim');
    const attackers = await Promise.all(Array.from({ length: NAMES_AT_ONCE }, () => lab.connectDevice('')));
    for (let start = 0; start < SCRIPT_PAYLOADS.length; start += NAMES_AT_ONCE) {
      const names = SCRIPT_PAYLOADS.slice(start, start + NAMES_AT_ONCE);
      names.forEach((name, index) => {
        const attacker = attackers[index];
        if (attacker !== undefined) attacker.name = name;
      });
      await page.click('#discover');
      await page.waitForFunction(
        (wanted) => {
          const shown = new Set(Array.from(document.querySelectorAll('.device-name'), (node) => node.textContent));
          return wanted.every((name) => shown.has(name));
        },
        names.map(asShown),
      );
      const sender = attackers[start / NAMES_AT_ONCE];
      await sender?.send('who am I', { toNetworks: [NETWORK] });
    }
    const tags = await page.evaluate(() => [
      ...new Set(Array.from(document.querySelectorAll('#devices *, #target *, #log *'), (node) => node.localName)),
    ]);
    expect(tags.sort()).toEqual(['button', 'div', 'li', 'option', 'span', 'time']);
    expect(lab.reportOf(page)).toEqual(nothingRan);
    await Promise.all(attackers.map((attacker) => attacker.close()));
    await page.context().close();
  });

  it('stay text when they stand in the address of the page', async () => {
    const page = await lab.open();
    const names = await page.evaluate(async (payloads) => {
      const seen: (string | undefined)[] = [];
      for (const payload of payloads) {
        const changed = new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }));
        location.hash = new URLSearchParams({ connectName: payload, networks: payload, name: payload }).toString();
        await changed;
        seen.push(document.querySelector<HTMLInputElement>('#device-name')?.value);
      }
      return seen;
    }, SCRIPT_PAYLOADS);
    expect(names).toEqual(SCRIPT_PAYLOADS);
    expect(lab.reportOf(page)).toEqual(nothingRan);
    await page.context().close();
  });

  it('stay text when they are typed into the page, as its name and as messages', async () => {
    const page = await lab.openConnected('Victim');
    const typed = SCRIPT_PAYLOADS.slice(0, 40);
    for (const payload of typed) {
      await page.fill('#device-name', payload);
      await page.fill('#data-type', payload);
      await page.fill('#text', payload);
      await page.press('#text', 'Enter');
    }
    const sent = page.locator('.entry.sent .entry-text');
    await expect.poll(() => sent.count()).toBe(typed.length);
    expect(await sent.allTextContents()).toEqual(typed.map(asShown));
    expect(lab.reportOf(page)).toEqual(nothingRan);
    await page.context().close();
  });

  it('are shown as text when a hostile relay sends them as the texts of its error codes', async () => {
    const page = await lab.open();
    const texts = SCRIPT_PAYLOADS.slice(0, 40).join(' ');
    await page.route(`${lab.url}/`, async (route) => {
      // Without the extension: with it, a code without acknowledgement is no refusal.
      const postData = route.request().postData()?.replace(/~x=1.*$/s, '');
      const answer = await route.fetch({ ...(postData !== undefined && { postData }) });
      const body = (await answer.text()).replace(/~0=.*$/s, '');
      await route.fulfill({ response: answer, body: `${body}~0=Success~7=${texts}` });
    });
    await page.route(`${lab.url}/Upload`, (route) => route.fulfill({ body: '~e=7' }));
    await page.check('#transport-polling', { force: true });
    await page.fill('#connect-name', ACCOUNT.connectName);
    await page.fill('#connect-password', ACCOUNT.password);
    await page.click('#connect');
    await shows(page, '#state', 'Connected');
    await page.fill('#text', 'refused');
    await page.press('#text', 'Enter');
    await expect.poll(() => page.locator('.outcome.failed').textContent(), { timeout: 20_000 }).toContain(asShown(texts));
    expect(lab.reportOf(page)).toEqual(nothingRan);
    await page.context().close();
  });

  it('would be reported: the page forbids scripts and markup that are not its own', async () => {
    const page = await lab.open();
    const outcome = await page.evaluate(() => {
      try {
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="alert(1)">');
        return 'inserted';
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(outcome).toBe('TypeError');
    await expect.poll(() => lab.reportOf(page).violations.length).toBeGreaterThan(0);
    await page.context().close();
  });
});
