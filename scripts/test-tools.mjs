// The programs beside Node that some tests drive: where they are found, and which Debian package brings them.
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

/** The first of `names` that stands in a folder of PATH, or one of the fixed `paths`. */
function findProgram(names, paths) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = names.flatMap((name) =>
    folders.map((folder) => join(folder, isWindows ? `${name}.exe` : name)),
  );
  return [...onPath, ...paths].find(isProgram);
}

/**
 * Where a Chromium is: WEBIFI_CHROMIUM alone when it is set, even if nothing is there; else PATH and the
 * usual places.
 *
 * @returns An absolute path, or undefined.
 */
export function findChromium() {
  const named = process.env.WEBIFI_CHROMIUM;
  if (named !== undefined) return isProgram(named) ? named : undefined;
  return findProgram(
    ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      ...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA']
        .map((variable) => process.env[variable])
        .filter((folder) => folder !== undefined)
        .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
    ],
  );
}

/**
 * Where a Python 3 is: WEBIFI_PYTHON alone when it is set; else PATH.
 *
 * @returns An absolute path, or undefined.
 */
export function findPython() {
  const named = process.env.WEBIFI_PYTHON;
  if (named !== undefined) return isProgram(named) ? named : undefined;
  return findProgram(['python3'], []);
}

/** Every such program: what it is for, how it is found, its Debian package, the variable that names another. */
export const testTools = [
  {
    name: 'Chromium',
    purpose: 'tests in a real browser',
    find: findChromium,
    package: 'chromium',
    variable: 'WEBIFI_CHROMIUM',
  },
  {
    name: 'Python 3',
    purpose: 'a foreign client, in another language, against the relay',
    find: findPython,
    package: 'python3',
    variable: 'WEBIFI_PYTHON',
  },
];

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
