import { describe, expect, it } from 'vitest';
import type { PollingDevice } from '../polling-device';
import type { PendingRequest } from '../raw-http';
import { post } from '../raw-http';
import { type Lab, RESTRICTED, type StartRelay, newNetwork, pass, useRelay } from '../relay-under-test';

/** `/Download` and `/CancelDownload`: sections 6.1, 6.3 and 16. */
export function downloadRules(start: StartRelay): void {
  describe('Download', () => {
    const lab = useRelay(start, { minDownloadTimeout: 0.5 });
    networkSetRules(lab);
    holdRules(lab);
    queueRules(lab);
    cancelRules(lab);
    secondDownloadRules(lab);
  });
}

/** True when the Download is still held after the relay has served another request of the same device. */
async function isHeld(device: PollingDevice, pending: PendingRequest): Promise<boolean> {
  await device.upload('~n=nobody at all~d=x');
  return !pending.isAnswered;
}

async function bodyOf(pending: PendingRequest): Promise<string> {
  return (await pending.response).body;
}

function networkSetRules(lab: Lab): void {
  it.each([
    ['V-42', '~n=n1~n=n2'],
    ['P-15', '~n=a~~b~-c'],
    ['P-32', '~q=9~n=n1'],
  ])('%s P-36 answers 4 at once to the network set %j', async (_no, fields) => {
    expect(await (await lab.polling()).poll(fields)).toBe('~e=4');
  });

  it('P-91 answers 5 when the allow-list lacks one', async () => {
    expect(await (await lab.polling([], RESTRICTED)).poll('~n=allowed 1~n=other')).toBe('~e=5');
  });

  it('P-69 holds the first poll of a device without networks', async () => {
    const device = await lab.polling();
    expect(await isHeld(device, await device.startPoll())).toBe(true);
  });
}

function holdRules(lab: Lab): void {
  it('V-43 P-36 answers at once with data that waits', async () => {
    const network = newNetwork();
    const device = await lab.polling([network]);
    const sender = await lab.webSocket();
    expect(await sender.send(`~n=${network}~dt=t~d=hello`)).toBe('0');
    expect(await device.poll()).toBe(`~e=0~f=${sender.sessionId}~dt=t~d=hello`);
  });

  it('V-43 P-94 holds until data comes, and then answers', async () => {
    const network = newNetwork();
    const device = await lab.polling([network]);
    const held = await device.startPoll();
    expect(await isHeld(device, held)).toBe(true);
    const sender = await lab.webSocket();
    expect(await sender.send(`~n=${network}~d=late`)).toBe('0');
    expect(await bodyOf(held)).toBe(`~e=0~f=${sender.sessionId}~d=late`);
  });

  it('V-44 P-43 answers 16 after t seconds', async () => {
    const device = await lab.polling([newNetwork()]);
    const startedAt = performance.now();
    const held = await device.startPoll('~t=1');
    expect(await isHeld(device, held)).toBe(true);
    expect(await bodyOf(held)).toBe('~e=16');
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  it('P-67 holds much longer without t, and with a t that is large or no number', async () => {
    const devices = await Promise.all(
      ['', '~t=1800', '~t=99999999999', '~t=x', '~t='].map(async (fields) => {
        const device = await lab.polling([newNetwork()]);
        return { device, held: await device.startPoll(fields) };
      }),
    );
    await pass(2_000);
    for (const { device, held } of devices) expect(await isHeld(device, held)).toBe(true);
  });

  it('P-13 does not answer a malformed Download at once with 1 or 7', async () => {
    for (const tail of [undefined, '', '~', '~z', '~t~', '~rt=x~=']) {
      const device = await lab.polling([newNetwork()]);
      const body = tail === undefined ? 'garbage' : `~id=${device.id}${tail}`;
      const answers: string[] = [];
      void post(lab.address, '/Download', body).then(
        (response) => answers.push(response.body),
        () => undefined,
      );
      await device.upload('~n=nobody at all~d=x');
      await pass(300);
      for (const answer of answers) expect(answer).toBe('~e=12');
    }
  });
}

function queueRules(lab: Lab): void {
  it('P-94 P-36 queues between polls and gives everything at once, each with its own f and dt', async () => {
    const network = newNetwork();
    const device = await lab.polling([network]);
    const [one, two] = [await lab.webSocket(), await lab.polling()];
    await one.send(`~n=${network}~dt=a~d=1`);
    await two.send(`~n=${network}~d=2`);
    await one.send(`~n=${network}~dt=b~~~d=3~~`);
    const [f1, f2] = [one.sessionId, two.sessionId];
    expect(await device.poll()).toBe(`~e=0~f=${f1}~dt=a~d=1~f=${f2}~d=2~f=${f1}~dt=b~~~d=3~~`);
    expect(await isHeld(device, await device.startPoll())).toBe(true);
  });

  it.each([
    ['V-11', '~d=', '~d=~z=0'],
    ['P-29', '~dt=t~d=', '~dt=t~d=~z=0'],
  ])('%s ends an answer whose last data is empty with an ignorable field', async (_no, sent, got) => {
    const device = await lab.polling();
    expect(await device.send(`~s=${device.sessionId}~d=first`)).toBe('0');
    expect(await device.send(`~s=${device.sessionId}${sent}`)).toBe('0');
    const f = device.sessionId;
    expect(await device.poll()).toBe(`~e=0~f=${f}~d=first~f=${f}${got}`);
  });

  it('P-94 a network set does not lose what is queued', async () => {
    const network = newNetwork();
    const device = await lab.polling([network]);
    await (await lab.webSocket()).send(`~n=${network}~d=kept`);
    expect(await device.poll(`~n=${newNetwork()}`)).toBe('~e=4');
    expect(await device.poll()).toContain('~d=kept');
  });

  it('P-113 P-94 nothing is lost to a Download whose connection closed', async () => {
    const network = newNetwork();
    const device = await lab.polling([network]);
    const held = await device.startPoll();
    expect(await isHeld(device, held)).toBe(true);
    held.drop();
    await pass(200);
    await (await lab.webSocket()).send(`~n=${network}~d=kept`);
    expect(await device.poll()).toContain('~d=kept');
  });
}

function cancelRules(lab: Lab): void {
  it('V-48 P-73 P-74 ends the pending Download with 15 and keeps the session', async () => {
    const network = newNetwork();
    const device = await lab.polling([network]);
    const held = await device.startPoll();
    expect(await isHeld(device, held)).toBe(true);
    expect(await device.cancel()).toBe('~e=15');
    expect(await bodyOf(held)).toBe('~e=15');
    await (await lab.webSocket()).send(`~n=${network}~d=after`);
    expect(await device.poll()).toContain('~d=after');
  });

  it('P-75 K-17 a cancel between two polls meets the next poll, once', async () => {
    const device = await lab.polling([newNetwork()]);
    expect(await device.cancel()).toBe('~e=15');
    expect(await device.poll()).toBe('~e=15');
    expect(await isHeld(device, await device.startPoll())).toBe(true);
  });

  it('P-75 a cancel without a Download is forgotten after about a second', async () => {
    const device = await lab.polling([newNetwork()]);
    expect(await device.cancel()).toBe('~e=15');
    await pass(2_000);
    expect(await isHeld(device, await device.startPoll())).toBe(true);
  });

  it('P-75 a cancel that ended a Download is not remembered', async () => {
    const device = await lab.polling([newNetwork()]);
    const held = await device.startPoll();
    expect(await isHeld(device, held)).toBe(true);
    await device.cancel();
    expect(await bodyOf(held)).toBe('~e=15');
    expect(await isHeld(device, await device.startPoll())).toBe(true);
  });

  it('V-49 P-73 P-74 with ts=1 ends the session too', async () => {
    const device = await lab.polling([newNetwork()]);
    const held = await device.startPoll();
    expect(await isHeld(device, held)).toBe(true);
    expect(await device.end()).toBe('~e=15');
    expect(await bodyOf(held)).toMatch(/^~e=(15|12)$/);
    expect(await device.poll()).toBe('~e=12');
    expect(await device.upload('~d=x')).toBe('~e=12');
    expect(await device.cancel()).toMatch(/^~e=(15|12)$/);
  });

  it('P-3 P-73 a cancel of an unknown session has a code too', async () => {
    expect((await post(lab.address, '/CancelDownload', '~id=99sXx~z=1')).body).toMatch(/^~e=(15|12)$/);
  });
}

function secondDownloadRules(lab: Lab): void {
  it('P-113 answers 18 to a copy with the same z, and holds the first', async () => {
    const network = newNetwork();
    const device = await lab.polling([network]);
    const held = await device.startPoll('', 5);
    expect(await isHeld(device, held)).toBe(true);
    expect(await device.poll('', 5)).toBe('~e=18');
    await (await lab.webSocket()).send(`~n=${network}~d=to the first`);
    expect(await bodyOf(held)).toContain('~d=to the first');
  });

  it.each([
    ['a higher z', '', 6],
    ['r=1', '~r=1', 5],
    ['V-45 t, r=1 and a higher z', '~t=18~r=1', 6],
  ])('P-113 %s replaces the pending Download', async (_name, fields, z) => {
    const network = newNetwork();
    const device = await lab.polling([network]);
    const old = await device.startPoll('', 5);
    expect(await isHeld(device, old)).toBe(true);
    const newer = await device.startPoll(fields, z);
    expect(
      await old.response.then(
        ({ body }) => body,
        () => 'closed',
      ),
    ).toMatch(/^(~e=15|closed)$/);
    expect(await isHeld(device, newer)).toBe(true);
    await (await lab.webSocket()).send(`~n=${network}~d=to the newer`);
    expect(await bodyOf(newer)).toContain('~d=to the newer');
  });

  it('P-113 P-75 the same z is no copy once the first was answered', async () => {
    const device = await lab.polling([newNetwork()]);
    const held = await device.startPoll('', 5);
    expect(await isHeld(device, held)).toBe(true);
    await device.cancel();
    expect(await bodyOf(held)).toBe('~e=15');
    expect(await isHeld(device, await device.startPoll('', 5))).toBe(true);
  });

  it('P-113 the same z is no copy once the connection of the first is closed', async () => {
    const device = await lab.polling([newNetwork()]);
    const held = await device.startPoll('', 5);
    expect(await isHeld(device, held)).toBe(true);
    held.drop();
    await pass(200);
    expect(await isHeld(device, await device.startPoll('', 5))).toBe(true);
  });
}
