import { chromium, type Browser } from 'playwright-core';
import { chromiumFlags, findTool } from '../../scripts/test-tools.mjs';

/** False on a machine without Chromium: tests that need one are then skipped, and counted as such. */
export const hasChromium = findTool('Chromium') !== undefined;

/** Starts the Chromium of this machine, without a window; the caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findTool('Chromium');
  if (executablePath === undefined)
    throw new Error('No Chromium was found: install one or name it in WEBIFI_CHROMIUM.');
  return chromium.launch({ executablePath, headless: true, args: [...chromiumFlags] });
}
