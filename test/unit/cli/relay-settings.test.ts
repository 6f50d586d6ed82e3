import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/failures';
import { relaySettings } from '../../../src/cli/relay-settings';

const TLS = ['--tls-cert', 'c.pem', '--tls-key', 'k.pem'];

function settings(args: string[], env: Record<string, string> = {}) {
  const result = relaySettings(args, env);
  if (result === 'help') throw new Error('help was asked for');
  return result;
}

describe('relaySettings', () => {
  it('listens on loopback, serves the page and reads the default file when told nothing', () => {
    expect(settings([])).toEqual({
      host: '127.0.0.1',
      port: 9324,
      accounts: { type: 'default file' },
      tls: undefined,
      requireTls: false,
      names: {},
      deflates: false,
      logFormat: 'text',
      servesPage: true,
    });
  });

  it('takes every option', () => {
    const args = [
      '--host',
      '0.0.0.0',
      '--port=0',
      '--public-host',
      'relay.example',
      '--public-ip=192.0.2.1',
      '--allowed-host=relay.example',
      '--allowed-host=192.0.2.1:9324',
      '--allowed-origin=https://example.org',
      '--deflate',
      '--log',
      'json',
      '--no-page',
    ];
    expect(settings([...args, ...TLS, '--require-tls', '--accounts', 'a.json'])).toEqual({
      host: '0.0.0.0',
      port: 0,
      accounts: { type: 'file', path: 'a.json' },
      tls: { certFile: 'c.pem', keyFile: 'k.pem' },
      requireTls: true,
      names: {
        publicHost: 'relay.example',
        publicIp: '192.0.2.1',
        allowedHosts: ['relay.example', '192.0.2.1:9324'],
        allowedOrigins: ['https://example.org'],
      },
      deflates: true,
      logFormat: 'json',
      servesPage: false,
    });
  });

  it('takes accounts with and without networks, several times', () => {
    const { accounts } = settings(['--account', 'lamp:sesame', '--account', '__proto__:x:garden, cellar']);
    expect(accounts).toEqual({
      type: 'inline',
      accounts: [
        { connectName: 'lamp', password: 'sesame' },
        { connectName: '__proto__', password: 'x', networks: ['garden', 'cellar'] },
      ],
    });
  });

  it('takes an account from the environment, and an option before it', () => {
    const env = { WEBIFI_ACCOUNT: 'lamp:sesame:garden' };
    expect(settings([], env).accounts).toEqual({
      type: 'inline',
      accounts: [{ connectName: 'lamp', password: 'sesame', networks: ['garden'] }],
    });
    expect(settings(['--accounts', 'a.json'], env).accounts.type).toBe('file');
    expect(settings(['--open-access'], env).accounts.type).toBe('open');
    expect(settings(['--account', 'a:b'], env).accounts).toMatchObject({ accounts: [{ connectName: 'a' }] });
    expect(settings([], { WEBIFI_ACCOUNT: '' }).accounts.type).toBe('default file');
  });

  it.each([
    [['--port', 'http'], /--port must be a number/],
    [['--host', ''], /--host is empty/],
    [['--public-host', 'http://x/'], /--public-host must be a name or an address/],
    [['--public-ip', 'a b'], /--public-ip must be a name or an address/],
    [['--allowed-host', 'a', '--allowed-host', ''], /--allowed-host must be a name or an address/],
    [['--allowed-origin', 'https://example.org/page'], /--allowed-origin must be scheme, host and port/],
    [['--log', 'xml'], /--log is json or text/],
    [['--tls-cert', 'c.pem'], /--tls-cert and --tls-key go together/],
    [['--tls-key', 'k.pem'], /--tls-cert and --tls-key go together/],
    [['--accounts', 'a', '--account', 'a:b'], /one of --account, --accounts and --open-access/],
    [['--open-access', '--accounts', 'a'], /one of --account, --accounts and --open-access/],
    [['--account', 'lamp'], /--account must be name:password/],
    [['--account', 'a:b:c:d'], /for a colon in a name or password use --accounts/],
    [['--account', ':x'], /--account: the connect name is empty/],
    [['--account', 'a:'], /--account: the password is empty/],
    [['--account', 'a:b:'], /--account holds an empty name/],
    [['--account', 'a:b', '--account', 'a:c'], /--account number 2: the connect name was used/],
    [['--account', 'a:b:x,x'], /a network is named twice/],
  ])('refuses %j', (args, problem) => {
    expect(() => settings(args)).toThrow(problem);
    expect(() => settings(args)).toThrow(UsageError);
  });

  it.each(['lamp:SeSaMe:a:b', 'SeSaMe', ':SeSaMe', 'lamp:SeSaMe:,', `x:${'SeSaMe'.repeat(300)}`])(
    'a faulty account is never repeated in the text: %.20s (SEC-19)',
    (account) => {
      expect(() => settings(['--account', account])).toThrow(expect.not.stringContaining('SeSaMe') as string);
      expect(() => settings([], { WEBIFI_ACCOUNT: account })).toThrow(/^WEBIFI_ACCOUNT(?!.*SeSaMe)/);
    },
  );

  it('--require-tls is refused without a certificate (SEC-3)', () => {
    expect(() => settings(['--require-tls'])).toThrow('--require-tls needs --tls-cert and --tls-key');
    expect(settings([...TLS, '--require-tls']).requireTls).toBe(true);
  });

  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('--open-access goes with %s (SEC-29)', (host) => {
    expect(settings(['--open-access', '--host', host]).accounts).toEqual({ type: 'open' });
  });

  it.each([
    '0.0.0.0',
    '::',
    '192.0.2.1',
    'relay.example',
    '127.evil.example',
    '127.0.0.1.evil.example',
    '::ffff:1.2.3.4',
  ])('--open-access is refused with %s (SEC-29)', (host) => {
    expect(() => settings(['--open-access', '--host', host])).toThrow(/loopback/);
    expect(() => settings(['--open-access', '--host', host])).toThrow(UsageError);
  });
});
