import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Packs what stands in the tree, as it would be published, into `folder`; does not build. */
export function pack(folder) {
  // A shell, because npm is a command file on some systems; the folder is the only thing in it that varies.
  const packed = spawnSync(`npm pack --json --ignore-scripts --pack-destination "${folder}"`, {
    cwd: root,
    shell: true,
    encoding: 'utf8',
  });
  if (packed.status !== 0) throw new Error(`npm pack failed:\n${packed.stderr}`);
  const [report] = Object.values(JSON.parse(packed.stdout));
  return {
    tarball: join(folder, report.filename),
    files: report.files.map((file) => file.path),
    size: report.size,
  };
}
