import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  lockFaults,
  type DeniedVersions,
  type Lock,
  type LockedPackage,
  type Manifest,
} from '../../../scripts/check-lock.mjs';

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'));
const manifest = read('package.json') as Manifest;
const denied = read('scripts/denied-versions.json') as DeniedVersions[];

/** The project's own lock file with one entry more, or one changed. */
function lockWith(path: string, entry: LockedPackage): Lock {
  const lock = read('package-lock.json') as Lock;
  return { packages: { ...lock.packages, [path]: { ...lock.packages[path], ...entry } } };
}

const good: LockedPackage = { version: '1.0.0', integrity: 'sha512-0000' };
const faultsWith = (path: string, entry: LockedPackage) =>
  lockFaults(lockWith(path, entry), manifest, denied);

describe('supply chain (security section 9): the lock guard', () => {
  it('finds nothing in the lock file of this project', () => {
    expect(lockFaults(read('package-lock.json') as Lock, manifest, denied)).toEqual([]);
  });

  it('refuses a lock that lacks a platform package', () => {
    const faults = faultsWith('node_modules/new', {
      ...good,
      optionalDependencies: { '@new/linux-x64': '1.0.0' },
    });
    expect(faults).toEqual([expect.stringContaining('@new/linux-x64')]);
  });

  it('finds a platform package beside the one that names it and above', () => {
    const entry = { ...good, optionalDependencies: { ws: '*', inner: '*' } };
    const lock = lockWith('node_modules/new/node_modules/deep', entry);
    lock.packages['node_modules/new/node_modules/inner'] = good;
    expect(lockFaults(lock, manifest, denied)).toEqual([]);
  });

  it('refuses a download address', () => {
    const faults = faultsWith('node_modules/ws', { resolved: 'https://example.invalid/ws.tgz' });
    expect(faults).toEqual([expect.stringContaining('download address')]);
  });

  it('refuses a package without an integrity hash', () => {
    expect(faultsWith('node_modules/new', { version: '1.0.0' })).toEqual([
      expect.stringContaining('no integrity'),
    ]);
  });

  it('refuses an install script that is not denied by name', () => {
    expect(faultsWith('node_modules/new', { ...good, hasInstallScript: true })).toEqual([
      expect.stringContaining('runs a script'),
    ]);
  });

  it.each([
    ['node_modules/ws', '8.21.0'],
    ['node_modules/ws', '7.5.10'],
    ['node_modules/any/node_modules/ws', '8.9.99'],
    ['node_modules/node-fetch', '2.6.6'],
    ['node_modules/rollup', '4.68.7'],
  ])('refuses a version on the deny list: %s %s', (path, version) => {
    expect(faultsWith(path, { ...good, version })).toContainEqual(expect.stringContaining('deny list'));
  });

  it('accepts the first version that is no longer denied', () => {
    expect(faultsWith('node_modules/ws', { version: '8.21.1' })).toEqual([]);
  });

  it('refuses a fourth run-time dependency', () => {
    const lock = read('package-lock.json') as Lock;
    const root = lock.packages[''] ?? {};
    const dependencies = { ...root.dependencies, 'left-pad': '1.0.0' };
    const faults = lockFaults(
      { packages: { ...lock.packages, '': { ...root, dependencies } } },
      { ...manifest, dependencies },
      denied,
    );
    expect(faults).toEqual([expect.stringContaining('left-pad')]);
  });
});
