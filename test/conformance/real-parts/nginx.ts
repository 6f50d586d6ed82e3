import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Place, Plan } from '../../helpers/part';
import type { Pems } from './echo';

/** The configuration that the manual gives for a relay behind nginx, leading to another address. */
export function manualSnippet(url: string): string {
  const readme = readFileSync(fileURLToPath(new URL('../../../README.md', import.meta.url)), 'utf8');
  const snippet = /^```nginx\n([\s\S]*?)^```$/m.exec(readme)?.[1];
  if (!snippet?.includes('http://127.0.0.1:9324')) throw new Error('README.md has no snippet for nginx.');
  return snippet.replace('http://127.0.0.1:9324', url);
}

/** An nginx with one TLS server, whose inner part is given. */
export const nginx =
  ({ cert, key }: Pems, server: string) =>
  ({ folder, port }: Place): Plan => ({
    args: ['-e', 'stderr', '-p', folder, '-c', 'nginx.conf'],
    files: {
      'cert.pem': cert,
      'key.pem': key,
      'nginx.conf': `
        daemon off;
        pid nginx.pid;
        worker_processes 1;
        events { worker_connections 128; }
        http {
          access_log off;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          server {
            listen 127.0.0.1:${port} ssl;
            ssl_certificate cert.pem;
            ssl_certificate_key key.pem;
            ${server}
          }
        }`,
    },
  });
