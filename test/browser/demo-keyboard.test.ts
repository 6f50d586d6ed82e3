import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, DemoLab, shows, takeScreenshot } from '../helpers/demo-lab';
import { killPrograms } from '../helpers/program';

const lab = new DemoLab();

beforeAll(() => lab.start());
afterAll(() => lab.stop());
afterEach(killPrograms);

const focused = (page: Page) => page.evaluate(() => document.activeElement?.id ?? '');

/** Presses Tab, or Shift+Tab, until the element has the focus; fails when the focus has gone round without it. */
async function tabTo(page: Page, id: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let steps = 0; steps < 40; steps++) {
    if ((await focused(page)) === id) return;
    await page.keyboard.press(key);
  }
  throw new Error(`#${id} cannot be reached with ${key}`);
}

describe('the demo page without a mouse', () => {
  it('connects, finds a device, chooses it and writes to it with the keyboard alone', async () => {
    const chat = lab.startChat('--name', 'friend');
    await chat.prints(/connected to/);
    const page = await lab.open();
    await tabTo(page, 'connect-name');
    await page.keyboard.type(ACCOUNT.connectName);
    await page.keyboard.press('Tab');
    await page.keyboard.type(ACCOUNT.password);
    await tabTo(page, 'transport-websocket');
    await page.keyboard.press('ArrowRight');
    expect(await page.isChecked('#transport-polling')).toBe(true);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await shows(page, '#state', 'Connected');

    expect(await focused(page)).toBe('text');
    await page.keyboard.type('to everybody');
    await page.keyboard.press('Enter');
    await chat.prints(/: to everybody$/m);
    expect(await focused(page)).toBe('text');
    await page.keyboard.type('two');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('lines');
    await page.keyboard.press('Enter');
    await chat.prints(/: two\n {4}lines$/m);

    await page.locator('.device-name').getByText('friend', { exact: true }).waitFor();
    await tabTo(page, 'discover', 'Shift+Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect(await page.locator('#target option:checked').textContent()).toBe('friend');
    await tabTo(page, 'text');
    await page.keyboard.type('to you');
    await page.keyboard.press('Enter');
    await chat.prints(/: to you$/m);
    await page.context().close();
  });

  it('keeps the focus on a device while the list is renewed', async () => {
    const chat = lab.startChat('--name', 'friend');
    await chat.prints(/connected to/);
    const page = await lab.openConnected('Kitchen');
    await page.locator('.device-name').getByText('friend', { exact: true }).waitFor();
    await page.locator('.devices button', { hasText: 'friend' }).focus();
    await page.evaluate(() => document.getElementById('discover')?.click());
    const second = lab.startChat('--name', 'second friend');
    await second.prints(/connected to/);
    await page.evaluate(() => document.getElementById('discover')?.click());
    await page.locator('.device-name').getByText('second friend', { exact: true }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toMatch(/^friend/);
    await page.context().close();
  });

  it('shows where the focus is, on every control', async () => {
    const page = await lab.openConnected('Kitchen');
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const seen = new Set<string>();
    for (let steps = 0; steps < 20; steps++) {
      await page.keyboard.press('Tab');
      const { name, outline } = await page.evaluate(() => {
        const control = document.activeElement as HTMLElement;
        const drawn = control instanceof HTMLInputElement && control.type === 'radio' ? control.nextElementSibling : control;
        return { name: control.id || control.localName, outline: getComputedStyle(drawn ?? control).outlineStyle };
      });
      if (name === 'body') continue;
      seen.add(name);
      expect(outline, name).not.toBe('none');
    }
    for (const id of ['networks', 'discoverable', 'disconnect', 'discover', 'log', 'target', 'text', 'send']) {
      expect([...seen]).toContain(id);
    }
    await page.context().close();
  });
});

describe('the demo page for those who do not see it', () => {
  it('names every control, and has a live state and a live log', async () => {
    const page = await lab.openConnected('Kitchen');
    const nameless = await page.evaluate(() =>
      Array.from(document.querySelectorAll<HTMLElement>('button, input, select, textarea'))
        .filter((control) => {
          const labels = 'labels' in control ? Array.from((control as HTMLInputElement).labels ?? []) : [];
          const words = [control.textContent, control.ariaLabel, ...labels.map((label) => label.textContent)].join('').trim();
          return words === '';
        })
        .map((control) => control.outerHTML),
    );
    expect(nameless).toEqual([]);
    expect(await page.getAttribute('#state', 'role')).toBe('status');
    expect(await page.getAttribute('#log', 'role')).toBe('log');
    expect(await page.getAttribute('#alert', 'role')).toBe('alert');
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
    await page.context().close();
  });
});

describe('the demo page on other screens', () => {
  it.each([
    ['demo-dark', { colorScheme: 'dark', viewport: { width: 1280, height: 860 } }],
    ['demo-narrow', { viewport: { width: 360, height: 740 }, hasTouch: true }],
    ['demo-narrow-dark', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
  ] as const)('%s: nothing is cut off', async (name, options) => {
    const thermometer = lab.startThermometer();
    await thermometer.prints(/connected/);
    const page = await lab.openConnected('Kitchen', {}, options);
    await page.fill('#text', 'Hello, is it warm in there?');
    await page.press('#text', 'Enter');
    await page.locator('.entry.received', { hasText: 'echo' }).waitFor();
    await page.locator('.device-name').getByText('Simulated thermometer', { exact: true }).waitFor();
    const { content, screen } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      screen: document.documentElement.clientWidth,
    }));
    expect(content).toBeLessThanOrEqual(screen);
    await takeScreenshot(page, name, options.viewport.width < 600);
    await page.context().close();
  });
});
