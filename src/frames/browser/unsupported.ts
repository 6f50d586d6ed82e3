import { FrameSocketError } from '../socket-errors';

/** What a browser cannot do: the value that asks for nothing, and what there is instead. */
const ROWS = {
  sendPing: [undefined, 'it answers Pings and sends none; send a message, or let the server ping'],
  sendPong: [undefined, 'it answers Pings by itself'],
  headers: [undefined, 'it adds no headers; use a cookie, the URL, a subprotocol or the first message'],
  auth: [undefined, 'it sends no credentials of yours; use a cookie, the URL or the first message'],
  connect: [undefined, 'it chooses the way, proxies included'],
  tls: [undefined, 'it has its own certificates and versions'],
  maxRedirects: [0, 'it follows no redirect of a WebSocket'],
  perMessageDeflate: [false, 'it agrees on compression by itself'],
  throttle: [undefined, 'it sends and reads as fast as it can'],
  onPong: [undefined, 'it keeps Pongs to itself'],
  deliverPongs: [false, 'it keeps Pongs to itself'],
  autoPong: [true, 'it answers every Ping'],
  autoClose: [true, 'it answers every Close'],
  controlFrames: ['eager', 'it answers control frames as they come'],
  unsafeCloseCode: [false, 'it sends 1000 and 3000 to 4999'],
  validateUtf8: [true, 'it checks all text'],
  strictLength: [true, 'it checks all frames'],
} as const;

/** The error for one thing that a browser cannot do. @internal */
export function unsupported(name: keyof typeof ROWS): FrameSocketError {
  return new FrameSocketError('UNSUPPORTED', { detail: `${name}: ${ROWS[name][1]}` });
}

/** @throws {@link FrameSocketError} `UNSUPPORTED` for the first option that asks for what is not there. @internal */
export function refuseUnsupported(options: object): void {
  const given = new Map<string, unknown>(Object.entries(options));
  for (const name of Object.keys(ROWS) as (keyof typeof ROWS)[]) {
    const value = given.get(name);
    if (value !== undefined && value !== ROWS[name][0]) throw unsupported(name);
  }
}
