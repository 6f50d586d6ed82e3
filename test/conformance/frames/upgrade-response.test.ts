import { describe, expect, it } from 'vitest';
import { checkUpgradeResponse, type UpgradeResponse } from '../../../src/frames/handshake';
import { ACCEPT, KEY, replaced, type Pairs } from './header-pairs';

const MEMBER_NAMES: Pairs = [
  ['__proto__', ''],
  ['constructor', ''],
  ['a', ''],
];

describe('RFC 6455, opening handshake: the response, judged by a client', () => {
  const HEADERS: Pairs = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', ACCEPT],
  ];

  interface ResponseRow {
    rule: string;
    title: string;
    response?: Partial<UpgradeResponse>;
    offered?: string[];
    requireProtocol?: boolean;
    /** What must come out; a string is a word in the message of the refusal. */
    expect: { ok: true; protocol: string | undefined } | { interim: boolean; says: string };
  }
  const fine = { ok: true as const, protocol: undefined };
  const bad = (says: string) => ({ interim: false, says });

  const ROWS: ResponseRow[] = [
    { rule: 'F-11', title: '101 over HTTP/1.1', expect: fine },
    { rule: 'F-11', title: '101 over HTTP/1.0', response: { httpVersion: '1.0' }, expect: bad('HTTP/1.0') },
    { rule: 'F-11', title: '101 over HTTP/2', response: { httpVersion: '2.0' }, expect: bad('HTTP/2.0') },
    ...[200, 204, 301, 302, 307, 400, 401, 403, 404, 426, 500, 503].map((status) => ({
      rule: status >= 300 && status < 400 ? 'F-20' : 'F-21',
      title: `status ${status}`,
      response: { status },
      expect: bad(String(status)),
    })),
    ...[100, 102, 103].map((status) => ({
      rule: 'F-12',
      title: `status ${status}: the real answer is still to come`,
      response: { status, headers: [] },
      expect: { interim: true, says: String(status) },
    })),
    ...['websocket', 'WebSocket', 'WEBSOCKET', ' websocket\t', 'h2c, websocket'].map((value) => ({
      rule: 'F-13',
      title: `Upgrade: ${JSON.stringify(value)}`,
      response: { headers: replaced(HEADERS, 'Upgrade', value) },
      expect: fine,
    })),
    ...[[], [''], ['websockets'], ['web socket'], ['websocket/13'], ['h2c']].map((values) => ({
      rule: 'F-13',
      title: `Upgrade: ${JSON.stringify(values)}`,
      response: { headers: replaced(HEADERS, 'Upgrade', ...values) },
      expect: bad('Upgrade: websocket'),
    })),
    ...[
      ['upgrade'],
      ['UPGRADE'],
      ['keep-alive, Upgrade'],
      ['Upgrade,keep-alive'],
      ['keep-alive', 'upgrade'],
      [' , Upgrade ,'],
    ].map((values) => ({
      rule: 'F-14',
      title: `Connection: ${JSON.stringify(values)}`,
      response: { headers: replaced(HEADERS, 'Connection', ...values) },
      expect: fine,
    })),
    ...[[], ['keep-alive'], ['close'], ['up grade'], ['Upgraded'], ['"Upgrade"']].map((values) => ({
      rule: 'F-14',
      title: `Connection: ${JSON.stringify(values)}`,
      response: { headers: replaced(HEADERS, 'Connection', ...values) },
      expect: bad('Connection: Upgrade'),
    })),
    ...[` ${ACCEPT}`, `${ACCEPT} `, `\t ${ACCEPT}\t `].map((value) => ({
      rule: 'F-15',
      title: `Accept with blanks around: ${JSON.stringify(value)}`,
      response: { headers: replaced(HEADERS, 'sec-websocket-accept', value) },
      expect: fine,
    })),
    ...[[], [ACCEPT, ACCEPT], [ACCEPT, 'x']].map((values) => ({
      rule: 'F-15',
      title: `${values.length} Accept headers`,
      response: { headers: replaced(HEADERS, 'Sec-WebSocket-Accept', ...values) },
      expect: bad('instead of one'),
    })),
    ...[
      '',
      ACCEPT.toUpperCase(),
      ACCEPT.toLowerCase(),
      ACCEPT.slice(1),
      `${ACCEPT}=`,
      `\u00a0${ACCEPT}`,
      KEY,
    ].map((value) => ({
      rule: 'F-15',
      title: `Accept ${JSON.stringify(value)}`,
      response: { headers: replaced(HEADERS, 'Sec-WebSocket-Accept', value) },
      expect: bad('does not belong'),
    })),
    ...[
      'permessage-deflate',
      'x-unknown; a=1',
      'constructor',
      '__proto__',
      'permessage-deflate; server_max_window_bits=15',
    ].map((value) => ({
      rule: value.includes(';') ? 'F-17' : 'F-16',
      title: `extension ${value}, not offered`,
      response: { headers: replaced(HEADERS, 'Sec-WebSocket-Extensions', value) },
      expect: bad('extension'),
    })),
    {
      rule: 'F-18',
      title: 'a subprotocol that was offered',
      offered: ['a', 'b'],
      response: { headers: replaced(HEADERS, 'Sec-WebSocket-Protocol', 'b ') },
      expect: { ok: true, protocol: 'b' },
    },
    ...[['c'], ['A'], ['a, b'], ['']].map((values) => ({
      rule: 'F-18',
      title: `subprotocol ${JSON.stringify(values)}, offered a and b`,
      offered: ['a', 'b'],
      response: { headers: replaced(HEADERS, 'Sec-WebSocket-Protocol', ...values) },
      expect: bad('not offered'),
    })),
    {
      rule: 'F-18',
      title: 'two subprotocol headers',
      offered: ['a', 'b'],
      response: { headers: replaced(HEADERS, 'Sec-WebSocket-Protocol', 'a', 'a') },
      expect: bad('more than one'),
    },
    {
      rule: 'F-18',
      title: 'a subprotocol when none was offered',
      response: { headers: replaced(HEADERS, 'Sec-WebSocket-Protocol', 'a') },
      expect: bad('not offered'),
    },
    { rule: 'F-19', title: 'no subprotocol although some were offered', offered: ['a'], expect: bad('none') },
    {
      rule: 'F-19',
      title: 'the same with requireProtocol off',
      offered: ['a'],
      requireProtocol: false,
      expect: fine,
    },
    {
      rule: 'F-22',
      title: 'a header block just within 16 KiB',
      response: { headers: [...HEADERS, ['X', 'x'.repeat(16_384 - 5 - blockLength(HEADERS))]] },
      expect: fine,
    },
    {
      rule: 'F-22',
      title: 'a header block one byte above 16 KiB',
      response: { headers: [...HEADERS, ['X', 'x'.repeat(16_384 - 4 - blockLength(HEADERS))]] },
      expect: bad('more than 16384'),
    },
    {
      rule: 'F-22',
      title: 'an informational answer with too large a block is not skipped',
      response: { status: 103, headers: [['Link', 'x'.repeat(20_000)]] },
      expect: bad('more than 16384'),
    },
    {
      rule: 'SEC section 7',
      title: '1,200 headers with names of object members in front',
      response: { headers: [...Array.from({ length: 400 }, () => MEMBER_NAMES).flat(), ...HEADERS] },
      expect: fine,
    },
  ];

  function blockLength(headers: Pairs): number {
    return headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  }

  for (const row of ROWS) {
    it(`${row.rule}: ${row.title}`, () => {
      const response = { httpVersion: '1.1', status: 101, headers: HEADERS, ...row.response };
      const options = row.requireProtocol === undefined ? {} : { requireProtocol: row.requireProtocol };
      const result = checkUpgradeResponse({ key: KEY, protocols: row.offered ?? [] }, response, options);
      if ('ok' in row.expect) {
        expect(result).toEqual(row.expect);
      } else {
        const { interim, says } = row.expect;
        expect(result).toEqual({
          ok: false,
          interim,
          status: response.status,
          message: expect.stringContaining(says) as string,
        });
      }
    });
  }
});
