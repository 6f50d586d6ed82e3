import { describe, expect, it } from 'vitest';
import { parseChatOptions } from '../../../src/cli/chat-options';

const ACCOUNT = ['--connect-name', 'home', '--connect-password', 'canary-word'];

describe('webifi chat: options', () => {
  it('has defaults for all but the account', () => {
    expect(parseChatOptions(ACCOUNT, {})).toEqual({
      server: 'http://127.0.0.1:9324',
      connectName: 'home',
      connectPassword: 'canary-word',
      networkNames: ['network 1'],
      name: 'chat',
      useWebSocket: true,
      useEncryption: false,
    });
  });

  it('takes every option', () => {
    const args = ['--server', 'http://10.1.1.1:8080', '--networks', 'a, b c', '--name', 'den', '--transport', 'polling'];
    expect(parseChatOptions([...ACCOUNT, ...args, '--encryption'], {})).toMatchObject({
      server: 'http://10.1.1.1:8080',
      networkNames: ['a', 'b c'],
      name: 'den',
      useWebSocket: false,
      useEncryption: true,
    });
  });

  it('encrypts when the address says so', () => {
    expect(parseChatOptions([...ACCOUNT, '--server', 'https://relay.example'], {})).toMatchObject({ useEncryption: true });
  });

  it('takes address, name and password from the environment; an option wins', () => {
    const env = { WEBIFI_SERVER: 'http://h:1', WEBIFI_CONNECT_NAME: 'env', WEBIFI_CONNECT_PASSWORD: 'pw' };
    expect(parseChatOptions([], env)).toMatchObject({ server: 'http://h:1', connectName: 'env', connectPassword: 'pw' });
    expect(parseChatOptions(['--connect-name', 'arg'], env)).toMatchObject({ connectName: 'arg' });
  });

  it.each([
    ['no connect name', ['--connect-password', 'canary-word'], /--connect-name is missing.*WEBIFI_CONNECT_NAME/],
    ['no password', ['--connect-name', 'home'], /--connect-password is missing.*WEBIFI_CONNECT_PASSWORD/],
    ['an unknown transport', [...ACCOUNT, '--transport', 'pigeon'], /websocket or polling/],
    ['an address of another kind', [...ACCOUNT, '--server', 'ftp://h'], /--server must be/],
    ['an address with a path', [...ACCOUNT, '--server', 'http://h/relay'], /without a path/],
    ['an address with a password', [...ACCOUNT, '--server', 'http://u:canary@h'], /--server must be/],
    ['an empty network', [...ACCOUNT, '--networks', 'a,,b'], /--networks/],
    ['an unknown option', [...ACCOUNT, '--conect-name', 'x'], /--conect-name/],
    ['a stray word', [...ACCOUNT, 'hello'], /argument/],
  ])('SEC-19: says what is wrong with %s and never the password', (_what, args, pattern) => {
    expect(() => parseChatOptions(args, {})).toThrow(pattern);
    expect(() => parseChatOptions(args, {})).not.toThrow(/canary/);
  });
});
