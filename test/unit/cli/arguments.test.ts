import { describe, expect, it } from 'vitest';
import { closest, parseArguments, parseNames, parsePort } from '../../../src/cli/arguments';
import { UsageError } from '../../../src/cli/failures';

const OPTIONS = {
  account: { type: 'string', multiple: true },
  port: { type: 'string', default: '9324' },
  help: { type: 'boolean', short: 'h' },
} as const;

describe('parseArguments', () => {
  it('gives values by name and what stands alone in order', () => {
    const { values, operands } = parseArguments(['--account', 'a:b', 'x', '--account=c:d', 'y'], OPTIONS, 2);
    expect(values).toMatchObject({ account: ['a:b', 'c:d'], port: '9324' });
    expect(values.help).toBeUndefined();
    expect(operands).toEqual(['x', 'y']);
  });

  it('takes everything after -- as standing alone', () => {
    expect(parseArguments(['--', '--port', '-x'], OPTIONS, 2).operands).toEqual(['--port', '-x']);
  });

  it.each([
    [['--prot', '1'], 'there is no option --prot; did you mean --port?'],
    [['--something-else'], 'there is no option --something-else'],
    [['-x'], 'there is no option -x'],
    [['--port'], '--port needs a value; write --port=VALUE when the value begins with a dash'],
    [['--port', '--help'], '--port needs a value; write --port=VALUE when the value begins with a dash'],
    [['--help=yes'], '--help takes no value'],
    [['x'], '1 argument too many; a value needs its option in front of it, as in --option VALUE'],
    [['x', 'y'], '2 arguments too many; a value needs its option in front of it, as in --option VALUE'],
  ])('refuses %j and says what to write', (args, text) => {
    expect(() => parseArguments(args, OPTIONS)).toThrow(new UsageError(text));
  });

  it.each([
    [['SeSaMe']],
    [['--acount', 'lamp:SeSaMe']],
    [['--acount=lamp:SeSaMe']],
    [['--help=SeSaMe']],
    [['--account', 'a:b', 'SeSaMe']],
  ])('never repeats a value that may be a secret: %j (SEC-19)', (args) => {
    expect(() => parseArguments(args, OPTIONS)).toThrow(UsageError);
    expect(() => parseArguments(args, OPTIONS)).toThrow(expect.not.stringContaining('SeSaMe') as string);
  });

  it('an option named like a part of every object is unknown like any other (SEC-12)', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(() => parseArguments([`--${name}`], OPTIONS)).toThrow(UsageError);
    }
  });
});

describe('parseNames', () => {
  it('splits at commas and trims', () => {
    expect(parseNames('garden, first floor ,x', '--networks')).toEqual(['garden', 'first floor', 'x']);
  });

  it.each(['', ',', 'a,', 'a,,b', ' '])('refuses an empty name in %j', (text) => {
    expect(() => parseNames(text, '--networks')).toThrow('--networks holds an empty name');
  });
});

describe('parsePort', () => {
  it.each([
    ['0', 0],
    ['80', 80],
    ['65535', 65_535],
  ])('takes %s', (text, port) => {
    expect(parsePort(text, '--port')).toBe(port);
  });

  it.each(['', '-1', '65536', '99999', '1e3', '0x50', '80a', ' 80', '8.0', '100000'])(
    'refuses %j',
    (text) => {
      expect(() => parsePort(text, '--port')).toThrow('--port must be a number from 0 to 65535');
    },
  );
});

describe('closest', () => {
  it.each([
    ['relya', 'relay'],
    ['realy', 'relay'],
    ['acount', 'account'],
    ['chatt', 'chat'],
    ['frobnicate', undefined],
    ['', undefined],
  ])('%j is taken for %s', (word, meant) => {
    expect(closest(word, ['relay', 'account', 'chat'])).toBe(meant);
  });
});
