import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Webifi } from '../../src/index';
import { createRelay, type Relay } from '../../src/relay';
import { readBody } from '../../src/testing/http-parts';
import { Devices } from '../helpers/devices';

const cleanUps: (() => Promise<unknown>)[] = [];
const devices = new Devices({ connectName: 'home', connectPassword: 'secret', networkNames: ['n'] });
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A relay, and in front of its login a box that can give somebody the answer that somebody else got. */
class Box {
  /** Answers of the relay to logins, in order. */
  readonly answers: Uint8Array[] = [];
  /** Given to the next login, in the place of an answer of its own. */
  next: Uint8Array | undefined;

  private constructor(
    readonly relay: Relay,
    private readonly relayUrl: string,
  ) {}

  static async start(): Promise<[Box, string]> {
    const relay = createRelay({ accounts: [{ connectName: 'home', password: 'secret' }] });
    const { url } = await relay.listen({ port: 0 });
    cleanUps.push(() => relay.close({ drainMs: 0 }));
    const box = new Box(relay, url);
    const server = createServer((request, response) => {
      void readBody(request).then(async (body) => response.end(await box.#login(body)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
    return [box, `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
  }

  async #login(body: Buffer): Promise<Uint8Array> {
    const shared = this.next;
    this.next = undefined;
    if (shared !== undefined) return shared;
    const response = await fetch(`${this.relayUrl}/`, { method: 'POST', body: new Uint8Array(body) });
    const answer = new Uint8Array(await response.arrayBuffer());
    this.answers.push(answer);
    return answer;
  }
}

function open(server: string, useWebSocket: boolean): Promise<Webifi> {
  cleanUps.push(() => devices.close());
  return devices.open({ server, useWebSocket, reconnect: { minDelayMs: 10, maxDelayMs: 50 } });
}

/** Both are there, each with a session of its own, and hear each other. */
async function expectApart(one: Webifi, other: Webifi): Promise<void> {
  const got: string[] = [];
  for (const device of [one, other]) device.on('message', ({ data }) => got.push(data));
  await expect.poll(() => one.getSessionId() !== other.getSessionId() && [one.state, other.state].join()).toBe('connected,connected');
  await Promise.all([one.send('from one'), other.send('from the other')]);
  await expect.poll(() => got.sort()).toEqual(['from one', 'from the other']);
}

describe('two clients with one token', () => {
  it.each([true, false])('X-27, X-30 one of them keeps the session, the other draws an instance of its own (WebSocket: %s)', async (useWebSocket) => {
    const [box, url] = await Box.start();
    const one = await open(url, useWebSocket);
    const sessionId = one.getSessionId();
    box.next = box.answers[0];
    const other = await open(url, useWebSocket);
    await expectApart(one, other);
    expect([one, other].filter((device) => device.getSessionId() === sessionId)).toHaveLength(1);
    const { logins, sessionsResumed } = box.relay.stats().counters;
    expect(logins).toBe(2);
    expect(sessionsResumed).toBeLessThanOrEqual(1);
  });

  it('X-30 one that takes the session over keeps it: the other draws an instance of its own, and there is no war', async () => {
    const [box, url] = await Box.start();
    const one = await open(url, true);
    const sessionId = one.getSessionId();
    const other = await open(url, true);
    await other.close();
    // Its second attach comes behind the first one of the session's owner.
    box.next = box.answers[0];
    other.start();
    await other.ready();
    await expectApart(one, other);
    expect(other.getSessionId()).toBe(sessionId);
    expect(box.relay.stats().counters).toMatchObject({ logins: 3, sessionsResumed: 1 });
  });
});
