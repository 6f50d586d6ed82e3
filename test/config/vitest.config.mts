import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { platformFetch } from '../../scripts/platform-fetch.mjs';
import { chromiumFlags, findTool } from '../../scripts/test-tools.mjs';
import type { LeftOutProject } from './closing-line-reporter';

const chromiumPath = findTool('Chromium');
const root = fileURLToPath(new URL('../..', import.meta.url));
const inChromium = 'test/**/*.browser.test.ts';

/** Groups run one after the other, so that bundlers and fuzzers do not starve tests of timers and sockets. */
const order = { node: 0, browser: 1, pages: 2, package: 3, fuzz: 4 };

/** How long `expect.poll` looks for what an event will bring: long, since it ends as soon as it is there. */
const patient = { poll: { timeout: 10_000 } };

const node: TestProjectConfiguration = {
  test: {
    name: 'node',
    include: ['test/{unit,conformance,integration,lab,simulation}/**/*.test.ts'],
    exclude: [inChromium],
    testTimeout: 20_000,
    expect: patient,
    hookTimeout: 20_000,
    maxWorkers: 2,
    sequence: { groupOrder: order.node },
  },
};

const packageProject: TestProjectConfiguration = {
  test: {
    name: 'package',
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/pack.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    sequence: { groupOrder: order.package },
  },
};

const fuzz: TestProjectConfiguration = {
  test: {
    name: 'fuzz',
    include: ['test/fuzz/**/*.test.ts'],
    testTimeout: 300_000,
    maxWorkers: 2,
    sequence: { groupOrder: order.fuzz },
  },
};

/** Runs inside Chromium. */
const browser: TestProjectConfiguration = {
  plugins: [platformFetch],
  // Bundled ahead, since a package found in mid-run makes Vite reload the page with the tests in it.
  optimizeDeps: { include: ['isomorphic-ws', 'fast-check'] },
  test: {
    name: 'browser',
    include: [inChromium],
    globalSetup: ['test/config/global-setup.ts'],
    testTimeout: 20_000,
    expect: patient,
    sequence: { groupOrder: order.browser },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { executablePath: chromiumPath ?? '', args: [...chromiumFlags] },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
};

/** Runs in Node and drives Chromium as a person would. */
const pages: TestProjectConfiguration = {
  test: {
    name: 'pages',
    include: ['test/browser/**/*.test.ts'],
    exclude: [inChromium],
    testTimeout: 180_000,
    expect: patient,
    hookTimeout: 60_000,
    sequence: { groupOrder: order.pages },
  },
};

function withoutChromium(): LeftOutProject[] {
  const reason = 'no Chromium was found (WEBIFI_CHROMIUM names one)';
  const tests = readdirSync(fileURLToPath(new URL('..', import.meta.url)), {
    recursive: true,
    encoding: 'utf8',
  })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.test.ts'));
  const isInside = (path: string) => path.endsWith('.browser.test.ts');
  return [
    { project: 'browser', reason, files: tests.filter(isInside) },
    {
      project: 'pages',
      reason,
      files: tests.filter((path) => path.startsWith('browser/') && !isInside(path)),
    },
  ];
}

const leftOut = chromiumPath === undefined ? withoutChromium() : [];

export default defineConfig({
  root,
  test: {
    projects: [node, ...(chromiumPath === undefined ? [] : [browser, pages]), packageProject, fuzz],
    reporters: ['default', ['./test/config/closing-line-reporter.ts', { leftOut }]],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reportsDirectory: 'coverage' },
  },
});
