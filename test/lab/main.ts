import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { PARTS } from './parts';
import type { Peer } from './peer';
import { peers as mqtt } from './peers/mqtt';
import { peers as reconnecting } from './peers/reconnecting-websocket';
import { peers as socketIo } from './peers/socket-io';
import { peers as webifi } from './peers/webifi';
import { peers as chromium } from './peers/webifi-chromium';

/** What was played with what. */
function setting(peers: readonly Peer[]): string {
  const versions = [...new Set(peers.flatMap(({ packages }) => packages))].map((name) => {
    // Seen from the folder that this is compiled to.
    const folder = name === 'webifi' ? '../../..' : `../../../node_modules/${name}`;
    const file = new URL(`${folder}/package.json`, import.meta.url);
    return `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
  });
  const date = new Date().toISOString().slice(0, 10);
  return [date, `Node ${process.version}`, `${cpus().length} cores`, ...versions].join(', ');
}

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const option = (name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const only = option('only');
const all = args.includes('--peers') ? [...webifi, ...chromium, ...socketIo, ...mqtt, ...reconnecting] : webifi;
const chosen = all.filter(({ name }) => only === undefined || new RegExp(only).test(name));
const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0)
  throw new Error(`Parts are ${PARTS.map(({ name }) => name).join(', ')}; asked for ${unknown.join(', ')}.`);

const scale = {
  relayFile: fileURLToPath(new URL('relay-child.mjs', import.meta.url)),
  slowFile: fileURLToPath(new URL('slow-child.mjs', import.meta.url)),
  kills: Number(option('kills') ?? 50),
  sessions: Number(option('sessions') ?? 10_000),
};
console.log(`${setting(chosen)}\n`);
for (const part of PARTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  console.error(part.name);
  const told = await part.play(chosen, scale).catch((error: unknown) => `failed: ${String(error)}`);
  console.log(`### ${part.name}: ${part.title}\n\n${told}\n`);
}
process.exit();
