import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CommandError } from './failures';
import { packageFolder } from './package-folder';

export interface PageFile {
  readonly body: Uint8Array;
  readonly contentType: string;
}

const SCRIPT_BUNDLE = 'webifi.umd.min.js';
const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.ico', 'image/x-icon'],
  ['.webmanifest', 'application/manifest+json'],
]);

/**
 * Reads the demo page for the `page` option of the relay: the files of the folder `demo` itself, by exact
 * path, and the script bundle of the client. Nothing else of the disk can ever be asked for.
 *
 * @throws {@link CommandError} when the page or the bundle is missing.
 */
export async function loadPage(folder = packageFolder()): Promise<ReadonlyMap<string, PageFile>> {
  const demo = join(folder, 'demo');
  const page = new Map<string, PageFile>();
  for (const entry of await readdir(demo, { withFileTypes: true }).catch(() => [])) {
    const contentType = CONTENT_TYPES.get(extname(entry.name));
    if (!entry.isFile() || entry.name.startsWith('.') || contentType === undefined) continue;
    const path = entry.name === 'index.html' ? '/' : `/${entry.name}`;
    page.set(path, { body: await readFile(join(demo, entry.name)), contentType });
  }
  if (!page.has('/'))
    throw new CommandError(`the demo page is missing: there is no ${join(demo, 'index.html')}`);
  const body = await readFile(join(folder, 'dist', SCRIPT_BUNDLE)).catch(() => {
    throw new CommandError(`the demo page lacks dist/${SCRIPT_BUNDLE}; build it with "npm run build"`);
  });
  return page.set(`/${SCRIPT_BUNDLE}`, { body, contentType: 'text/javascript; charset=utf-8' });
}
