import { describe, expect, it } from 'vitest';
import { parseFramesOptions } from '../../../src/cli/frames-options';
import { UsageError } from '../../../src/cli/failures';

const URL_WORD = 'ws://host/';
const parse = (args: string[], env: Record<string, string> = {}) => {
  const options = parseFramesOptions(args, env);
  if (options === 'help') throw new Error('the help text was asked for');
  return options;
};

describe('options of webifi frames', () => {
  it('without any: Pings and the Close are answered by the console, certificates are checked', () => {
    const { url, autoPong, autoClose, waitMs, json, connect } = parse([URL_WORD]);
    expect({ url, autoPong, autoClose, waitMs, json }).toEqual({
      url: URL_WORD,
      autoPong: true,
      autoClose: true,
      waitMs: 0,
      json: false,
    });
    expect(connect).toMatchObject({ autoPong: false, autoClose: false, deliverPongs: true });
    expect(connect.tls).toEqual({ insecure: false });
    expect(connect).not.toHaveProperty('connect');
    expect(connect).not.toHaveProperty('auth');
  });

  it('hands on what is given', () => {
    const { autoPong, autoClose, waitMs, json, connect } = parse([
      ...[URL_WORD, '--header', 'Cookie: a=b:c', '--header', 'X:y', '--origin', 'https://page', '--json'],
      ...['--protocol', 'a,b', '--auth', 'me:pass:word', '--insecure', '--no-auto-pong', '--no-auto-close'],
      ...['--unsafe-close-code', '--max-frame-size', '10', '--timeout', '5000', '--wait', '20'],
      ...['--proxy', 'socks5://proxy:1'],
    ]);
    expect({ autoPong, autoClose, waitMs, json }).toEqual({ autoPong: false, autoClose: false, waitMs: 20, json: true });
    expect(connect).toMatchObject({
      headers: [
        ['Cookie', 'a=b:c'],
        ['X', 'y'],
        ['Origin', 'https://page'],
      ],
      protocols: ['a', 'b'],
      auth: { basic: { username: 'me', password: 'pass:word' } },
      tls: { insecure: true },
      unsafeCloseCode: true,
      maxFrameSize: 10,
      connectTimeoutMs: 5000,
      handshakeTimeoutMs: 5000,
      idleTimeoutMs: 5000,
      closeTimeoutMs: 5000,
    });
    expect(connect.connect).toBeTypeOf('function');
  });

  it('SEC-19: takes secrets from the environment, where other users cannot see them', () => {
    expect(parse([URL_WORD], { WEBIFI_BEARER: 't' }).connect.auth).toEqual({ bearer: 't' });
    expect(parse([URL_WORD], { WEBIFI_AUTH: 'a:b' }).connect.auth).toEqual({ basic: { username: 'a', password: 'b' } });
    expect(parse([URL_WORD, '--auth', 'a:b'], { WEBIFI_BEARER: 't' }).connect.auth).toHaveProperty('basic');
    expect(parse([URL_WORD], { WEBIFI_PROXY: 'http://a:b@proxy' }).connect.connect).toBeTypeOf('function');
  });

  it('gives no limit for a timeout of 0', () => {
    expect(parse([URL_WORD, '--timeout', '0']).connect).toMatchObject({ connectTimeoutMs: 0, closeTimeoutMs: 2 ** 31 - 1 });
  });

  it('finds the wish for help', () => {
    expect(parseFramesOptions(['--help'], {})).toBe('help');
  });

  it.each([
    [[], 'the URL is missing'],
    [[URL_WORD, 'canary-secret'], '1 argument too many'],
    [[URL_WORD, '--proxi', 'canary-secret'], 'did you mean --proxy?'],
    [[URL_WORD, '--proxy', 'ftp://a:canary-secret@b'], '--proxy must be a URL'],
    [[URL_WORD, '--header', 'canary-secret'], '--header needs the form'],
    [[URL_WORD, '--auth', 'canary-secret'], '--auth needs the form'],
    [[URL_WORD, '--auth', 'a:canary-secret', '--bearer', 'b'], '--auth or --bearer'],
    [[URL_WORD, '--ca', '/nowhere/canary-secret'], '(ENOENT)'],
    [[URL_WORD, '--timeout', 'canary-secret'], '--timeout must be a number'],
    [[URL_WORD, '--wait', '99999999999'], '--wait must be a number'],
    [[URL_WORD, '--max-frame-size', '0'], '--max-frame-size must be a number'],
    [[URL_WORD, '--protocol', 'a,,b'], '--protocol holds an empty name'],
  ])('SEC-19: %j is refused without repeating it', (args, text) => {
    const refuse = () => parseFramesOptions(args, {});
    expect(refuse).toThrow(UsageError);
    expect(refuse).toThrow(text);
    expect(refuse).not.toThrow('canary-secret');
  });
});
