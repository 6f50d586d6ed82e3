// npm run simulate -- [--seeds=N] [--from=S] [--workers=N] [--mutants [--only=NAME,...]] [--faults=I,I,...] [--trace]
// Everything in this folder is compiled to .cache/simulation, then main runs there; each mutant to a folder of its own.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileFolder } from '../../scripts/compile-folder.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const outdir = join(root, '.cache/simulation', String(process.pid));

process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));

/** Puts the mutant's text in the place of the source's while it is compiled. */
function mutation({ name, file, find, replace }) {
  const path = join(root, file);
  return {
    name,
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, (args) => {
        if (args.path !== path) return undefined;
        const parts = readFileSync(path, 'utf8').split(find);
        if (parts.length !== 2) {
          throw new Error(`The mutant "${name}" wants its text once in ${file}, it is there ${parts.length - 1} times.`);
        }
        return { contents: parts.join(replace), loader: 'ts' };
      });
    },
  };
}

/** @returns The folder with the compiled mutant. */
async function compileMutant(mutant) {
  const target = join(outdir, 'mutants', mutant.name.replaceAll(' ', '-'));
  await compileFolder(here, target, [mutation(mutant)]);
  return target;
}

await compileFolder(here, outdir);
const { main } = await import(pathToFileURL(join(outdir, 'main.mjs')).href);
process.exitCode = await main(process.argv.slice(2), outdir, compileMutant);
