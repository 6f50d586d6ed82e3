import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFolder } from '../../../src/cli/package-folder';
import { loadPage } from '../../../src/cli/page';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webifi-page-'));
  await mkdir(join(folder, 'demo'));
  await mkdir(join(folder, 'dist'));
  await writeFile(join(folder, 'dist', 'webifi.umd.min.js'), 'var Webifi');
  await writeFile(join(folder, 'demo', 'index.html'), '<!doctype html>');
});

afterEach(() => rm(folder, { recursive: true }));

describe('loadPage', () => {
  it('maps exact paths to bodies and content types', async () => {
    await writeFile(join(folder, 'demo', 'app.js'), 'start()');
    await writeFile(join(folder, 'demo', 'app.css'), 'body {}');
    await writeFile(join(folder, 'demo', 'icon.svg'), '<svg/>');
    const page = await loadPage(folder);
    const texts = [...page].map(([path, file]) => [
      path,
      Buffer.from(file.body).toString(),
      file.contentType,
    ]);
    expect(texts.sort()).toEqual([
      ['/', '<!doctype html>', 'text/html; charset=utf-8'],
      ['/app.css', 'body {}', 'text/css; charset=utf-8'],
      ['/app.js', 'start()', 'text/javascript; charset=utf-8'],
      ['/icon.svg', '<svg/>', 'image/svg+xml'],
      ['/webifi.umd.min.js', 'var Webifi', 'text/javascript; charset=utf-8'],
    ]);
  });

  it('leaves out folders, links, hidden files and unknown kinds: nothing outside can be reached (SEC-22)', async () => {
    await writeFile(join(folder, 'secret.js'), 'SECRET');
    await symlink(join(folder, 'secret.js'), join(folder, 'demo', 'link.js'));
    await mkdir(join(folder, 'demo', 'folder.js'));
    await writeFile(join(folder, 'demo', 'folder.js', 'inner.js'), 'SECRET');
    for (const name of ['.hidden.js', '.env', 'notes.md', 'device.ts', 'noextension']) {
      await writeFile(join(folder, 'demo', name), 'SECRET');
    }
    const page = await loadPage(folder);
    expect([...page.keys()].sort()).toEqual(['/', '/webifi.umd.min.js']);
  });

  it('says what is missing and how to make it', async () => {
    await rm(join(folder, 'dist', 'webifi.umd.min.js'));
    await expect(loadPage(folder)).rejects.toThrow(
      'lacks dist/webifi.umd.min.js; build it with "npm run build"',
    );
    await rm(join(folder, 'demo'), { recursive: true });
    await expect(loadPage(folder)).rejects.toThrow(/the demo page is missing: there is no .*index\.html/);
  });
});

describe('packageFolder', () => {
  it('finds the package above the running file', () => {
    expect(packageFolder()).toBe(join(import.meta.dirname, '..', '..', '..'));
  });
});
