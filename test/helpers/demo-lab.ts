import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { Webifi } from '../../src/index';
import { loadPage } from '../../src/cli/page';
import { createRelay, type RelayOptions } from '../../src/relay';
import { launchChromium } from './chromium';
import { Program } from './program';

export const ACCOUNT = { connectName: 'demo', password: 'canary-word-5309' };
export const NETWORK = 'network 1';

const screenshots = fileURLToPath(new URL('../../test-output', import.meta.url));

/** What a page did that nobody asked for; every list stays empty on a good page. */
export interface PageReport {
  /** Calls of `alert`, `confirm` and `prompt`. */
  readonly dialogs: string[];
  readonly errors: string[];
  readonly violations: string[];
}

/** A relay that serves the demo page, and a browser to open it with. */
export class DemoLab {
  #relay: Awaited<ReturnType<ReturnType<typeof createRelay>['listen']>> | undefined;
  #browser: Browser | undefined;
  #port = 0;
  readonly #reports = new Map<Page, PageReport>();
  readonly #options: RelayOptions;
  url = '';

  constructor(options: RelayOptions = {}) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.startRelay();
    this.#browser = await launchChromium();
  }

  /** Starts the relay; after {@link DemoLab.stopRelay} on the port it had. */
  async startRelay(): Promise<void> {
    const relay = createRelay({ ...this.#options, accounts: [ACCOUNT], page: await loadPage() });
    this.#relay = await relay.listen({ host: '127.0.0.1', port: this.#port });
    this.url = this.#relay.url;
    this.#port = Number(new URL(this.url).port);
  }

  async stopRelay(): Promise<void> {
    await this.#relay?.close();
    this.#relay = undefined;
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.stopRelay();
  }

  /** Opens the page as the address printed by `npm start` does; without `fields` as a bare address. */
  async open(fields?: Record<string, string>, options: BrowserContextOptions = {}): Promise<Page> {
    if (this.#browser === undefined) throw new Error('start() comes first');
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    const page = await context.newPage();
    this.#reports.set(page, await watch(page));
    await page.goto(`${this.url}/${fields === undefined ? '' : `#${new URLSearchParams(fields).toString()}`}`);
    return page;
  }

  /** Opens the page and waits until it is connected. */
  async openConnected(name: string, more: Record<string, string> = {}, options?: BrowserContextOptions): Promise<Page> {
    const { connectName, password: connectPassword } = ACCOUNT;
    const page = await this.open({ connectName, connectPassword, networks: NETWORK, name, ...more }, options);
    await shows(page, '#state', 'Connected');
    return page;
  }

  reportOf(page: Page): PageReport {
    const report = this.#reports.get(page);
    if (report === undefined) throw new Error('this page was not opened here');
    return report;
  }

  /** A device of the same account, in this process. */
  async connectDevice(name: string): Promise<Webifi> {
    const { connectName, password: connectPassword } = ACCOUNT;
    const device = new Webifi({ server: this.url, connectName, connectPassword, networkNames: [NETWORK], name });
    device.start();
    await device.ready();
    return device;
  }

  /** The simulated device of the demo, as a process. */
  startThermometer(): Program {
    return new Program(['demo/device.mjs'], {
      WEBIFI_SERVER: this.url,
      WEBIFI_CONNECT_NAME: ACCOUNT.connectName,
      WEBIFI_CONNECT_PASSWORD: ACCOUNT.password,
    });
  }

  /** `webifi chat`, as a process. */
  startChat(...args: string[]): Program {
    const account = ['--connect-name', ACCOUNT.connectName, '--connect-password', ACCOUNT.password];
    return new Program(['dist/cli.cjs', 'chat', '--server', this.url, ...account, ...args]);
  }
}

/** Resolves when an element has exactly this text. */
export async function shows(page: Page, selector: string, text: string): Promise<void> {
  await page.waitForFunction(
    ([where, wanted]) => document.querySelector(where)?.textContent === wanted,
    [selector, text] as const,
  );
}

/** Writes `test-output/NAME.png`. */
export async function takeScreenshot(page: Page, name: string, fullPage = false): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage });
}

async function watch(page: Page): Promise<PageReport> {
  const report: PageReport = { dialogs: [], errors: [], violations: [] };
  page.on('dialog', (dialog) => {
    report.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => report.errors.push(error.message));
  page.on('console', (message) => {
    if (/Content.Security.Policy|Trusted ?Type/i.test(message.text())) report.violations.push(message.text());
  });
  await page.exposeFunction('reportViolation', (text: string) => report.violations.push(text));
  await page.exposeFunction('reportDialog', (text: string) => report.dialogs.push(text));
  await page.addInitScript(() => {
    const reports = globalThis as unknown as Record<'reportViolation' | 'reportDialog', (text: string) => void>;
    // A real dialog would stop the page; a hundred of them the test.
    globalThis.alert = (text: unknown) => reports.reportDialog(String(text));
    document.addEventListener('securitypolicyviolation', (event) => {
      reports.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return report;
}
