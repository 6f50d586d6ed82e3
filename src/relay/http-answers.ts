import type { ServerResponse } from 'node:http';
import type { PageFile } from './edge-options';
import type { Refusal } from './policy';

/** Every origin may ask, because nothing is granted by asking: the bearer secret is in the body (SEC-2, P-44). */
const CORS = ['Access-Control-Allow-Origin', '*', 'Access-Control-Allow-Headers', 'Content-Type'];
const PREFLIGHT = [
  ...CORS,
  'Access-Control-Allow-Methods',
  'POST, OPTIONS',
  'Access-Control-Max-Age',
  '86400',
];
const PLAIN = ['X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store'];
const CLOSE = ['Connection', 'close'];

const PROTOCOL = ['Content-Type', 'application/octet-stream', ...PLAIN, ...CORS];
const CLOSING_PROTOCOL = [...PROTOCOL, ...CLOSE];

/** Body of the protocol, status 200 (P-3, P-41). */
export function sendProtocolAnswer(response: ServerResponse, body: Uint8Array, closes: boolean): void {
  const headers = ['Content-Length', String(body.length)].concat(closes ? CLOSING_PROTOCOL : PROTOCOL);
  response.writeHead(200, headers);
  response.end(body);
}

export function sendPreflight(response: ServerResponse): void {
  response.writeHead(204, PREFLIGHT);
  response.end();
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(`${text}\n`);
  const type = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(body.length)];
  response.writeHead(status, status === 200 ? [...type, ...PLAIN] : [...type, ...PLAIN, ...CLOSE]);
  response.end(body);
}

/** A request that is not served: refuse means close (SEC-24). */
export function sendRefusal(response: ServerResponse, { status, message }: Refusal): void {
  sendText(response, status, message);
}

/** One file of the page, with a policy that lets it load itself and talk to the relay, and nothing else (SEC-18). */
export function sendPage(
  response: ServerResponse,
  { body, contentType }: PageFile,
  hosts: readonly string[],
): void {
  const headers = [
    'Content-Type',
    contentType,
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-cache',
  ];
  response.writeHead(200, [
    ...headers,
    ...['X-Content-Type-Options', 'nosniff', 'X-Frame-Options', 'DENY', 'Referrer-Policy', 'no-referrer'],
    ...['Cross-Origin-Opener-Policy', 'same-origin', 'Cross-Origin-Resource-Policy', 'same-origin'],
    ...['Content-Security-Policy', contentSecurityPolicy(hosts)],
  ]);
  response.end(body);
}

const SCHEMES = ['http', 'https', 'ws', 'wss'];

function contentSecurityPolicy(hosts: readonly string[]): string {
  const relay = [...new Set(hosts)].flatMap((host) => SCHEMES.map((scheme) => `${scheme}://${host}`));
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    `connect-src ${["'self'", ...relay].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}
