// The demo, `npm start`: a relay on this machine, an account with a random password, the demo page and one simulated
// device, until Ctrl-C. It uses the built package, as a user's program would.
//
//   npm start -- --port 8080 --host 0.0.0.0
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { URLSearchParams } from 'node:url';
import { parseArgs } from 'node:util';
import { startDevice } from '../demo/device.mjs';
import { createLogger, createRelay } from '../dist/relay.mjs';

const DEFAULT_PORT = 9324;
/** How many ports after the default one are tried before the system is asked for any. */
const NEXT_PORTS = 20;
const CONNECT_NAME = 'demo';
const NETWORK = 'network 1';

const CONTENT_TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Tells of a command line or a machine that the demo cannot go on with; the text says what to do. */
class StartError extends Error {}

function readOptions() {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' } } });
    return { host: values.host, port: values.port === undefined ? undefined : portOf(values.port) };
  } catch (error) {
    throw new StartError(`${error.message}\nUsage: npm start -- [--port PORT] [--host HOST]`);
  }
}

function portOf(text) {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new Error('--port must be a number from 0 to 65535.');
  return port;
}

/** The files of the page by their paths: what of the folder `demo` a browser loads, and the script bundle. */
async function readPage() {
  const root = new URL('../', import.meta.url);
  const names = (await readdir(new URL('demo/', root))).filter((name) => extname(name) in CONTENT_TYPES);
  const files = [...names.map((name) => `demo/${name}`), 'dist/webifi.umd.min.js'].map(async (file) => {
    const path = file === 'demo/index.html' ? '/' : `/${basename(file)}`;
    return [path, { body: await readFile(new URL(file, root)), contentType: CONTENT_TYPES[extname(file)] }];
  });
  return new Map(await Promise.all(files));
}

/** Listens on the port that was asked for, or else on the first free one from the usual port on. */
async function listen(relay, { host, port }) {
  if (port !== undefined) return tryPort(relay, host, port);
  for (let next = DEFAULT_PORT; next < DEFAULT_PORT + NEXT_PORTS; next++) {
    try {
      const address = await tryPort(relay, host, next);
      if (next !== DEFAULT_PORT) console.log(`Port ${DEFAULT_PORT} is taken, so the relay listens on port ${next}.`);
      return address;
    } catch (error) {
      if (!isTaken(error.cause)) throw error;
    }
  }
  console.log(`The ports from ${DEFAULT_PORT} to ${DEFAULT_PORT + NEXT_PORTS - 1} are taken, so the relay takes another.`);
  return tryPort(relay, host, 0);
}

async function tryPort(relay, host, port) {
  try {
    return await relay.listen({ host, port });
  } catch (cause) {
    const text = isTaken(cause) ? `Port ${port} on ${host} is taken; give another --port, or none.` : cause.message;
    throw new StartError(text, { cause });
  }
}

/** Whether the relay could not listen because another program has the port. */
function isTaken(relayError) {
  return relayError?.cause?.code === 'EADDRINUSE';
}

/** The address to type on this machine: a relay that listens on all of its addresses is reached on loopback. */
function localAddress(url) {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function isLoopback(host) {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

function announce(server, password) {
  const fragment = new URLSearchParams({ connectName: CONNECT_NAME, connectPassword: password, networks: NETWORK });
  const account = `--connect-name ${CONNECT_NAME} --connect-password ${password}`;
  const join = `npm run chat -- --server ${server} ${account} --networks "${NETWORK}" --name chat`;
  console.log(`
Webifi demo: the relay runs and a simulated thermometer is connected to it.

  Page              ${server}/#${fragment}
  Connect name      ${CONNECT_NAME}
  Connect password  ${password}

Open the page in a browser, in two windows to have two devices. Join from a second terminal with

  ${join}

or, over long polling, with

  ${join} --transport polling

Ctrl-C ends it.
`);
}

/** Resolves with the first request to stop; a second one ends the process at once. */
function stopRequest() {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, onSignal);
  });
}

async function main() {
  const options = readOptions();
  const password = randomBytes(10).toString('hex');
  // Only what went wrong: the terminal belongs to the address and the account.
  const logger = createLogger({ format: 'text', level: 'warn', write: (line) => console.error(line) });
  const accounts = [{ connectName: CONNECT_NAME, password }];
  const relay = createRelay({ accounts, page: await readPage(), logger });
  const stopRequested = stopRequest();
  const { url } = await listen(relay, options);
  const server = localAddress(url);
  const { device, stop } = startDevice({ server, connectName: CONNECT_NAME, connectPassword: password, networkNames: [NETWORK] });
  await device.ready();
  announce(server, password);
  if (!isLoopback(options.host)) {
    console.log('Other machines can reach this relay too, and what they send travels unencrypted.\n');
  }
  await stopRequested;
  console.log('Stopping.');
  await stop();
  await relay.close();
}

main().catch((error) => {
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
});
