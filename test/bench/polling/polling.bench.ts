import type { Bench, Candidate, Contender } from '../lab/bench';
import type { EchoCost } from '../relay/loads';
import { ask, clientBusy, percentOf, startPair } from '../relay/server-pair';
import type { PollingLoad } from './load';

const NS_TO_US = 1e-3;

async function start(candidate: Candidate, load: PollingLoad): Promise<Contender> {
  const pair = await startPair(candidate);
  return {
    measure: async (timeMs) => {
      const [cost, server] = await ask<EchoCost>(pair, 'flood', { ...load, timeMs });
      const each = [cost.wallNs, server.cpuNs, server.userNs, server.kernelNs, cost.cpuNs];
      return [
        cost.p50Ns,
        cost.p99Ns,
        ...each.map((ns) => ns / cost.deliveries),
        percentOf(server, cost),
        percentOf(cost, cost),
      ];
    },
    stop: () => pair.stop(),
  };
}

export const polling: Bench<PollingLoad> = {
  name: 'polling',
  about:
    'Long polling, 100 B. The same lean client for both: two kept-alive connections for each session, one with a poll that always waits, one for uploads, of which one is under way; what waits meanwhile goes with the next one. An echo is a delivery.',
  folder: 'polling',
  baseline: 'socket.io',
  metrics: [
    { name: 'p50', unit: 'us', scale: NS_TO_US },
    { name: 'p99', unit: 'us', scale: NS_TO_US },
    { name: 'time', unit: 'us a delivery', scale: NS_TO_US },
    { name: 'server CPU', unit: 'us a delivery', scale: NS_TO_US },
    { name: 'server CPU, user', unit: 'us', scale: NS_TO_US, absolute: true },
    { name: 'server CPU, kernel', unit: 'us', scale: NS_TO_US, absolute: true },
    { name: 'client CPU', unit: 'us', scale: NS_TO_US, absolute: true },
    { name: 'server busy', unit: '%', absolute: true },
    clientBusy,
  ],
  cases: [
    {
      table: 'echo, one of each under way',
      column: '1 client',
      parameters: { isEcho: true, sessions: 1, inFlight: 1, size: 100 },
    },
    {
      table: 'echo, one of each under way',
      column: '20 clients',
      parameters: { isEcho: true, sessions: 20, inFlight: 1, size: 100 },
    },
    {
      table: 'fan-out, 1 to 19',
      column: '1 under way',
      parameters: { isEcho: false, sessions: 20, inFlight: 1, size: 100 },
    },
    {
      table: 'fan-out, 1 to 19',
      column: '64 under way',
      parameters: { isEcho: false, sessions: 20, inFlight: 64, size: 100 },
    },
  ],
  rounds: 3,
  timeMs: 1_000,
  start,
};
