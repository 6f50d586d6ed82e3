// Keeps the manuals true to the tree: links and named files exist, and so do the scripts they tell to run.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const notOurs = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache', 'test-output']);

function manualsIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : manualsIn(join(folder, entry.name));
    return entry.name.endsWith('.md') ? [join(folder, entry.name)] : [];
  });
}

/** The anchor that code hosts give a heading: lower case, hyphens for spaces, no punctuation. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const withoutFences = (text) => text.replace(/^```[\s\S]*?^```/gm, '');
const anchorsOf = (text) =>
  [...withoutFences(text).matchAll(/^#+\s+(.+)$/gm)].map((match) => anchorOf(match[1]));

function brokenLinks(manual, text) {
  const targets = [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path, anchor] = target.split('#');
    const file = path === '' ? manual : join(dirname(manual), path);
    if (!existsSync(file)) return true;
    return (
      anchor !== undefined && file.endsWith('.md') && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor)
    );
  });
}

function faultsOf(manual) {
  const text = readFileSync(manual, 'utf8');
  const links = brokenLinks(manual, text).map((target) => `links to ${target}, which is not there`);
  const files = [...text.matchAll(/`((?:src|test|scripts|demo|\.ci)\/[\w./-]+)`/g)]
    .map((match) => match[1])
    .filter((path) => !existsSync(join(root, path)))
    .map((path) => `names ${path}, which is not there`);
  const commands = [...text.matchAll(/\bnpm run ([\w:-]+)/g)]
    .map((match) => match[1])
    .filter((name) => !(name in scripts))
    .map((name) => `tells to run the script ${name}, which package.json lacks`);
  return [...links, ...files, ...commands].map((fault) => `${relative(root, manual)} ${fault}`);
}

const manuals = manualsIn(root);
const faults = manuals.flatMap(faultsOf);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`${manuals.length} manuals: every link, file and script they name exists`);
