import { describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/cli/commands';
import { packageVersion } from '../../../src/cli/package-folder';
import { FakeTerminal } from '../../helpers/fake-terminal';

async function webifi(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await dispatch(args, terminal);
  return { code, output: terminal.output, errors: terminal.errors };
}

describe('dispatch', () => {
  it.each(['--help', '-h', 'help'])('%s lists the commands', async (word) => {
    const { code, output, errors } = await webifi(word);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    for (const command of ['relay', 'account', 'chat', 'frames'])
      expect(output).toMatch(new RegExp(`^  ${command} +\\w`, 'm'));
  });

  it.each(['--version', '-v'])('%s prints the version alone', async (word) => {
    expect(await webifi(word)).toEqual({ code: 0, output: `${packageVersion()}\n`, errors: '' });
    expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('nothing at all is a usage error that shows the help', async () => {
    const { code, output, errors } = await webifi();
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toMatch(/^Usage: webifi COMMAND/);
  });

  it.each([
    ['relya', 'webifi: there is no command "relya"; did you mean relay?\nSee "webifi --help".\n'],
    ['frobnicate', 'webifi: there is no command "frobnicate"\nSee "webifi --help".\n'],
    ['__proto__', 'webifi: there is no command "__proto__"\nSee "webifi --help".\n'],
    ['a\u001b[2Jb', 'webifi: there is no command "a\\x1b[2Jb"\nSee "webifi --help".\n'],
  ])('%j is no command (SEC-12, SEC-19)', async (word, errors) => {
    expect(await webifi(word)).toEqual({ code: 2, output: '', errors });
  });

  it.each(['relay', 'account', 'chat', 'frames'])('%s --help prints its own text', async (command) => {
    const { code, output } = await webifi(command, '--help');
    expect(code).toBe(0);
    expect(output).toMatch(new RegExp(`^Usage: webifi ${command}`));
  });

  it('a command line that cannot be followed gives code 2, one line and a pointer', async () => {
    expect(await webifi('relay', '--prot', '1')).toEqual({
      code: 2,
      output: '',
      errors: 'webifi relay: there is no option --prot; did you mean --port?\nSee "webifi relay --help".\n',
    });
  });

  it('a failure gives code 1 and one line', async () => {
    const { code, output, errors } = await webifi(
      'account',
      'list',
      '--accounts',
      '/nonexistent/accounts.json',
    );
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(
      /^webifi account: Account file \/nonexistent\/accounts\.json: there is no such file; [^\n]+\n$/,
    );
  });
});
