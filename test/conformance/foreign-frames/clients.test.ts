import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../../helpers/part';
import { runPython } from '../../helpers/python';
import { pattern } from '../frames/frame-bytes';
import { openUndici, openWebSocket, openWs, type ForeignClient } from './clients';
import { PROTOCOLS, startCodecServer, type CodecServer } from './codec-server';

const SIZES = [0, 1, 125, 126, 65_535, 65_536, 300_000, 1_048_576];
let server: CodecServer;

beforeAll(async () => {
  server = await startCodecServer();
});

afterAll(() => server.stop());

/** Runs with a client that is closed whatever happens. */
async function withClient(
  opening: Promise<ForeignClient>,
  run: (client: ForeignClient) => Promise<void>,
): Promise<void> {
  const client = await opening;
  try {
    await run(client);
  } finally {
    client.close();
    await client.closed;
  }
}

describe.each([
  { name: 'ws', open: openWs },
  { name: 'undici', open: openUndici },
  { name: 'websocket', open: openWebSocket },
])('client $name against our codec', ({ open }) => {
  it('F-25, F-52: every size comes back, as text and as binary', () =>
    withClient(open(server.url), async (client) => {
      for (const size of SIZES) {
        const [text, data] = ['ü'.repeat(size / 2), pattern(size)];
        client.send(text);
        expect((await client.next()) === text).toBe(true);
        client.send(data);
        const back = await client.next();
        expect(back).toBeInstanceOf(Uint8Array);
        expect(Buffer.compare(back as Uint8Array, data)).toBe(0);
      }
    }));

  it('F-4: agrees on a subprotocol, the first that we like', () =>
    withClient(open(server.url, ['a.example', ...[...PROTOCOLS].reverse()]), async (client) => {
      expect(client.protocol).toBe(PROTOCOLS[0]);
    }));

  it('F-26, F-27: understands our fragments, and answers our Pings between them and alone', () =>
    withClient(open(server.url), async (client) => {
      server.seen.length = 0;
      client.send('fragments');
      expect(await client.next()).toBe('fragments');
      client.send('ping me');
      await expect.poll(() => server.seen).toEqual(['pong between', 'pong there?']);
    }));

  it('F-57: closes with a code and a reason', async () => {
    const client = await open(server.url);
    client.close(4000, 'done');
    expect((await client.closed)[0]).toBe(4000);
    expect(server.seen.at(-1)).toBe('close 4000 done');
  });

  it('F-57: is closed with a code and a reason', async () => {
    const client = await open(server.url);
    client.send('close me');
    expect(await client.closed).toEqual([4001, 'bye']);
    // RFC 6455, section 5.5.1, asks for the same code back; not every client sends it.
    expect(server.seen.at(-1)).toMatch(/^close (4001|1000) /);
  });

  it('sees that it is refused', async () => {
    await expect(open(`${server.url}/refused`)).rejects.toThrow();
  });
});

describe('what only some clients do, against our codec', () => {
  it('F-48: fragments of ws with a Ping between them come back as one message, the Pong first', () =>
    withClient(openWs(server.url), async (client) => {
      client.sendFragments?.('ei', 'between', 'ns');
      expect([await client.next(), await client.next()]).toEqual(['pong between', 'eins']);
    }));

  it('F-54: undici closes without a code', async () => {
    const client = await openUndici(server.url);
    client.close();
    expect((await client.closed)[0]).toBe(1005);
    expect(server.seen.at(-1)).toBe('close undefined ');
  });
});

describeWith('Python websockets')('client of Python against our codec', () => {
  it('does the whole exchange', async () => {
    const script = new URL('./client.py', import.meta.url).pathname;
    expect(await runPython('Python websockets', [script, server.url])).toEqual({
      status: 0,
      output: 'exchange complete\n',
    });
    expect(server.seen.slice(-4)).toEqual([
      'pong between',
      'pong there?',
      'close 4000 done',
      'close 4001 bye',
    ]);
  });
});
