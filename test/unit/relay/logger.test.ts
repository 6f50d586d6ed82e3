import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, type LoggerOptions, silentLogger } from '../../../src/relay/logger';

const NOW = new Date('2030-01-02T03:04:05.678Z');
const FORMATS = ['json', 'text'] as const;

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    format: 'json',
    write: (line) => lines.push(line),
    now: () => NOW,
    ...options,
  });
  return { logger, lines };
}

describe('createLogger', () => {
  it('writes one JSON object per line', () => {
    const { logger, lines } = capture();
    logger.info('login', {
      connectName: 'lamp',
      sessionId: 17,
      isRight: true,
      nothing: undefined,
      list: [1, 'a', null],
    });
    expect(lines).toEqual([
      '{"time":"2030-01-02T03:04:05.678Z","level":"info","event":"login","connectName":"lamp","sessionId":17,"isRight":true,"list":[1,"a",null]}',
    ]);
  });

  it('writes text for people, quoted where that is needed', () => {
    const { logger, lines } = capture({ format: 'text' });
    logger.warn('slow peer', {
      connectName: 'living room',
      host: '127.0.0.1',
      empty: '',
      waiting: 12,
      nothing: undefined,
    });
    expect(lines).toEqual([
      '2030-01-02T03:04:05.678Z warn  slow peer connectName="living room" host=127.0.0.1 empty="" waiting=12',
    ]);
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = capture({ level: 'warn' });
    logger.debug('a');
    logger.info('b');
    logger.warn('c');
    logger.error('d');
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['c', 'd']);
  });

  it('fields cannot replace time, level and event', () => {
    const { logger, lines } = capture();
    logger.info('login', { time: 'x', level: 'error', event: 'forged' });
    expect(lines).toEqual(['{"time":"2030-01-02T03:04:05.678Z","level":"info","event":"login"}']);
  });

  it('the silent logger accepts everything', () => {
    expect(() => silentLogger.error('anything', { password: 'x' })).not.toThrow();
  });
});

describe.each(FORMATS)('secrets in the %s form (SEC-19)', (format) => {
  const CANARY = 'CaNaRy9f3a7c5e1b8d2f604';
  const DEVICE_ID = `1234567s${CANARY}${CANARY}`;
  const nameList = [
    'password',
    'connectPassword',
    'cp',
    'id',
    'deviceId',
    'd',
    'data',
    'xr',
    'xu',
    'authorization',
  ];
  const names = [...nameList, ...nameList.map((name) => name.toUpperCase()), 'Cookie', 'token'];

  it.each(names)('the value of %s is never written, at any depth', (name) => {
    const { logger, lines } = capture({ format });
    const shapes: unknown[] = [CANARY, [CANARY], { a: CANARY }, Buffer.from(CANARY), new Error(CANARY)];
    for (const value of shapes) {
      logger.info('flat', { [name]: value });
      logger.error('deep', { request: { fields: [{ [name]: value }] } });
      logger.error('map', { fields: new Map([[name, value]]) });
    }
    expect(lines).toHaveLength(15);
    expect(lines.join('\n')).not.toContain(CANARY);
    for (const line of lines) expect(line).toContain('[redacted]');
  });

  it.each([
    ['tilde fields', `~p=1~cn=lamp~cp=${CANARY}~ec=1`],
    ['an escaped tilde field', `~cp=a~~b${CANARY}~-${CANARY}~ec=1`],
    ['a message', `~n=net~dt=type~d=${CANARY}~t=1`],
    ['a resume token', `~xr=${CANARY}~xu=${CANARY}`],
    ['a device id', DEVICE_ID],
    ['a device id in a sentence', `no session for ${DEVICE_ID}, closing`],
    ['a field with a device id', `~id=${DEVICE_ID}~t=1`],
  ])('%s inside a text, an error, its cause or a key loses its secret', (_what, text) => {
    const { logger, lines } = capture({ format });
    logger.info(text, { note: text });
    logger.info('error', { error: new Error(text, { cause: new Error(text) }) });
    logger.info('key', { [text]: 1, nested: { [text]: [text] } });
    expect(lines).toHaveLength(3);
    expect(lines.join('\n')).not.toContain(CANARY);
  });

  it('keeps what is public: session ids, connect names, error texts', () => {
    const { logger, lines } = capture({ format });
    logger.info('closed', { sessionId: '1234567', connectName: 'lamp', error: new TypeError('bad frame') });
    expect(lines[0]).toContain('1234567');
    expect(lines[0]).toContain('lamp');
    expect(lines[0]).toContain('TypeError: bad frame');
  });

  it('no text can start a new line, hide itself or steer a terminal', () => {
    const { logger, lines } = capture({ format });
    const hostile = 'a\r\nforged\u001b[2J\u0000\u0085\u009b\u2028\u202eevil\u2066\ud800';
    logger.info(hostile, { name: hostile, [hostile]: 1 });
    // eslint-disable-next-line no-control-regex
    expect(lines[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800]/);
    expect(lines[0]).toContain('forged');
  });

  it('whatever is logged gives one line', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.string(), fc.anything({ withBigInt: true })),
        (event, fields) => {
          const { logger, lines } = capture({ format });
          logger.info(event, fields);
          expect(lines).toHaveLength(1);
          expect(lines[0]).not.toMatch(/[\r\n]/);
          if (format === 'json') expect(() => void JSON.parse(lines[0] ?? '')).not.toThrow();
        },
      ),
    );
  });
});

describe('bounds (SEC-13)', () => {
  it('cuts long texts and long lists, and stops in circles', () => {
    const { logger, lines } = capture();
    const circle: Record<string, unknown> = { name: 'x' };
    circle['self'] = circle;
    logger.info('big', {
      text: 'x'.repeat(1_000_000),
      list: Array(100_000).fill(1),
      bytes: new Uint8Array(1e6),
      circle,
    });
    expect(lines[0]?.length).toBeLessThan(2000);
    expect(lines[0]).toContain('[1000000 bytes]');
    expect(lines[0]).toContain('[deeper]');
  });

  it('a secret that lies across the cut does not show its first half (SEC-19)', () => {
    const { logger, lines } = capture();
    for (let shift = 0; shift < 60; shift++)
      logger.info('x', { text: `${'y'.repeat(970 + shift)}~cp=CANARY~ec=1` });
    expect(lines.join('\n')).not.toMatch(/~cp=C/);
  });

  it('keys such as __proto__ are data (SEC-12)', () => {
    const { logger, lines } = capture();
    logger.info('x', JSON.parse('{"__proto__":{"polluted":1},"constructor":2}') as Record<string, unknown>);
    expect(lines[0]).toContain('"__proto__":{"polluted":1},"constructor":2');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
