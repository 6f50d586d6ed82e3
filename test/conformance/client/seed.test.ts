import { Agent } from 'node:https';
import nodeFetch from 'cross-fetch';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createSendData, type ReceivedMessage, type Webifi, type WebifiOptions } from '../../../src/index';
import { createRelay } from '../../../src/relay';
import { Devices } from '../../helpers/devices';

/**
 * Every member of the seed, by the name it has there, against a real relay. The manual's table "From the Python
 * library" points here, and test/unit/docs.test.ts compares the two.
 */
const ACCOUNT = { connectName: 'home', connectPassword: 'pass~word' };
const TRANSPORTS = [
  { transport: 'WebSocket', useWebSocket: true },
  { transport: 'long polling', useWebSocket: false },
];

const certificate = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
});
const relay = createRelay({
  accounts: [{ connectName: ACCOUNT.connectName, password: ACCOUNT.connectPassword }],
  tls: { cert: certificate.cert, key: certificate.private },
});
let devices: Devices;

beforeAll(async () => {
  const { url } = await relay.listen({ host: '127.0.0.1', port: 0 });
  devices = new Devices({ server: url, ...ACCOUNT });
});
afterEach(() => devices.close());
afterAll(() => relay.close());

let networks = 0;
const freshNetwork = (): string => `seed ${++networks}`;

function nextMessage(device: Webifi, dataType?: string): Promise<ReceivedMessage> {
  return new Promise((resolve) => {
    const off = device.on('message', (message) => {
      if (dataType !== undefined && message.dataType !== dataType) return;
      off();
      resolve(message);
    });
  });
}

function nextError(device: Webifi): Promise<number> {
  return new Promise((resolve) => device.setErrorCallback(resolve));
}

interface Wire {
  /** Address and body of every request, address of every WebSocket. */
  readonly seen: string[];
  readonly options: WebifiOptions;
}

/** The platform's WebSocket and fetch, which note where they go and trust the relay's certificate. */
function watchedWire(): Wire {
  const seen: string[] = [];
  const ca = certificate.cert;
  const agent = new Agent({ ca });
  class WatchedSocket extends WebSocket {
    constructor(url: string) {
      seen.push(url);
      super(url, { ca });
    }
  }
  const fetch: WebifiOptions['fetch'] = (url, init) => {
    seen.push(`${url} ${new TextDecoder().decode(init.body as Uint8Array)}`);
    return nodeFetch(url, url.startsWith('https:') ? ({ ...init, agent } as RequestInit) : init);
  };
  return { seen, options: { WebSocket: WatchedSocket, fetch } };
}

describe.each(TRANSPORTS)('the seed over $transport', ({ useWebSocket }) => {
  const open = (options: WebifiOptions = {}): Promise<Webifi> => devices.open({ useWebSocket, ...options });
  const create = (options: WebifiOptions = {}): Webifi => devices.create({ useWebSocket, ...options });

  it('name: what others see in a discovery, also when it changes', async () => {
    const network = freshNetwork();
    const asker = await open();
    const named = await open({ networkNames: [network] });
    const ask = async (): Promise<string> => {
      const answer = nextMessage(asker, 'Discovery Response');
      asker.sendDiscovery([network]);
      return (await answer).data;
    };
    named.name = 'first';
    expect(await ask()).toBe('first');
    named.name = 'second';
    expect(await ask()).toBe('second');
  });

  it('connected: true while the service runs, never with a wrong password', async () => {
    const device = create();
    expect(device.connected).toBe(false);
    device.start();
    expect(device.connected).toBe(false);
    await device.ready();
    expect(device.connected).toBe(true);
    await device.close();
    expect(device.connected).toBe(false);
    const stranger = create({ connectPassword: 'wrong' });
    const refused = nextError(stranger);
    stranger.start();
    expect(await refused).toBe(8);
    expect(stranger.connected).toBe(false);
  });

  it('set_connect_name, get_connect_name: 0 before the start, 10 while running', async () => {
    const device = create({ connectName: '' });
    expect(device.setConnectName(ACCOUNT.connectName)).toBe(0);
    device.start();
    expect(device.setConnectName('other')).toBe(10);
    await device.ready();
    expect(device.setConnectName('other')).toBe(10);
    expect(device.getConnectName()).toBe(ACCOUNT.connectName);
    await device.close();
    expect(device.setConnectName('other')).toBe(0);
    expect(device.getConnectName()).toBe('other');
  });

  it('set_connect_password, get_connect_password: 0 before the start, 10 while running', async () => {
    const device = create({ connectPassword: '' });
    expect(device.setConnectPassword(ACCOUNT.connectPassword)).toBe(0);
    device.start();
    await device.ready();
    expect(device.setConnectPassword('other')).toBe(10);
    expect(device.getConnectPassword()).toBe(ACCOUNT.connectPassword);
    await device.close();
    expect(device.setConnectPassword('other')).toBe(0);
    expect(device.getConnectPassword()).toBe('other');
  });

  it('set_network_names, get_network_names: before the start and while running', async () => {
    const [first, second] = [freshNetwork(), freshNetwork()];
    const sender = await open();
    const device = create();
    expect(device.setNetworkNames([first])).toBe(0);
    device.start();
    await device.ready();
    const before = nextMessage(device);
    await sender.send('to the first', { toNetworks: [first] });
    expect((await before).data).toBe('to the first');
    expect(device.setNetworkNames([second])).toBe(0);
    expect(device.getNetworkNames()).toEqual([second]);
    const found = async (network: string): Promise<number> =>
      (await sender.discover({ networks: [network], waitMs: 100 })).length;
    await expect.poll(() => found(second), { timeout: 5000 }).toBe(1);
    expect(await found(first)).toBe(0);
  });

  it('set_discoverable, get_discoverable: true by default; false shows the request', async () => {
    const network = freshNetwork();
    const asker = await open({ networkNames: [network] });
    const device = await open({ networkNames: [network], name: 'shy' });
    expect(device.getDiscoverable()).toBe(true);
    const answer = nextMessage(asker, 'Discovery Response');
    asker.sendDiscovery();
    expect((await answer).data).toBe('shy');
    expect(device.setDiscoverable(false)).toBe(0);
    expect(device.getDiscoverable()).toBe(false);
    const request = nextMessage(device);
    asker.sendDiscovery();
    expect(await request).toMatchObject({ dataType: 'Discovery', data: '?', from: asker.getSessionId() });
  });

  it('get_session_id: an address that others can send to', async () => {
    const device = create();
    expect(device.getSessionId()).toBe('-1');
    device.start();
    await device.ready();
    expect(device.getSessionId()).toMatch(/^\d+$/);
    const message = nextMessage(device);
    const sender = await open();
    await sender.send('for you', { toSessionIds: [device.getSessionId()] });
    expect(await message).toMatchObject({ data: 'for you', from: sender.getSessionId() });
  });

  it('get_counters: uploads when data is sent, downloads with long polling only', async () => {
    const device = await open();
    const before = device.getCounters();
    const message = nextMessage(device);
    await device.send('to myself', { toSessionIds: [device.getSessionId()] });
    await message;
    expect(device.getCounters().upload).toBe(before.upload + 1);
    expect(device.getCounters().download - before.download).toBe(useWebSocket ? 0 : 1);
  });

  it('start: 0, or 8 when name or password is missing', () => {
    expect(create({ connectName: '' }).start()).toBe(8);
    expect(create({ connectPassword: '' }).start()).toBe(8);
    const device = create();
    expect(device.start()).toBe(0);
    expect(device.start()).toBe(0);
  });

  it('CreateSendData, send_data: type, networks and sessions; 0 when queued, 6 without data', async () => {
    const [own, other] = [freshNetwork(), freshNetwork()];
    const sender = await open({ networkNames: [own] });
    const inOwn = await open({ networkNames: [own] });
    const inOther = await open({ networkNames: [other] });
    const alone = await open();
    const sendData = createSendData();
    expect(sendData).toEqual({ data: undefined, dataType: '', toNetworks: [], toSessionIds: [] });
    expect(sender.createSendData()).toEqual(sendData);
    expect(sender.sendData(sendData)).toBe(6);

    const byDefault = nextMessage(inOwn);
    expect(sender.sendData({ ...sendData, data: '' })).toBe(0);
    expect(await byDefault).toMatchObject({ data: '', dataType: '', from: sender.getSessionId() });

    const named = {
      ...sendData,
      data: 'x',
      dataType: 't~1',
      toNetworks: [other],
      toSessionIds: [alone.getSessionId()],
    };
    const both = Promise.all([nextMessage(inOther), nextMessage(alone)]);
    expect(sender.sendData(named)).toBe(0);
    for (const message of await both) expect(message).toMatchObject({ data: 'x', dataType: 't~1' });
  });

  it('close_connection: the session is gone', async () => {
    const device = await open();
    const sessionId = device.getSessionId();
    const closed = new Promise((resolve) => device.on('status', ({ to }) => to === 'closed' && resolve(to)));
    device.closeConnection();
    await closed;
    const other = await open();
    await expect(other.send('x', { toSessionIds: [sessionId] })).rejects.toMatchObject({ code: 2 });
  });

  it('convert_error_code_to_string: words for a number and for digits', async () => {
    const device = create();
    expect(device.convertErrorCodeToString(8)).toBe('Wrong connect name or password');
    expect(device.convertErrorCodeToString('8')).toBe('Wrong connect name or password');
    expect(device.convertErrorCodeToString(9)).toBe('Unknown error code 9');
    device.start();
    await device.ready();
    expect(device.convertErrorCodeToString(2)).toBe('One or more recipients were not reached');
  });

  it('get_buffered_amount: messages that wait, not bytes', async () => {
    const device = create();
    for (const data of ['a', 'bb', 'ccc']) device.sendData({ data });
    expect(device.getBufferedAmount()).toBe(3);
    device.start();
    await device.ready();
    await device.send('behind the others');
    expect(device.getBufferedAmount()).toBe(0);
  });

  it('send_discovery: to its own networks, or to those that are given', async () => {
    const [own, other] = [freshNetwork(), freshNetwork()];
    const asker = await open({ networkNames: [own] });
    const near = await open({ networkNames: [own], name: 'near' });
    const far = await open({ networkNames: [other], name: 'far' });
    const first = nextMessage(asker);
    expect(asker.sendDiscovery()).toBe(0);
    expect(await first).toMatchObject({ data: 'near', from: near.getSessionId() });
    const second = nextMessage(asker);
    expect(asker.sendDiscovery([other])).toBe(0);
    expect(await second).toMatchObject({ data: 'far', from: far.getSessionId() });
  });

  it('Discovery message: request and response are ordinary messages', async () => {
    const network = freshNetwork();
    const asker = await open({ networkNames: [network] });
    const found = await open({ networkNames: [network], name: 'na~me' });
    const seen: unknown[] = [];
    found.on('message', ({ dataType }) => seen.push(dataType));
    const response = nextMessage(asker);
    asker.sendData({ data: '?', dataType: 'Discovery' });
    expect(await response).toMatchObject({
      dataType: 'Discovery Response',
      data: 'na~me',
      from: found.getSessionId(),
    });
    const ordinary = nextMessage(found, 'ordinary');
    await asker.send('x', { dataType: 'ordinary' });
    await ordinary;
    expect(seen).toEqual(['ordinary']);
  });

  it('set_connection_status_callback: true when connected, false when not any more', async () => {
    const device = create();
    const calls: boolean[] = [];
    device.setConnectionStatusCallback((connected) => calls.push(connected));
    device.start();
    await device.ready();
    expect(calls).toEqual([true]);
    await device.close();
    expect(calls).toEqual([true, false]);
  });

  it('set_data_received_callback: data, data type and sender', async () => {
    const device = await open();
    const sender = await open();
    const call = new Promise((resolve) => device.setDataReceivedCallback((...values) => resolve(values)));
    await sender.send('21.5', { dataType: 'celsius', toSessionIds: [device.getSessionId()] });
    expect(await call).toEqual(['21.5', 'celsius', sender.getSessionId()]);
  });

  it('set_error_callback: the code of what went wrong', async () => {
    const device = await open();
    const code = nextError(device);
    device.sendData({ data: 'x', toSessionIds: ['1'] });
    expect(await code).toBe(2);
  });

  it('set_use_encryption, get_use_encryption: false by default; a running session moves', async () => {
    const { seen, options } = watchedWire();
    const device = await open(options);
    const sessionId = device.getSessionId();
    expect(device.getUseEncryption()).toBe(false);
    for (const encrypted of [true, false]) {
      const before = seen.length;
      expect(device.setUseEncryption(encrypted)).toBe(0);
      expect(device.getUseEncryption()).toBe(encrypted);
      const message = nextMessage(device);
      await device.send('canary', { toSessionIds: [sessionId] });
      expect((await message).data).toBe('canary');
      const scheme = `${useWebSocket ? 'ws' : 'http'}${encrypted ? 's' : ''}:`;
      const lastAddress = seen.slice(before).at(-1);
      expect(lastAddress?.startsWith(scheme)).toBe(true);
      if (!useWebSocket)
        expect(seen.filter((line) => line.includes('canary')).at(-1)).toMatch(new RegExp(`^${scheme}`));
    }
    expect(device.getSessionId()).toBe(sessionId);
  });
});

it('set_download_timeout, get_download_timeout: seconds, 120 by default, 600 at most; the relay is told', async () => {
  const { seen, options } = watchedWire();
  const device = devices.create({ useWebSocket: false, ...options });
  expect(device.getDownloadTimeout()).toBe(120);
  expect(device.setDownloadTimeout(601)).toBe(0);
  expect(device.getDownloadTimeout()).toBe(600);
  device.start();
  await device.ready();
  expect(seen.at(-1)).toMatch(/\/Download .*~t=600/);
  device.setDownloadTimeout(20);
  await expect.poll(() => seen.at(-1)).toMatch(/\/Download .*~t=20~/);
});

it('set_use_websocket, get_use_websocket: true by default; a running session moves', async () => {
  const { seen, options } = watchedWire();
  const device = await devices.open(options);
  const sessionId = device.getSessionId();
  expect(device.getUseWebSocket()).toBe(true);
  expect(seen.at(-1)).toMatch(/^ws:.*\/api\/WebSocket$/);
  expect(device.setUseWebSocket(false)).toBe(0);
  expect(device.getUseWebSocket()).toBe(false);
  await device.send('x', { toSessionIds: [sessionId] });
  expect(seen.filter((line) => line.includes('/Upload'))).toHaveLength(1);
  device.setUseWebSocket(true);
  await device.send('x', { toSessionIds: [sessionId] });
  expect(seen.at(-1)).toMatch(/^ws:/);
  expect(device.getSessionId()).toBe(sessionId);
});
