import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DurableFolder, openDurable } from '../../../src/relay/durable';
import { Journal } from '../../../src/relay/journal';
import { createRelay } from '../../../src/relay/server';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webifi-durable-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const record = (text: string): Uint8Array => Buffer.from(text);
const texts = (durable: DurableFolder): string[] => durable.takeRecords().map((bytes) => Buffer.from(bytes).toString());

/** A relay whose account anybody may use who knows it. */
const accounts = [{ connectName: 'home', password: 'secret' }];

async function login(url: string): Promise<string> {
  const body = `~p=1~cn=home~cp=secret~x=1~xf=rd~xi=${'i'.repeat(22)}`;
  const response = await fetch(`${url}/`, { method: 'POST', body });
  return response.text();
}

describe('the folder of a durable relay (section 15.2)', () => {
  it('has one epoch and one key as long as nothing is lost', async () => {
    const first = await DurableFolder.open(folder);
    await first.store([record('one')], false);
    await first.close();
    const second = await DurableFolder.open(folder);
    expect([second.epoch, second.resumeKey]).toEqual([first.epoch, first.resumeKey]);
    expect(first.epoch).toMatch(/^[0-9a-f]{16}$/);
    expect(texts(second)).toEqual(['one']);
    await second.store([record('all')], true);
    await second.store([record('more')], false);
    await second.close();
    const third = await DurableFolder.open(folder);
    expect(texts(third)).toEqual(['all', 'more']);
    expect(third.epoch).toBe(first.epoch);
    await third.close();
  });

  it('has another epoch and no sessions when records that had been confirmed are damaged; the key stays', async () => {
    const first = await DurableFolder.open(folder);
    for (const text of ['one', 'two', 'three']) await first.store([record(text)], false);
    await first.close();
    const path = join(folder, (await readdir(folder)).find((name) => name.endsWith('.journal'))!);
    const bytes = await readFile(path);
    bytes[bytes.indexOf('two')]! ^= 1;
    await writeFile(path, bytes);
    const second = await DurableFolder.open(folder);
    expect(second.epoch).not.toBe(first.epoch);
    expect(second.resumeKey).toEqual(first.resumeKey);
    expect(second.takeRecords()).toEqual([]);
    await second.close();
  });

  it('belongs to one relay at a time, also within one process', async () => {
    const durable = await openDurable(folder);
    await expect(openDurable(`${folder}/.`)).rejects.toMatchObject({ code: 'JOURNAL' });
    const relay = createRelay({ accounts, durable });
    await relay.close({ drainMs: 0 });
    await relay.close();
    await (await DurableFolder.open(folder)).close();
  });

  it('is compacted when it has grown, and not again before it has doubled', async () => {
    const durable = await DurableFolder.open(folder);
    const relay = createRelay({ accounts, durable });
    const { url } = await relay.listen({ port: 0 });
    expect(durable.isLong).toBe(false);
    await durable.store([new Uint8Array(17_000_000).fill(1)], false);
    expect(durable.isLong).toBe(true);
    await durable.store([new Uint8Array(9_000_000).fill(1)], true);
    expect(durable.isLong).toBe(false);
    await durable.store([new Uint8Array(9_001_000).fill(1)], false);
    expect(durable.isLong).toBe(true);
    // The next thing that is stored makes the relay write its sessions anew.
    expect(await login(url)).toMatch(/^~e=0~id=/);
    await vi.waitFor(() => expect(durable.isLong).toBe(false));
    await relay.close({ drainMs: 0 });
    const again = await DurableFolder.open(folder);
    expect(again.takeRecords()).toHaveLength(1);
    await again.close();
  });

  it('ends the relay when the disk fails: nothing is said that was not stored', async () => {
    const durable = await openDurable(folder);
    const relay = createRelay({ accounts, durable });
    const { url } = await relay.listen({ port: 0 });
    vi.spyOn(Journal.prototype, 'append').mockRejectedValue(new Error('no space'));
    await expect(login(url)).rejects.toThrow();
    expect(await durable.failed).toMatchObject({ message: 'no space' });
    await relay.close();
    await expect(relay.listen({ port: 0 })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it('takes up no sessions of another version, and says so', async () => {
    const first = await DurableFolder.open(folder);
    await first.store([record('of another version')], false);
    await first.close();
    const relay = createRelay({ accounts, durable: await openDurable(folder) });
    await expect(relay.listen({ port: 0 })).rejects.toMatchObject({ code: 'JOURNAL' });
    await relay.close();
  });

  it('is only what openDurable gives', () => {
    const durable = { folder, resumeKey: new Uint8Array(32), failed: new Promise<never>(() => undefined) };
    expect(() => createRelay({ accounts, durable })).toThrow(/openDurable/);
  });
});
