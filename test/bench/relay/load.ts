import { pathToFileURL } from 'node:url';
import { startClock, type Cost } from '../lab/cost';
import { serve } from '../lab/processes';
import { quantile } from '../lab/statistics';
import type { LoadSocket } from './load-socket';
import type { Flood, FloodCost, Pace, PaceCost, Stage } from './loads';
import { Openings } from './openings';
import { PacedStream } from './paced-stream';
import type { Place, RelayCandidate } from './relay';
import { FILLER } from './scanners';
import { RoomMember, Stream } from './stream';
import { Traffic } from './traffic';

const [file = '', port = ''] = process.argv.slice(2);
const { relay } = (await import(pathToFileURL(file).href)) as { relay: RelayCandidate };
const openings = new Openings(relay, Number(port));
const traffic = new Traffic();

/** What a measurement does; opened with the first one. */
let runFlood: ((timeMs: number) => Promise<number>) | undefined;
let paced: PacedStream | undefined;

const messageOf = (room: string, size: number): Buffer => relay.message(room, new Uint8Array(size).fill(FILLER));

/** The connections of each room, the sender's first. */
async function openRooms({ rooms, listeners, size }: Stage): Promise<{ room: string; sockets: LoadSocket[] }[]> {
  const names = Array.from({ length: rooms }, (_, i) => `room${i}`);
  const roles = [false, ...new Array<boolean>(listeners).fill(true)];
  const sockets = await openings.open(names.flatMap((room) => roles.map((listens): Place => ({ room, listens }))));
  return names.map((room) => {
    const own = sockets.splice(0, roles.length);
    own[0]!.read(relay.scanner(room, size), () => undefined);
    return { room, sockets: own };
  });
}

async function openStreams(flood: Flood): Promise<(timeMs: number) => Promise<number>> {
  const { listeners, inFlight, size } = flood;
  const streams = (await openRooms(flood)).map(({ room, sockets: [sender, ...others] }) => {
    const stream = new Stream(traffic, listeners, inFlight, sender!, messageOf(room, size));
    for (const socket of others) stream.listen(socket, relay.scanner(room, size));
    return stream;
  });
  return (timeMs) => traffic.run(timeMs, () => streams.forEach((stream) => stream.fill()));
}

/** All in one room, all of them senders. */
async function openMembers({ listeners, inFlight, size }: Flood): Promise<(timeMs: number) => Promise<number>> {
  const room = 'room';
  const places = new Array<Place>(listeners + 1).fill({ room, listens: true });
  const members = (await openings.open(places)).map((socket) => {
    const scanner = relay.scanner(room, size);
    return new RoomMember(traffic, listeners, inFlight, socket, scanner, messageOf(room, size));
  });
  return (timeMs) => traffic.run(timeMs, () => members.forEach((member) => member.start()));
}

/** Keeps messages under way for that time. */
async function flood({ timeMs, ...how }: Flood & { timeMs: number }): Promise<FloodCost> {
  runFlood ??= await (how.allSend ? openMembers(how) : openStreams(how));
  const stop = startClock();
  const deliveries = await runFlood(timeMs);
  return { ...stop(), deliveries };
}

async function openPaced(pace: Pace): Promise<PacedStream> {
  const [{ room, sockets }] = (await openRooms(pace)) as [{ room: string; sockets: LoadSocket[] }];
  const [sender, ...others] = sockets;
  const stream = new PacedStream(traffic, pace.listeners, sender!, messageOf(room, pace.size));
  for (const socket of others) stream.listen(socket, relay.scanner(room, pace.size));
  return stream;
}

/** Sends a message now and then. */
async function pace({ timeMs, ...how }: Pace & { timeMs: number }): Promise<PaceCost> {
  const stream = (paced ??= await openPaced(how));
  const deliveries = await traffic.run(timeMs, () => stream.start(how.intervalMs));
  const { tookMs } = stream;
  return { p50Ns: quantile(tookMs, 0.5) * 1e6, p99Ns: quantile(tookMs, 0.99) * 1e6, deliveries };
}

const CROWD: Place = { room: 'crowd', listens: true };
let logins: string[] = [];

/** Only logs in; `connect` uses what comes of it. */
async function login(count: number): Promise<Cost> {
  const stop = startClock();
  logins = await openings.login(new Array<Place>(count).fill(CROWD));
  return stop();
}

async function connect(count: number): Promise<Cost> {
  const stop = startClock();
  const sockets = await openings.connect(new Array<Place>(count).fill(CROWD), logins);
  const cost = stop();
  for (const socket of sockets) socket.read(relay.scanner(CROWD.room, 1), () => undefined);
  return cost;
}

serve({ flood, pace, login, connect, hasLogin: () => relay.login !== undefined });
