import type { CDPSession } from 'playwright-core';
import { launchChromium } from '../../helpers/chromium';

/** CPU time so far. */
export interface ChromiumUse {
  /** Of the processes in which pages run. */
  readonly pageNs: number;
  /** Of those, the network process and all others. */
  readonly allNs: number;
}

/** What comes from the page: an answer, or an event. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { message: string };
}

/** What `Runtime.evaluate` answers. */
interface Evaluated {
  readonly result: { value?: unknown };
  readonly exceptionDetails?: { text: string; exception?: { description?: string } };
}

/**
 * A page in a Chromium of its own. Of the pages that Playwright opens it is told every WebSocket frame, which costs them
 * as much as the frame; this one is opened past it, through the session of the browser.
 */
export class UnwatchedPage {
  #calls = 0;

  private constructor(
    private readonly browser: CDPSession,
    private readonly sessionId: string,
  ) {}

  static async open(url: string): Promise<UnwatchedPage> {
    const chromium = await launchChromium();
    chromium.once('disconnected', () => {
      throw new Error('Chromium ended.');
    });
    const browser = await chromium.newBrowserCDPSession();
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId });
    const page = new UnwatchedPage(browser, sessionId);
    await page.#call('Inspector.enable', {});
    await page.#call('Page.navigate', { url });
    return page;
  }

  /** @returns What the expression, or its promise, comes to in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = (await this.#call('Runtime.evaluate', parameters)) as Evaluated;
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }

  async use(): Promise<ChromiumUse> {
    const { processInfo } = await this.browser.send('SystemInfo.getProcessInfo');
    const sum = (processes: typeof processInfo): number =>
      processes.reduce((seconds, { cpuTime }) => seconds + cpuTime, 0) * 1e9;
    return { pageNs: sum(processInfo.filter(({ type }) => type === 'renderer')), allNs: sum(processInfo) };
  }

  #call(method: string, params: object): Promise<unknown> {
    const { browser, sessionId } = this;
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      const onMessage = (event: { sessionId: string; message: string }): void => {
        if (event.sessionId !== sessionId) return;
        const answer = JSON.parse(event.message) as Message;
        if (answer.method === 'Inspector.targetCrashed') reject(new Error('The page crashed.'));
        if (answer.id !== id) return;
        browser.off('Target.receivedMessageFromTarget', onMessage);
        if (answer.error === undefined) resolve(answer.result);
        else reject(new Error(`${method}: ${answer.error.message}`));
      };
      browser.on('Target.receivedMessageFromTarget', onMessage);
      const message = JSON.stringify({ id, method, params });
      browser.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
    });
  }
}
