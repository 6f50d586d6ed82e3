import { describe, expect, it } from 'vitest';
import { newPassword } from '../../../src/cli/ask-password';
import { CommandError, UsageError } from '../../../src/cli/failures';
import { FakeTerminal } from '../../helpers/fake-terminal';

/** Types on a terminal of a person and gives what became of it. */
async function typed(...chunks: (string | Buffer)[]): Promise<string> {
  const terminal = new FakeTerminal({ isTTY: true });
  const password = newPassword(terminal, false);
  for (const chunk of chunks) terminal.keyboard.write(chunk);
  return password;
}

describe('newPassword from a person', () => {
  it('asks twice, shows nothing that is typed and restores the terminal (SEC-19)', async () => {
    const terminal = new FakeTerminal({ isTTY: true });
    const password = newPassword(terminal, false);
    terminal.keyboard.write('sesame\r');
    terminal.keyboard.write('sesame\r');
    expect(await password).toBe('sesame');
    expect(terminal.errors).toBe('Password: \nAgain: \n');
    expect(terminal.output).toBe('');
    expect(terminal.keyboard.rawModes).toEqual([true, false]);
    expect(terminal.keyboard.listenerCount('data')).toBe(0);
    expect(terminal.keyboard.isPaused()).toBe(true);
  });

  it('stops the echo before it asks (SEC-19)', async () => {
    const terminal = new FakeTerminal({ isTTY: true });
    const orders: string[] = [];
    terminal.error = (text) => void orders.push(text);
    terminal.keyboard.setRawMode = (isRaw) => {
      orders.push(isRaw ? 'echo off' : 'echo on');
      return terminal.keyboard;
    };
    const password = newPassword(terminal, false);
    terminal.keyboard.write('x\rx\r');
    await password;
    expect(orders).toEqual(['echo off', 'Password: ', '\nAgain: ', '\n', 'echo on']);
  });

  it.each([
    ['both lines in one go', ['sesame\rsesame\r']],
    ['line ends of another system', ['sesame\r\nsesame\r\n']],
    ['key by key', [...'sesame\rsesame\r']],
    ['corrected with backspace', ['sesamx\u007fe\rsesaa\bme\r']],
    ['started over with Ctrl-U', ['wrong\u0015sesame\rsesame\r']],
    ['ended with Ctrl-D', ['sesame\u0004sesame\u0004']],
  ])('understands a password typed %s', async (_how, chunks) => {
    expect(await typed(...chunks)).toBe('sesame');
  });

  it('understands characters of several bytes, also cut in the middle, and deletes them whole', async () => {
    const bytes = Buffer.from('s\u00e9same\ud83d\ude00x\u007f\u007f\r');
    const cut = bytes.indexOf(0xa9);
    expect(await typed(bytes.subarray(0, cut), bytes.subarray(cut), 's\u00e9same\r')).toBe('s\u00e9same');
  });

  it('refuses two passwords that differ', async () => {
    await expect(typed('sesame\rsesami\r')).rejects.toThrow(
      new CommandError('the two passwords differ; nothing was changed'),
    );
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-C after some keys', 'ses\u0003'],
    ['Ctrl-D on an empty line', '\u0004'],
  ])('gives up on %s', async (_what, keys) => {
    await expect(typed(keys)).rejects.toThrow('no password was typed; nothing was changed');
  });

  it('gives up when the terminal goes away', async () => {
    const terminal = new FakeTerminal({ isTTY: true });
    const password = newPassword(terminal, false);
    terminal.keyboard.end('ses');
    await expect(password).rejects.toThrow('no password was typed');
    expect(terminal.keyboard.rawModes).toEqual([true, false]);
  });
});

describe('newPassword from elsewhere', () => {
  it.each([
    ['sesame\n', 'sesame'],
    ['sesame\r\nmore\n', 'sesame'],
    ['sesame', 'sesame'],
    [' s p \n', ' s p '],
  ])('takes the first line of the standard input: %j', async (input, password) => {
    expect(await newPassword(new FakeTerminal({ input }), true)).toBe(password);
  });

  it.each(['', '\n', '\nsesame\n'])('refuses an empty first line: %j', async (input) => {
    await expect(newPassword(new FakeTerminal({ input }), true)).rejects.toThrow(
      'no password in its first line',
    );
  });

  it('does not read an endless line to its end (SEC-13)', async () => {
    const terminal = new FakeTerminal();
    terminal.keyboard.write('x'.repeat(10_000));
    expect(await newPassword(terminal, true)).toHaveLength(10_000);
  });

  it('takes WEBIFI_PASSWORD, unless the standard input is asked for', async () => {
    const env = { WEBIFI_PASSWORD: 'from outside' };
    expect(await newPassword(new FakeTerminal({ env, isTTY: true }), false)).toBe('from outside');
    expect(await newPassword(new FakeTerminal({ env, input: 'sesame\n' }), true)).toBe('sesame');
  });

  it('says how to give it when there is nobody to ask', async () => {
    await expect(newPassword(new FakeTerminal(), false)).rejects.toThrow(
      new UsageError('no terminal to ask for the password; use --password-stdin or set WEBIFI_PASSWORD'),
    );
  });
});
