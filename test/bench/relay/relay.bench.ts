import type { Bench, Candidate, Case, Contender, Measured, Metric } from '../lab/bench';
import type { Cost } from '../lab/cost';
import type { EchoCost, Flood, FloodCost, Pace, PaceCost, RoundTrips } from './loads';
import { ask, clientBusy, percentOf, startPair, type Pair, type ServerCost } from './server-pair';

const NS_TO_US = 1e-3;

/** In the order of `floodMetrics`. */
function floodOf(cost: FloodCost, server: ServerCost): Measured {
  const each = [cost.wallNs, server.cpuNs, server.userNs, server.kernelNs, cost.cpuNs];
  return [
    ...each.map((ns) => ns / cost.deliveries),
    server.writes === undefined ? undefined : (server.writes / cost.deliveries) * 1_000,
    percentOf(server, cost),
    percentOf(cost, cost),
  ];
}

/** Opening is no part of the first measurement. */
async function openFirst(pair: Pair, measure: Contender['measure']): Promise<Contender> {
  await measure(1).catch(async (error: unknown) => {
    await pair.stop();
    throw error;
  });
  return { measure, stop: () => pair.stop() };
}

async function startFlood(candidate: Candidate, flood: Flood): Promise<Contender> {
  const pair = await startPair(candidate);
  return openFirst(pair, async (timeMs) =>
    floodOf(...(await ask<FloodCost>(pair, 'flood', { ...flood, timeMs }))),
  );
}

async function startEcho(candidate: Candidate, trips: RoundTrips): Promise<Contender> {
  const pair = await startPair(candidate);
  return openFirst(pair, async (timeMs) => {
    const [cost, server] = await ask<EchoCost>(pair, 'echo', { ...trips, timeMs });
    return [cost.p50Ns, cost.p99Ns, ...floodOf(cost, server)];
  });
}

async function startPace(candidate: Candidate, pace: Pace): Promise<Contender> {
  const pair = await startPair(candidate);
  const measure = async (timeMs: number): Promise<Measured> => {
    const [{ p50Ns, p99Ns, deliveries }, server] = await ask<PaceCost>(pair, 'pace', { ...pace, timeMs });
    return [p50Ns, p99Ns, server.cpuNs / deliveries];
  };
  return { measure, stop: () => pair.stop() };
}

/** Enough to load and compile what is loaded and compiled once. */
const WARM_UP = 200;

/** Afresh each time: what a process once held it does not give back. */
async function startCrowd(candidate: Candidate, count: number): Promise<Contender> {
  const measure = async (): Promise<Measured> => {
    const pair = await startPair(candidate);
    try {
      return await measureCrowd(pair, count);
    } finally {
      await pair.stop();
    }
  };
  // Whoever cannot be started is found out now.
  await (await startPair(candidate)).stop();
  return { measure, stop: async () => undefined };
}

async function measureCrowd(pair: Pair, count: number): Promise<Measured> {
  const hasLogin = (await pair.client.call('hasLogin')) as boolean;
  await pair.client.call('login', WARM_UP);
  await pair.client.call('connect', WARM_UP);
  const before = (await pair.server.call('memory')) as number;
  const [login, loginCost] = await ask<Cost>(pair, 'login', count);
  const [connect, connectCost] = await ask<Cost>(pair, 'connect', count);
  const held = ((await pair.server.call('memory')) as number) - before;
  return [
    connect.wallNs / count,
    connectCost.cpuNs / count,
    (login.wallNs + connect.wallNs) / count,
    (loginCost.cpuNs + connectCost.cpuNs) / count,
    hasLogin ? loginCost.cpuNs / count : undefined,
    held / count,
    percentOf({ cpuNs: login.cpuNs + connect.cpuNs }, { wallNs: login.wallNs + connect.wallNs }),
  ];
}

const floodMetrics: readonly Metric[] = [
  { name: 'time', unit: 'ns a delivery' },
  { name: 'server CPU', unit: 'ns a delivery' },
  { name: 'server CPU, user', unit: 'ns', absolute: true },
  { name: 'server CPU, kernel', unit: 'ns', absolute: true },
  { name: 'client CPU', unit: 'ns', absolute: true },
  { name: 'server writes', unit: 'in 1,000 deliveries', absolute: true },
  { name: 'server busy', unit: '%', absolute: true },
  clientBusy,
];

const shared = { folder: 'relay', baseline: 'ws', rounds: 3, timeMs: 1_000 };

function casesOf<Parameters>(
  table: string,
  rows: [column: string, parameters: Parameters][],
): Case<Parameters>[] {
  return rows.map(([column, parameters]) => ({ table, column, parameters }));
}

const sizes = [
  ['100 B', 100],
  ['1 KiB', 1_024],
] as const;

export const fanout: Bench<Flood> = {
  ...shared,
  name: 'fanout',
  about: 'One sends, all others get it; 64, 32 and 8 messages under way to 10, 100 and 1,000.',
  metrics: floodMetrics,
  cases: sizes.flatMap(([name, size]) =>
    casesOf(name, [
      ['1 to 10', { rooms: 1, listeners: 10, inFlight: 64, size }],
      ['1 to 100', { rooms: 1, listeners: 100, inFlight: 32, size }],
      ['1 to 1,000', { rooms: 1, listeners: 1_000, inFlight: 8, size }],
    ]),
  ),
  start: startFlood,
};

export const pairs: Bench<Flood> = {
  ...shared,
  name: 'pairs',
  about: 'In each of 200 pairs one sends to the other.',
  metrics: floodMetrics,
  cases: casesOf('200 pairs, 100 B', [
    ['1 under way', { rooms: 200, listeners: 1, inFlight: 1, size: 100 }],
    ['16 under way', { rooms: 200, listeners: 1, inFlight: 16, size: 100 }],
  ]),
  start: startFlood,
};

export const room: Bench<Flood> = {
  ...shared,
  name: 'room',
  about: 'All send to all others. Each sends its next message when it has got one from each of the others.',
  metrics: floodMetrics,
  cases: casesOf('100 B, one of each under way', [
    ['10 members', { rooms: 1, listeners: 9, inFlight: 1, size: 100, allSend: true }],
    ['50 members', { rooms: 1, listeners: 49, inFlight: 1, size: 100, allSend: true }],
  ]),
  start: startFlood,
};

export const echo: Bench<RoundTrips> = {
  ...shared,
  name: 'echo',
  about: 'Two sessions: what one sends, the other sends back. Each way is a delivery, a round trip is both.',
  metrics: [
    { name: 'round trip, p50', unit: 'us', scale: NS_TO_US },
    { name: 'round trip, p99', unit: 'us', scale: NS_TO_US },
    ...floodMetrics,
  ],
  cases: casesOf('100 B', [
    ['1 under way', { inFlight: 1, size: 100 }],
    ['64 under way', { inFlight: 64, size: 100 }],
  ]),
  start: startEcho,
};

export const idle: Bench<number> = {
  ...shared,
  name: 'idle',
  about:
    'Connections opened 20 at a time and then left alone. `webifi` logs in before, on a connection of its own each time. Fresh processes each time.',
  metrics: [
    { name: 'connect, time', unit: 'us each', scale: NS_TO_US },
    { name: 'connect, server CPU', unit: 'us each', scale: NS_TO_US },
    { name: 'login and connect, time', unit: 'us each', scale: NS_TO_US },
    { name: 'login and connect, server CPU', unit: 'us each', scale: NS_TO_US },
    { name: 'login, server CPU', unit: 'us each', scale: NS_TO_US, absolute: true },
    { name: 'memory', unit: 'KiB each', scale: 1 / 1_024, absolute: true },
    clientBusy,
  ],
  cases: casesOf('idle connections', [
    ['1,000', 1_000],
    ['5,000', 5_000],
  ]),
  start: startCrowd,
};

export const latency: Bench<Pace> = {
  ...shared,
  name: 'latency',
  about: 'From the send to each delivery, with 20,000 deliveries a second or less.',
  metrics: [
    { name: 'p50', unit: 'us', scale: NS_TO_US },
    { name: 'p99', unit: 'us', scale: NS_TO_US },
    { name: 'server CPU', unit: 'ns a delivery' },
  ],
  cases: casesOf('100 B', [
    ['1 to 1', { rooms: 1, listeners: 1, size: 100, intervalMs: 1 }],
    ['1 to 10', { rooms: 1, listeners: 10, size: 100, intervalMs: 1 }],
    ['1 to 100', { rooms: 1, listeners: 100, size: 100, intervalMs: 5 }],
    ['1 to 1,000', { rooms: 1, listeners: 1_000, size: 100, intervalMs: 50 }],
  ]),
  start: startPace,
};
