import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

/** Serves one folder's scripts and, at `/`, a page that loads `scripts`; its origin is not the relay's. */
export async function servePage(
  folder: string,
  scripts: readonly string[],
): Promise<{ url: string; close(): Promise<void> }> {
  const tags = scripts.map(
    (script) => `<script type="${script === 'page.js' ? 'module' : ''}" src="${script}"></script>`,
  );
  const server = createServer((request, response) => {
    const file = join(folder, basename(request.url ?? '/'));
    if (request.url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(`<!doctype html>${tags.join('')}`);
    } else if (existsSync(file)) {
      createReadStream(file).pipe(response.setHeader('content-type', 'text/javascript; charset=utf-8'));
    } else {
      response.writeHead(404).end();
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
