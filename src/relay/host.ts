const HOST = /^(?:[0-9a-z_](?:[0-9a-z._-]*[0-9a-z_])?\.?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i;
const MAX_LENGTH = 255;

/** The text itself when it is a host with an optional port, as a `Host` header has it; it holds no tilde then. */
export function hostFrom(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_LENGTH) return undefined;
  const match = HOST.exec(text);
  return match !== null && Number(match[1] ?? 0) <= 65_535 ? text : undefined;
}

/** The origin as browsers send it, when the text is scheme, host and port and no more. */
export function originFrom(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.origin === 'null' || text.replace(/\/$/, '') !== url.origin) return undefined;
  return url.origin;
}

/** Host without its port. */
export function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}

/** An address and a port as they stand in a URL. */
export function joinHost(address: string, port: number): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return plain.includes(':') ? `[${plain.replace(/%.*$/, '')}]:${port}` : `${plain}:${port}`;
}

/** Whether only this machine can reach the address. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
