import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/relay/metrics';

describe('Metrics', () => {
  it('writes Prometheus text in the order of registration', () => {
    const metrics = new Metrics();
    let logins = 0;
    metrics.counter('webifi_logins_total', 'Logins that were accepted.', () => logins);
    let sessions = 3;
    metrics.gauge('webifi_sessions', 'Sessions now.', () => sessions);
    logins = 5;
    sessions = 2;
    expect(metrics.render()).toBe(
      [
        '# HELP webifi_logins_total Logins that were accepted.',
        '# TYPE webifi_logins_total counter',
        'webifi_logins_total 5',
        '# HELP webifi_sessions Sessions now.',
        '# TYPE webifi_sessions gauge',
        'webifi_sessions 2',
        '',
      ].join('\n'),
    );
  });

  it('is empty without metrics', () => {
    expect(new Metrics().render()).toBe('');
  });

  it('escapes line ends and backslashes of the help text', () => {
    const metrics = new Metrics();
    metrics.counter('a', 'one\\two\nthree', () => 1);
    expect(metrics.render()).toContain('# HELP a one\\\\two\\nthree\n');
  });

  it.each([
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [0.5, '0.5'],
    [-1, '-1'],
  ])('writes the gauge value %s as %s', (value, text) => {
    const metrics = new Metrics();
    metrics.gauge('a', 'help', () => value);
    expect(metrics.render()).toMatch(new RegExp(`\\na ${text.replace('+', '\\+')}\\n$`));
  });

  it('refuses a name that is taken or would break the format', () => {
    const metrics = new Metrics();
    metrics.counter('a', 'help', () => 1);
    expect(() => metrics.gauge('a', 'help', () => 1)).toThrow('registered already');
    for (const name of ['', '1a', 'a b', 'a\n', 'a{x="y"}'])
      expect(() => metrics.counter(name, 'help', () => 1)).toThrow('metric name');
    expect(() => metrics.counter('__proto__', 'help', () => 1)).not.toThrow();
  });
});
