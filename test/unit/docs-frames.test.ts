import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BinData, Logged, Rest, Socket, StringBuilder, Task, WebSocket } from '../../src/compat';
import * as frames from '../../src/frames';
import { Frame } from '../../src/frames/frame';
import { membersOf as interfaceMembers, read, root, section, tableRows } from '../helpers/manuals';
import { membersOf } from '../helpers/members';

const readme = read('README.md');
/** Without its example. */
const single = section(readme, 'Single frames').replace(/^```[\s\S]*?^```/gm, '');
const seed = section(readme, 'From the second seed');
const folder = 'test/conformance/frames-client';
const clientTests = readdirSync(join(root, folder)).map((file) => read(`${folder}/${file}`));
const unitTests = [read('test/unit/frames/node/connector.test.ts')];

const namesOf = (made: object): string[] => {
  const { properties, methods } = membersOf(made);
  return [...properties, ...methods].sort();
};
const wordIn = (name: string) => new RegExp(`\\b${name}\\b`);
const marked = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
/** The last name of such as `lastError.toText()`. */
const lastName = (code: string): string => /([\w]+)(?:\(.*\))?$/s.exec(code)?.[1] ?? '';

describe('README.md, single frames', () => {
  const interfaces = [
    ['src/frames/socket-options.ts', 'FrameSocketOptions'],
    ['src/frames/node/upgrade-request.ts', 'UpgradeOptions'],
    ['src/frames/node/frame-socket.ts', 'ConnectOptions'],
    ['src/frames/node/connector.ts', 'DirectOptions'],
    ['src/frames/node/tls.ts', 'TlsOptions'],
    ['src/frames/throttled-stream.ts', 'ThrottleOptions'],
  ] as const;
  const options = interfaces.flatMap(([path, name]) => interfaceMembers(path, name));

  it('names every option, and a test uses it', () => {
    expect(options.length).toBeGreaterThan(40);
    const named = marked(single).join(' ');
    expect(options.filter((name) => !wordIn(name).test(named))).toEqual([]);
    const tested = [...clientTests, ...unitTests].join('\n');
    expect(options.filter((name) => !wordIn(name).test(tested))).toEqual([]);
  });

  it('names every member of FrameSocket and UpgradeRequest, and a test uses it', () => {
    const passedOver = ['constructor', 'prototype', 'length', 'name'];
    const statics = Object.getOwnPropertyNames(frames.FrameSocket).filter((name) => !passedOver.includes(name));
    const members = [
      ...namesOf(frames.FrameSocket.prototype),
      ...statics,
      ...['send', 'validate', 'setHeader', 'headers', 'answer'],
    ];
    expect(members.length).toBeGreaterThan(35);
    expect(namesOf(frames.UpgradeRequest.prototype)).toEqual([
      ...['addWebSocketHeaders', 'answer', 'headers', 'send', 'setHeader', 'take', 'validate'],
    ]);
    const named = marked(`${single}\n${seed}`).join(' ');
    expect(members.filter((name) => !wordIn(name).test(named))).toEqual([]);
    expect(members.filter((name) => !wordIn(name).test(clientTests.join('\n')))).toEqual([]);
  });
});

describe('README.md, from the second seed', () => {
  const files = new Map(
    [...seed.matchAll(/\*\*(\w)\*\*\s`([^`]+)`/g)].map((match) => [match[1], match[2] ?? '']),
  );
  const texts = (letters: string, part: string) =>
    letters
      .split(', ')
      .map((letter) => files.get(letter) ?? '')
      .filter((path) => path.includes(part))
      .map(read);
  const tables = tableRows(seed);
  const classes = tables.filter(([name = '']) => name === 'all' || /^`(Rest|Socket|BinData|StringBuilder|Task)`$/.test(name));
  const members = tables
    .filter((row) => !classes.includes(row))
    .map(([theirs = '', ours = '', where = '']) => ({ theirs: /\w+/.exec(theirs)?.[0] ?? '', ours, where }));

  it('has a row for every member of WebSocket, and no other', () => {
    expect(members.map(({ theirs }) => theirs).sort()).toEqual(namesOf(new WebSocket()));
    expect(members).toHaveLength(46);
  });

  it.each(members)('$theirs is tested where it says', ({ theirs, where }) => {
    const found = texts(where, '/compat/');
    expect(found.length).toBeGreaterThan(0);
    expect(found.map((text) => wordIn(theirs).test(text))).not.toContain(false);
  });

  it.each(members.filter(({ ours }) => ours.includes('`')))(
    '$theirs: what it is called in webifi/frames exists and is tested',
    ({ ours, where }) => {
      const known = new Set([
        ...namesOf(frames.FrameSocket.prototype),
        ...namesOf(new Frame(1, true, new Uint8Array(0))),
        ...namesOf(frames.UpgradeRequest.prototype),
        ...namesOf(new frames.FrameSocketError('CLOSED')),
        ...Object.getOwnPropertyNames(frames.FrameSocket),
        ...Object.keys(frames),
        ...interfaceMembers('src/frames/socket-options.ts', 'FrameSocketOptions'),
      ]);
      const names = marked(ours).map(lastName);
      expect(names.filter((name) => !known.has(name))).toEqual([]);
      const found = texts(where, '/frames-client/');
      expect(found.length).toBeGreaterThan(0);
      expect(names.filter((name) => !wordIn(name).test(found.join('\n')))).toEqual([]);
    },
  );

  it.each([Logged, Rest, Socket, BinData, StringBuilder, Task].map((Class) => ({ name: Class.name, Class })))(
    'has every member of $name, and no other, each tested where it says',
    ({ name, Class }) => {
      const shared = Class === Logged ? [] : namesOf(new Logged());
      const rows = classes.filter(([first]) => first === (Class === Logged ? 'all' : `\`${name}\``));
      const listed = rows.flatMap(([, names = '']) => marked(names)).sort();
      expect(listed).toEqual(namesOf(new Class()).filter((member) => !shared.includes(member)));
      for (const [, names = '', where = ''] of rows) {
        const tested = texts(where, '/compat/').join('\n');
        expect(marked(names).filter((member) => !wordIn(member).test(tested))).toEqual([]);
      }
    },
  );

  it('names test files that exist, and uses every letter', () => {
    for (const path of files.values()) expect(read(path)).toContain('describe(');
    const used = new Set(tables.flatMap((row) => (row[2] ?? '').split(', ')));
    expect([...used].sort()).toEqual([...files.keys()].sort());
  });
});
