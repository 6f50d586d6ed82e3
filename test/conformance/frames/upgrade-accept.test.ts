import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  acceptUpgrade,
  checkUpgradeResponse,
  createUpgradeRequest,
  type IncomingUpgrade,
} from '../../../src/frames/handshake';
import { ACCEPT, KEY, replaced, type Pairs } from './header-pairs';

describe('RFC 6455, opening handshake: the request, judged by a server', () => {
  const HEADERS: Pairs = [
    ['Host', 'relay.example:9324'],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', KEY],
    ['Sec-WebSocket-Version', '13'],
  ];

  interface RequestRow {
    rule: string;
    title: string;
    request?: Partial<IncomingUpgrade>;
    protocols?: string[];
    /** Status of the refusal, or the headers of the 101 response. */
    expect: number | Pairs;
  }
  const accepted: Pairs = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', ACCEPT],
  ];
  const header = (name: string, ...values: string[]) => ({ headers: replaced(HEADERS, name, ...values) });

  const ROWS: RequestRow[] = [
    { rule: 'F-3', title: 'the request of the RFC gets its answer', expect: accepted },
    {
      rule: 'F-3',
      title: 'names in lower case',
      request: { headers: HEADERS.map(([n, v]): [string, string] => [n.toLowerCase(), v]) },
      expect: accepted,
    },
    ...['POST', 'HEAD', 'get', 'CONNECT', ''].map((method) => ({
      rule: 'F-1',
      title: `method ${JSON.stringify(method)}`,
      request: { method },
      expect: 405,
    })),
    ...['1.0', '0.9', '2.0', ''].map((httpVersion) => ({
      rule: 'F-1',
      title: `HTTP version ${JSON.stringify(httpVersion)}`,
      request: { httpVersion },
      expect: 400,
    })),
    { rule: 'F-2', title: 'no Host', request: header('Host'), expect: 400 },
    { rule: 'F-2', title: 'two Hosts', request: header('Host', 'a', 'b'), expect: 400 },
    ...[['WebSocket'], [' websocket '], ['h2c, websocket'], ['h2c', 'WEBSOCKET']].map((values) => ({
      rule: 'F-13',
      title: `Upgrade ${JSON.stringify(values)}`,
      request: header('Upgrade', ...values),
      expect: accepted,
    })),
    ...[[], [''], ['h2c'], ['websocket2']].map((values) => ({
      rule: 'F-13',
      title: `Upgrade ${JSON.stringify(values)}`,
      request: header('Upgrade', ...values),
      expect: 426,
    })),
    ...[['keep-alive, Upgrade'], ['UPGRADE'], ['keep-alive', 'upgrade']].map((values) => ({
      rule: 'F-14',
      title: `Connection ${JSON.stringify(values)}`,
      request: header('Connection', ...values),
      expect: accepted,
    })),
    ...[[], ['keep-alive'], ['close']].map((values) => ({
      rule: 'F-14',
      title: `Connection ${JSON.stringify(values)}`,
      request: header('Connection', ...values),
      expect: 426,
    })),
    ...[[], [''], ['8'], ['12'], ['14'], ['013'], ['13, 8'], ['13', '13']].map((values) => ({
      rule: 'F-3',
      title: `version ${JSON.stringify(values)}`,
      request: header('Sec-WebSocket-Version', ...values),
      expect: 426,
    })),
    {
      rule: 'F-3',
      title: 'a key with blanks around',
      request: header('Sec-WebSocket-Key', ` ${KEY}\t`),
      expect: accepted,
    },
    ...[
      [],
      [''],
      [KEY, KEY],
      [KEY.slice(1)],
      [`A${KEY}`],
      [KEY.replace('==', '=A')],
      [KEY.replace('d', '-')],
      [`${KEY}\r\nX: y`],
      ['='.repeat(24)],
    ].map((values) => ({
      rule: 'F-3',
      title: `key ${JSON.stringify(values)}`,
      request: header('Sec-WebSocket-Key', ...values),
      expect: 400,
    })),
    ...['permessage-deflate; client_max_window_bits', 'constructor', '__proto__', ', ,'].map((value) => ({
      rule: '1.9',
      title: `the extension offer ${JSON.stringify(value)} is passed over`,
      request: header('Sec-WebSocket-Extensions', value),
      expect: accepted,
    })),
    {
      rule: '1.9',
      title: 'subprotocol offers are passed over when we have none',
      request: header('Sec-WebSocket-Protocol', 'a, b'),
      expect: accepted,
    },
    {
      rule: 'F-4',
      title: 'our preferred subprotocol among those offered',
      protocols: ['z', 'b', 'a'],
      request: header('Sec-WebSocket-Protocol', 'a, b'),
      expect: [...accepted, ['Sec-WebSocket-Protocol', 'b']],
    },
    {
      rule: 'F-4',
      title: 'offers over several headers',
      protocols: ['b'],
      request: header('Sec-WebSocket-Protocol', 'a', 'b'),
      expect: [...accepted, ['Sec-WebSocket-Protocol', 'b']],
    },
    {
      rule: 'F-4',
      title: 'none in common',
      protocols: ['c'],
      request: header('Sec-WebSocket-Protocol', 'a, b'),
      expect: accepted,
    },
    ...['a, a', 'a b', 'a;b', 'a\u0000'].map((value) => ({
      rule: 'F-4',
      title: `subprotocol offer ${JSON.stringify(value)}`,
      request: header('Sec-WebSocket-Protocol', value),
      expect: 400,
    })),
    {
      rule: 'SEC section 7',
      title: '2,000 headers in front of those of the handshake',
      request: {
        headers: [...Array.from({ length: 2_000 }, (_, i): [string, string] => [`x-${i}`, '']), ...HEADERS],
      },
      expect: accepted,
    },
    { rule: 'SEC section 7', title: 'no header at all', request: { headers: [] }, expect: 400 },
  ];

  for (const row of ROWS) {
    it(`${row.rule}: ${row.title}`, () => {
      const request = { method: 'GET', httpVersion: '1.1', headers: HEADERS, ...row.request };
      const result = acceptUpgrade(request, row.protocols === undefined ? {} : { protocols: row.protocols });
      if (typeof row.expect === 'number') expect(result).toMatchObject({ ok: false, status: row.expect });
      else expect(result).toMatchObject({ ok: true, responseHeaders: row.expect });
    });
  }

  it('SEC-24: every refusal closes the connection, and says what it wants instead', () => {
    const refusal = (part: Partial<IncomingUpgrade>) =>
      acceptUpgrade({ method: 'GET', httpVersion: '1.1', headers: HEADERS, ...part });
    expect(refusal({ method: 'POST' })).toMatchObject({
      headers: [
        ['Connection', 'close'],
        ['Allow', 'GET'],
      ],
    });
    expect(refusal({ headers: [['Host', 'a']] })).toMatchObject({
      headers: [
        ['Connection', 'Upgrade, close'],
        ['Upgrade', 'websocket'],
      ],
    });
    expect(refusal(header('Sec-WebSocket-Version', '8'))).toMatchObject({
      headers: [
        ['Connection', 'Upgrade, close'],
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Version', '13'],
      ],
    });
    expect(refusal(header('Sec-WebSocket-Key', 'short'))).toMatchObject({
      headers: [['Connection', 'close']],
    });
  });

  it('F-15: what the server answers, the client accepts, for a thousand keys', () => {
    for (let i = 0; i < 1_000; i++) {
      const nonce = createHash('md5').update(String(i)).digest();
      const request = createUpgradeRequest({ host: 'relay.example', nonce, protocols: ['a'] });
      const answer = acceptUpgrade(
        { method: request.method, httpVersion: '1.1', headers: request.headers },
        { protocols: ['a'] },
      );
      if (!answer.ok) throw new Error(answer.message);
      const response = { httpVersion: '1.1', status: 101, headers: answer.responseHeaders };
      expect(checkUpgradeResponse(request, response)).toEqual({ ok: true, protocol: 'a' });
      const hash = createHash('sha1')
        .update(`${request.key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      expect(answer.responseHeaders[2]).toEqual(['Sec-WebSocket-Accept', hash]);
    }
  });
});
