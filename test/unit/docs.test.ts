import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run as runRelay } from '../../src/cli/relay';
import { convertErrorCodeToString, ErrorCode, WebifiError } from '../../src/core/errors';
import { FRAME_SOCKET_ERRORS } from '../../src/frames/socket-errors';
import { CloseCode } from '../../src/relay/close-codes';
import { resolveSettings } from '../../src/relay/edge-options';
import { FakeTerminal } from '../helpers/fake-terminal';
import { firstNames, membersOf, read, root, section, tableRows } from '../helpers/manuals';

const readme = read('README.md');
const protocol = read('src/core/PROTOCOL.md');

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('README.md', () => {
  it('lists exactly the error codes, with their names', () => {
    const listed = tableRows(section(readme, 'Error codes')).map(([code, name]) => [name, Number(code)]);
    expect(Object.fromEntries(listed)).toEqual(
      Object.fromEntries(Object.entries(ErrorCode).map(([name, code]) => [`\`${name}\``, code])),
    );
    expect(listed).toHaveLength(Object.keys(ErrorCode).length);
  });

  it('names the codes that can succeed later', () => {
    const sentence = /`retryable` is true for ([^.]+)\./.exec(section(readme, 'Error codes'))?.[1] ?? '';
    const retryable = Object.values(ErrorCode).filter((code) => new WebifiError(code).retryable);
    expect(sentence.match(/\d+/g)?.map(Number)).toEqual(retryable);
  });

  it('lists exactly the errors of FrameSocket, with their fail reasons', () => {
    const listed = tableRows(section(readme, 'Single frames')).map(([code, reason]) => [code, Number(reason)]);
    expect(listed).toEqual(
      Object.entries(FRAME_SOCKET_ERRORS).map(([code, { failReason }]) => [`\`${code}\``, failReason]),
    );
  });

  it('lists exactly the close codes of the relay', () => {
    const listed = tableRows(section(readme, 'Close codes')).map(([code]) => Number(code));
    expect(listed).toEqual(Object.values(CloseCode));
  });

  it('lists every limit of the relay with its default', () => {
    const { limits, edge } = resolveSettings({ accounts: [] });
    const isLimit = /^`(?:max\w+|\w+(?:Ms|Timeout))`$/;
    const rows = tableRows(section(readme, 'Limits')).filter(([name]) => isLimit.test(name ?? ''));
    const listed = rows.map(([name, value]) => [
      name?.replaceAll('`', ''),
      Number(value?.replaceAll(',', '')),
    ]);
    expect(Object.fromEntries(listed)).toEqual({ ...limits, ...edge });
  });

  it('lists every option of the client and of the relay', () => {
    const client = firstNames(section(readme, 'The API at a glance'));
    expect(client).toEqual(expect.arrayContaining(membersOf('src/client/options.ts', 'WebifiOptions')));
    const relay = firstNames(section(readme, 'In a program of yours'));
    expect(relay).toEqual(expect.arrayContaining(membersOf('src/relay/edge-options.ts', 'RelayOptions')));
    expect(relay).toEqual(expect.arrayContaining(membersOf('src/relay/server.ts', 'Relay')));
  });

  it('lists every option of webifi relay', async () => {
    const terminal = new FakeTerminal();
    await runRelay(['--help'], terminal);
    const offered = [...terminal.output.matchAll(/^ +(--[\w-]+)/gm)].map((match) => match[1]);
    const listed = section(readme, 'By one command').match(/--[\w-]+/g);
    expect(listed).toEqual(expect.arrayContaining(offered.filter((option) => option !== '--help')));
    expect(offered.length).toBeGreaterThan(10);
  });
});

describe('README.md, from the Python library', () => {
  const text = section(readme, 'From the Python library');
  const files = new Map(
    [...text.matchAll(/\*\*(\w)\*\*\s`([^`]+)`/g)].map((match) => [match[1], match[2] ?? '']),
  );
  const rows = tableRows(text).map(([seed = '', ours = '', where = '']) => ({
    seed: seed.replaceAll('`', ''),
    /** The name of our member, as a test uses it; for the discovery message its data type. */
    ours: /`(\w+(?: Response)?)/.exec(ours)?.[1] ?? '',
    where: where.split(', '),
  }));
  const members = rows.filter(({ where }) => !where.includes('R'));

  it('has a row for every member of the seed', () => {
    const pairs = [
      'connect_name',
      'connect_password',
      'network_names',
      'discoverable',
      'download_timeout',
      'use_encryption',
    ];
    const getters = ['get_session_id', 'get_counters', 'set_use_websocket', 'get_use_websocket'];
    const functions = [
      'start',
      'CreateSendData',
      'send_data',
      'close_connection',
      'convert_error_code_to_string',
    ];
    const callbacks = ['connection_status', 'data_received', 'error'].map((name) => `set_${name}_callback`);
    expect(rows.map(({ seed }) => seed)).toEqual([
      ...['name', 'connected'],
      ...pairs.flatMap((name) => [`set_${name}`, `get_${name}`]),
      ...getters,
      ...functions,
      ...['get_buffered_amount', 'send_discovery'],
      ...callbacks,
      ...['Discovery message: request', 'Discovery message: response', 'Example: console program'],
    ]);
  });

  it.each(members)('$seed is tested where it says', ({ seed, ours, where }) => {
    expect(where).toContain('S');
    for (const letter of where) expect(read(files.get(letter) ?? '')).toMatch(new RegExp(`\\b${ours}\\b`));
    const titles = [...read(files.get('S') ?? '').matchAll(/\bit\('([^']+)'/g)].map(
      (match) => match[1] ?? '',
    );
    const names = titles.flatMap((title) => title.split(': ')[0]?.split(', ') ?? []);
    expect(names).toContain(seed.split(':')[0]);
  });
});

describe('PROTOCOL.md', () => {
  const defined = [...protocol.matchAll(/^\| ([A-Z]+)-(\d+) \|/gm)].map((match) => `${match[1]}-${match[2]}`);

  it('defines each number once, in order, without a gap', () => {
    for (const [letter, last] of [
      ['P', 113],
      ['V', 49],
      ['T', 12],
      ['S', 25],
      ['K', 22],
    ] as const) {
      const numbers = defined.filter((rule) => rule.startsWith(`${letter}-`));
      expect(numbers).toEqual(Array.from({ length: last }, (_, i) => `${letter}-${i + 1}`));
    }
    expect(new Set(defined).size).toBe(defined.length);
  });

  it('defines every number that code, tests and manuals cite', () => {
    const files = ['src', 'test', 'demo', 'scripts']
      .flatMap(filesBelow)
      .filter((path) => /\.(ts|mjs|js|py|md)$/.test(path));
    const missing = [...files, join(root, 'README.md')].flatMap((path) => {
      const cited = readFileSync(path, 'utf8').match(/\b(?:[PVTSKX]|SEC)-\d+\b/g) ?? [];
      return cited
        .filter((rule) => !defined.includes(rule))
        .map((rule) => `${path.slice(root.length)} cites ${rule}`);
    });
    expect([...new Set(missing)]).toEqual([]);
  });

  it('has every section that code and tests cite', () => {
    const sections = [...protocol.matchAll(/^##+ (\d+(?:\.\d+)?)/gm)].map((match) => match[1]);
    const files = ['src/core', 'src/client', 'src/relay', 'test/conformance/raw'].flatMap(filesBelow);
    const cited = files.flatMap((path) =>
      // Citations of the seed and of an RFC name their source in front.
      [...readFileSync(path, 'utf8').matchAll(/(?<!(?:Seed 1|RFC \d+),? )\bsections? (\d+(?:\.\d+)?)/g)].map(
        (match) => match[1],
      ),
    );
    expect([...new Set(cited)].filter((number) => !sections.includes(number))).toEqual([]);
  });

  it('has the codes and texts of the client', () => {
    const rows = tableRows(section(protocol, '11.1 Table')).filter(([code]) => /^\d+$/.test(code ?? ''));
    expect(rows.map(([code, text]) => [Number(code), text])).toEqual(
      Object.values(ErrorCode).map((code) => [code, convertErrorCodeToString(code)]),
    );
  });
});

describe('src/README.md', () => {
  it('names every folder and every entry file', () => {
    const map = read('src/README.md');
    const here = readdirSync(join(root, 'src'), { withFileTypes: true });
    const names = here.flatMap((entry) =>
      entry.isDirectory() ? [`${entry.name}/`] : entry.name.endsWith('.ts') ? [entry.name] : [],
    );
    expect(names.filter((name) => !map.includes(`\`${name}`))).toEqual([]);
  });

  it('has a row for each row of the import table', () => {
    const rows = tableRows(section(read('src/README.md'), 'Import table')).map(([files]) => files);
    const tested = [
      ...read('test/unit/import-table.test.ts').matchAll(/^ {2}\{ files: (?:\['([^']+)'\]|\w+)/gm),
    ];
    expect(rows).toHaveLength(tested.length);
    expect(rows).toEqual(
      expect.arrayContaining(tested.flatMap(([, folder]) => (folder === undefined ? [] : [`\`${folder}\``]))),
    );
  });

  it('names files that exist', () => {
    const named = [
      ...read('src/README.md').matchAll(/\b(?:core|client|adapters|frames|relay|testing|cli)\/[a-z-]+\.ts\b/g),
    ].map(([path]) => path);
    expect(named.filter((path) => !existsSync(join(root, 'src', path)))).toEqual([]);
    expect(named.length).toBeGreaterThan(50);
  });
});
