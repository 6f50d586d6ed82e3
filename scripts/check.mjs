// Runs every `check:*` script of package.json to its end, so that one run tells all that is wrong.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'));

const results = checks.map((check) => {
  console.log(`\n== ${check}`);
  const startMs = performance.now();
  // The shell finds npm on every system; the names come from our own package.json.
  const { status } = spawnSync(`npm run --silent ${check}`, {
    shell: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return { check, ok: status === 0, seconds: ((performance.now() - startMs) / 1000).toFixed(1) };
});

console.log('');
for (const { check, ok, seconds } of results)
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${check} (${seconds} s)`);
if (results.some((result) => !result.ok)) process.exit(1);
