import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HARD_RESET, playBreak, playQueued, SILENT_DEATH, SLOW_RESET, type BreakResult } from './cases/breaks';
import { playFlips } from './cases/flips';
import { playKills } from './cases/kills';
import { playOffsets } from './cases/offsets';
import { playConnect, playCuts, playExchanges } from './cases/proxies';
import { playSlow } from './cases/slow';
import { playRestart, playStorm } from './cases/storm';
import type { Tally } from './ledger';
import type { Peer } from './peer';
import { peers as webifi } from './peers/webifi';
import { BREAK_HEAD, breakRow, losses, mebibytes, seconds, table } from './table';

/** One part of the lab: played, and told as text. */
export interface Part {
  readonly name: string;
  readonly title: string;
  play(peers: readonly Peer[], scale: Scale): Promise<string>;
}

/** What the process-level parts go by. */
export interface Scale {
  /** The compiled relay. */
  readonly relayFile: string;
  /** The compiled processes of `slow`. */
  readonly slowFile: string;
  readonly kills: number;
  readonly sessions: number;
}

/** A part that is played for each peer, and then given in one table. */
function breaks(name: string, title: string, playOne: (peer: Peer) => Promise<BreakResult>): Part {
  return {
    name,
    title,
    async play(peers) {
      const rows: string[][] = [];
      for (const peer of peers) {
        console.error(`${name}: ${peer.name}`);
        rows.push(breakRow(peer.name, await playOne(peer).catch((error: unknown) => error as Error)));
      }
      return table(BREAK_HEAD, rows);
    },
  };
}

const BOTH = [
  ['WebSocket', true],
  ['long polling', false],
] as const;

const DIRECTIONS = ['inbound', 'outbound'] as const;

/** Lost, duplicated and reordered of both directions, the columns of most tables. */
const FLIGHT_HEAD = ['inbound lost', 'outbound lost', 'duplicated in / out', 'reordered in / out'];

function flightCells({ up, down }: { up: Tally; down: Tally }): string[] {
  const pair = (of: (tally: Tally) => number): string => `${of(down)} / ${of(up)}`;
  return [losses(down), losses(up), pair(({ duplicated }) => duplicated), pair(({ reordered }) => reordered)];
}

const silence: Part = {
  name: 'silence',
  title: 'Silent death, 20 times: when is it noticed?',
  async play() {
    const rows: string[][] = [];
    for (const peer of webifi) {
      for (const perSecond of [10, 0]) {
        const plan = { ...SILENT_DEATH, perSecond, limitMs: 60_000 };
        const results = await Promise.all(Array.from({ length: 20 }, () => playBreak(peer, plan)));
        const noticed = results.map(({ noticedMs = Infinity }) => noticedMs).sort((a, b) => (a < b ? -1 : 1));
        const inTime = noticed.filter((ms) => ms <= 10_000).length;
        const name = `${peer.name}, ${perSecond === 0 ? 'idle' : `${perSecond} messages/s`}`;
        rows.push([name, seconds(noticed[10]), seconds(noticed.at(-1)), `${inTime} of ${noticed.length}`]);
      }
    }
    return table(['client', 'median', 'latest', 'within 10 s'], rows);
  },
};

const offsets: Part = {
  name: 'offsets',
  title: 'Reset after every byte of an exchange of two messages',
  async play() {
    const rows: string[][] = [];
    for (const [transport, useWebSocket] of BOTH) {
      for (const direction of ['down', 'up'] as const) {
        const result = await playOffsets({ useWebSocket, direction, step: 1, lanes: 8 });
        const name = `${transport}, ${DIRECTIONS[direction === 'down' ? 0 : 1]}`;
        rows.push([name, String(result.cuts), ...flightCells(result), String(result.stuck)]);
      }
    }
    return table(['cut in', 'places', ...FLIGHT_HEAD, 'not back'], rows);
  },
};

const exchanges: Part = {
  name: 'exchanges',
  title: 'Long polling, 10,000 exchanges: 20 % sent twice, 10 % passed by later ones; and some answers lost',
  async play() {
    const plain = { duplicate: 0.2, reorder: 0.1, holdBackMs: 200 };
    const rows: string[][] = [];
    for (const [name, faults] of [
      ['twice, reordered', plain],
      ['and 1 % of requests and answers lost', { ...plain, loseAnswer: 0.01, loseRequest: 0.01 }],
    ] as const) {
      const result = await playExchanges(10_000, 8, faults);
      const { duplicated, reordered, lostAnswers, lostRequests } = result.counts;
      const counted = `${duplicated} twice, ${reordered} passed, ${lostAnswers + lostRequests} lost`;
      rows.push([name, counted, ...flightCells(result)]);
    }
    return table(['faults', 'exchanges', ...FLIGHT_HEAD], rows);
  },
};

const proxies: Part = {
  name: 'proxies',
  title: 'Proxies that know no WebSocket, buffer, or cut',
  async play() {
    const ways = [
      ['upgrade answered with 400', { http: { upgrade: 'refuse', refusal: 400 } }],
      ['upgrade answered with 403', { http: { upgrade: 'refuse', refusal: 403 } }],
      ['upgrade hangs', { http: { upgrade: 'hang' } }],
      ['upgrade stripped', { http: { upgrade: 'strip' } }],
      ['answers held until complete, so a WebSocket opens and brings nothing', { http: { upgrade: 'mute' } }],
      // No answer that has a length gets through such a box, so no kind of HTTP works, this one neither.
      ['every byte held until the connection ends', { line: { down: { mode: 'hold' } } }],
    ] as const;
    const connects: string[][] = [];
    for (const [name, faults] of ways) {
      const took = await Promise.all(BOTH.map(([, useWebSocket]) => playConnect(useWebSocket, faults, 15_000)));
      connects.push([name, ...took.map((ms) => (ms === undefined ? 'not within 15 s' : seconds(ms)))]);
    }
    const cuts: string[][] = [];
    for (const [name, faults, load] of [
      ['silent for 5 s', { idleMs: 5000 }, { perSecond: 0.15, forMs: 40_000 }],
      ['every 5 s', { lifetimeMs: 5000 }, { perSecond: 20, forMs: 40_000 }],
    ] as const) {
      for (const [transport, useWebSocket] of BOTH) {
        const result = await playCuts(useWebSocket, faults, load);
        cuts.push([`${name}, ${transport}`, String(result.cuts), String(result.breaks), ...flightCells(result)]);
      }
    }
    return [
      table(['proxy', 'WebSocket connected after', 'long polling'], connects),
      table(['connections cut', 'cuts', 'noticed as breaks', ...FLIGHT_HEAD], cuts),
    ].join('\n\n');
  },
};

const flips: Part = {
  name: 'flips',
  title: '1,000 changes of transport under load',
  async play() {
    const result = await playFlips({ flips: 1000, devices: 20, perSecond: 10, betweenMs: [200, 2000], waits: false, seed: 1 });
    return table(['flips', ...FLIGHT_HEAD, 'codes of errors'], [[String(result.flips), ...flightCells(result), result.errors.join(', ') || 'none']]);
  },
};

const slow: Part = {
  name: 'slow',
  title: 'A reader that does not read, sent 64 KiB 200 times a second for 20 s; others talk beside it',
  async play(_peers, { relayFile, slowFile }) {
    const result = await playSlow({ relayFile, childFile: slowFile, perSecond: 200, forMs: 20_000 });
    const rows = (['calm', 'read', 'unread'] as const).map((phase) => {
      const { messages, refused, rss, cpuMs, p99Ms } = result[phase];
      const sent = `${messages} (${mebibytes(messages * 65_536)}), ${refused} refused`;
      return [phase, sent, mebibytes(rss), seconds(cpuMs), `${p99Ms.toFixed(1)} ms`];
    });
    return table(['the reader', 'sent to it', "relay's memory at most", 'its processor time', "neighbours' p99"], rows);
  },
};

const kills: Part = {
  name: 'kills',
  title: 'Relay killed again and again under 500 messages/s',
  async play(_peers, { relayFile, kills: times }) {
    const rows: string[][] = [];
    const folder = mkdtempSync(join(tmpdir(), 'webifi-lab-'));
    for (const [name, more] of [['in memory', {}], ['durable', { folder }]] as const) {
      const { tally, backMs } = await playKills({ relayFile, kills: times, pairs: 5, perSecond: 500, ...more });
      const at = (part: number): string => seconds(backMs[Math.min(backMs.length - 1, Math.floor(part * backMs.length))]);
      const { silent, gaps, duplicated, reordered } = tally;
      const cells = [name, times, losses(tally), silent, gaps, duplicated, reordered, at(0.5), at(0.99)];
      rows.push(cells.map(String));
    }
    rmSync(folder, { recursive: true });
    return table(['relay', 'kills', 'lost', 'silently', 'gaps', 'duplicated', 'reordered', 'back, median', 'p99'], rows);
  },
};

const storm: Part = {
  name: 'storm',
  title: '1,000 clients cut at once, in virtual time; many sessions back after a restart of the relay',
  async play(_peers, { relayFile, sessions }) {
    const { perTenth, peak, backMs } = await playStorm(1000, 1);
    const cut = `1,000 cut: attempts per 100 ms ${perTenth.join(', ')}; peak ${peak.toFixed(2)} x even; all back after ${seconds(backMs)}`;
    const restart = await playRestart(relayFile, sessions, 120_000);
    const [half, most, all] = restart.backMs.map(seconds);
    return `${cut}\n\nRestart: of ${restart.sessions} sessions ${restart.back} back within 120 s; half ${half}, 99 % ${most}, all ${all}`;
  },
};

export const PARTS: readonly Part[] = [
  breaks('3a', 'Hard reset, then refused for 3 s; 50 messages/s each way', (peer) => playBreak(peer, HARD_RESET)),
  breaks('3b', 'One reset, round trip 120 ms; 100 messages/s each way', (peer) => playBreak(peer, SLOW_RESET)),
  breaks('3c', 'Silent death: bytes swallowed; 10 messages/s each way', (peer) => playBreak(peer, SILENT_DEATH)),
  breaks('3d', '300 messages queued offline, round trip 120 ms, from the network back', (peer) =>
    playQueued(peer, 300, 60_000),
  ),
  ...[silence, offsets, exchanges, proxies, flips, slow, kills, storm],
];
