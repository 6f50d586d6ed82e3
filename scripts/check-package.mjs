// Packs the package as it would be published, and examines the tarball.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { pack } from './pack.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Every relative path that a value of package.json names, at any depth. */
function namedFiles(value) {
  if (typeof value === 'string') return [value.replace(/^\.\//, '')];
  return Object.values(value ?? {}).flatMap(namedFiles);
}

/** attw passes a package without types, and npm packs one without its files: so the files come first. */
function missingFiles(files) {
  const { main, module, types, unpkg, jsdelivr, bin, exports } = manifest;
  const named = [...new Set(namedFiles([main, module, types, unpkg, jsdelivr, bin, exports]))];
  const expected = [...named, 'README.md', 'LICENSE', 'CHANGELOG.md'];
  const missing = expected.filter((file) => !files.includes(file)).map((file) => `the tarball lacks ${file}`);
  if (!named.some((file) => /\.d\.[cm]ts$/.test(file))) missing.push('package.json names no type file');
  for (const entry of manifest.files) {
    const isPacked = files.some((file) => file === entry || file.startsWith(`${entry}/`));
    if (!isPacked) missing.push(`"files" names ${entry}, of which nothing is packed`);
  }
  return missing;
}

async function publintFaults(tarball) {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
  });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** The UMD file is for script tags and `require`: what a named ESM import of it would see is not promised. */
function attwFaults(tarball) {
  const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const args = [
    attw,
    tarball,
    '--profile',
    'node16',
    '--exclude-entrypoints',
    './umd',
    '--no-color',
    '--no-emoji',
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? [] : [`attw:\n${stdout}${stderr}`];
}

const folder = mkdtempSync(join(tmpdir(), 'webifi-pack-'));
try {
  const { tarball, files, size } = pack(folder);
  const faults = [...missingFiles(files), ...(await publintFaults(tarball)), ...attwFaults(tarball)];
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log(`${files.length} files, ${size} bytes packed: files, publint and attw without a finding`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
