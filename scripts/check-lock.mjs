// Guards what an install brings. npm's own audit needs a network service; this needs the lock file only.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const runtimeDependencies = ['cross-fetch', 'isomorphic-ws', 'pako', 'ws'];

const nameAt = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Compares versions by their three numbers; a pre-release counts as its release. */
function isBelow(version, bound) {
  const [left, right] = [version, bound].map((text) => text.split(/[.+-]/).slice(0, 3).map(Number));
  const at = left.findIndex((number, index) => number !== right[index]);
  return at !== -1 && left[at] < right[at];
}

/** Where Node would find `name` from the package at `path`: in its own node_modules, or in one further up. */
function isLocked(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

function deniedReason(denied, name, version) {
  const isDenied = (rule) =>
    rule.versions?.includes(version) || (rule.below !== undefined && isBelow(version, rule.below));
  return denied.find((rule) => rule.name === name && isDenied(rule))?.why;
}

function faultsOf(path, entry, { packages, manifest, denied }) {
  const name = nameAt(path);
  const label = `${name}@${entry.version}`;
  const faults = Object.keys(entry.optionalDependencies ?? {})
    .filter((dependency) => !isLocked(packages, path, dependency))
    .map(
      (dependency) => `${label} names ${dependency}, which the lock lacks: npm ci fails where it is needed`,
    );
  if (entry.resolved !== undefined)
    faults.push(`${label} is locked to a download address: ${entry.resolved}`);
  if (entry.integrity === undefined) faults.push(`${label} has no integrity hash`);
  if (entry.hasInstallScript && manifest.allowScripts?.[name] !== false) {
    faults.push(`${label} runs a script when installed: deny it in allowScripts or do without the package`);
  }
  const why = deniedReason(denied, name, entry.version);
  if (why !== undefined) faults.push(`${label} is on the deny list: ${why}`);
  return faults;
}

/** Every reason not to install from this lock file; none means it is good. */
export function lockFaults(lock, manifest, denied) {
  const { '': root, ...packages } = lock.packages;
  const faults = Object.entries(packages).flatMap(([path, entry]) =>
    faultsOf(path, entry, { packages, manifest, denied }),
  );
  const direct = Object.keys(root.dependencies ?? {}).sort();
  if (direct.join() !== runtimeDependencies.join()) {
    faults.push(
      `the run-time dependencies are ${direct.join(', ')}, expected ${runtimeDependencies.join(', ')}`,
    );
  }
  for (const kind of ['dependencies', 'devDependencies']) {
    if (JSON.stringify(root[kind]) !== JSON.stringify(manifest[kind]))
      faults.push(`${kind} differ between lock and package.json`);
  }
  return faults;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  const lock = read('../package-lock.json');
  const faults = lockFaults(lock, read('../package.json'), read('denied-versions.json'));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(1);
  console.log(`package-lock.json: ${Object.keys(lock.packages).length - 1} packages, no fault`);
}
