// The programs beside Node that tests and benches drive: where they are found, and which Debian package brings them.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const isWindows = process.platform === 'win32';

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // absent, or not ours to run
  }
}

/** Where `name` may be in the folders of PATH. */
function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, isWindows ? `${name}.exe` : name));
}

/** Where a server may be; Debian keeps it out of the PATH of users. */
const serverNamed = (name) => () => [...onPath(name), `/usr/sbin/${name}`];

function chromiumPlaces() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return [
    ...names.flatMap(onPath),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA']
      .map((variable) => process.env[variable])
      .filter((folder) => folder !== undefined)
      .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
  ];
}

function hasWebsockets(python) {
  return spawnSync(python, ['-c', 'import websockets'], { stdio: 'ignore' }).status === 0;
}

/**
 * Every such program: what it is for, the Debian package that brings it and the service that comes along, the variable
 * that names another, the places where it may be, and what it must be able to do.
 */
export const testTools = [
  {
    name: 'Chromium',
    purpose: 'tests in a real browser',
    package: 'chromium',
    variable: 'WEBIFI_CHROMIUM',
    places: chromiumPlaces,
  },
  {
    name: 'Python 3',
    purpose: 'a foreign client, in another language, against the relay',
    package: 'python3',
    variable: 'WEBIFI_PYTHON',
    places: () => onPath('python3'),
  },
  {
    name: 'Python websockets',
    purpose: 'a foreign WebSocket client and server, in another language',
    package: 'python3-websockets',
    variable: 'WEBIFI_PYTHON_WEBSOCKETS',
    places: () => [...onPath('python3'), '/usr/bin/python3'],
    suits: hasWebsockets,
  },
  {
    name: 'tinyproxy',
    purpose: 'WebSockets through a real HTTP proxy',
    package: 'tinyproxy-bin',
    variable: 'WEBIFI_TINYPROXY',
    places: serverNamed('tinyproxy'),
  },
  {
    name: 'microsocks',
    purpose: 'WebSockets through a real SOCKS 5 proxy with a password',
    package: 'microsocks',
    variable: 'WEBIFI_MICROSOCKS',
    places: serverNamed('microsocks'),
  },
  {
    name: 'danted',
    purpose: 'WebSockets through a real SOCKS 4 proxy',
    package: 'dante-server',
    service: 'danted',
    variable: 'WEBIFI_DANTED',
    places: serverNamed('danted'),
  },
  {
    name: 'nginx',
    purpose: 'relay and WebSockets behind a real TLS proxy',
    package: 'nginx',
    service: 'nginx',
    variable: 'WEBIFI_NGINX',
    places: serverNamed('nginx'),
  },
  {
    name: 'sshd',
    purpose: 'WebSockets over a real SSH channel',
    package: 'openssh-server',
    service: 'ssh',
    variable: 'WEBIFI_SSHD',
    places: serverNamed('sshd'),
  },
  {
    name: 'ssh',
    purpose: 'WebSockets through a real SOCKS 4a proxy',
    package: 'openssh-client',
    variable: 'WEBIFI_SSH',
    places: () => onPath('ssh'),
  },
];

/** The servers that the bench measures beside our own relay, in a table like the one of the tests. */
export const benchTools = [
  {
    name: 'nats-server',
    purpose: 'core NATS in the benches of the relay',
    package: 'nats-server',
    service: 'nats-server',
    variable: 'WEBIFI_NATS_SERVER',
    places: serverNamed('nats-server'),
  },
  {
    name: 'mosquitto',
    purpose: 'MQTT in the benches of the relay',
    package: 'mosquitto',
    service: 'mosquitto',
    variable: 'WEBIFI_MOSQUITTO',
    places: serverNamed('mosquitto'),
  },
];

/**
 * Where a tool is: its variable alone when that is set, even if nothing is there; else the first of its places.
 *
 * @param name - As in one of the tables.
 * @returns An absolute path, or undefined.
 */
export function findTool(name) {
  const { variable, places, suits = () => true } = [...testTools, ...benchTools].find((tool) => tool.name === name);
  const named = process.env[variable];
  if (named !== undefined) return isProgram(named) ? named : undefined;
  return places().find((place) => isProgram(place) && suits(place));
}

/** How the tests start Chromium: no sandbox as root, where there is none, and no traffic of its own. */
export const chromiumFlags = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
