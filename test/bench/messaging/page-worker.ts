import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listenOnLoopback } from '../lab/listening';
import { serve } from '../lab/processes';
import type { Flow } from './messaging';
import { UnwatchedPage, type ChromiumUse } from './unwatched-page';
import type { FlowCost } from './worker';

const [file = '', port = ''] = process.argv.slice(2);
const root = dirname(createRequire(import.meta.url).resolve('webifi/package.json'));

/** Where the page gets a file of the package. */
const addressOf = (path: string): string => `/${relative(root, path).split(sep).join('/')}`;
const module = addressOf(fileURLToPath(new URL('page.mjs', import.meta.url)));

let page: UnwatchedPage | undefined;
let before: ChromiumUse | undefined;

/** Scripts of the package and of what it has installed; the page itself is empty. @returns Its address. */
async function servePage(): Promise<string> {
  const types: Record<string, string> = { '.js': 'text/javascript', '.mjs': 'text/javascript' };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const type = types[extname(pathname)];
    if (type === undefined) return void response.setHeader('content-type', 'text/html').end('<!doctype html>');
    readFile(join(root, pathname)).then(
      (script) => response.setHeader('content-type', type).end(script),
      () => response.writeHead(404).end(),
    );
  });
  return `http://127.0.0.1:${await listenOnLoopback(server)}/`;
}

/** Calls a function of the page's module. */
function call(name: string, ...parameters: readonly unknown[]): Promise<unknown> {
  const given = parameters.map((parameter) => JSON.stringify(parameter)).join(', ');
  return page!.evaluate(`import('${module}').then(({ ${name} }) => ${name}(${given}))`);
}

async function open(flow: Flow): Promise<void> {
  page = await UnwatchedPage.open(await servePage());
  await call('open', addressOf(file), Number(port), flow);
}

/** Since `before`. */
async function cpu(): Promise<Pick<FlowCost, 'cpuNs' | 'allNs'>> {
  const after = await page!.use();
  return { cpuNs: after.pageNs - before!.pageNs, allNs: after.allNs - before!.allNs };
}

async function receive(): Promise<void> {
  await call('receive');
  before = await page!.use();
}

/** The time is the sender's. */
async function received(): Promise<FlowCost> {
  const messages = (await call('received')) as number;
  return { messages, wallNs: NaN, ...(await cpu()) };
}

async function send(timeMs: number): Promise<FlowCost> {
  before = await page!.use();
  const sent = (await call('send', timeMs)) as Pick<FlowCost, 'messages' | 'wallNs'>;
  return { ...sent, ...(await cpu()) };
}

serve({ open, receive, received, send });
