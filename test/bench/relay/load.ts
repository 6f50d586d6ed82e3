import { pathToFileURL } from 'node:url';
import { startClock, type Cost } from '../lab/cost';
import { serve } from '../lab/processes';
import { quantile } from '../lab/statistics';
import { Echo } from './echo';
import type { LoadLink } from './load-socket';
import type { EchoCost, Flood, FloodCost, Pace, PaceCost, RoundTrips, Stage } from './loads';
import { Openings } from './openings';
import { PacedStream } from './paced-stream';
import type { Place, RelayCandidate } from './relay';
import { FILLER } from './scanners';
import { Sender } from './sender';
import { Traffic } from './traffic';

const [file = '', port = ''] = process.argv.slice(2);
const { relay } = (await import(pathToFileURL(file).href)) as { relay: RelayCandidate };
const openings = new Openings(relay, Number(port));
const traffic = new Traffic();

/** Opened with the first measurement. */
let senders: readonly Sender[] | undefined;
let paced: PacedStream | undefined;
let echoing: Echo | undefined;

function messageOf(room: string, size: number): Buffer {
  return relay.message(room, new Uint8Array(size).fill(FILLER));
}

interface OpenRoom {
  readonly room: string;
  readonly sender: LoadLink;
  readonly others: readonly LoadLink[];
}

async function openRooms({ rooms, listeners, size }: Stage): Promise<OpenRoom[]> {
  const names = Array.from({ length: rooms }, (_, i) => `room${i}`);
  const roles = [false, ...new Array<boolean>(listeners).fill(true)];
  const places = names.flatMap((room) => roles.map((listens): Place => ({ room, listens })));
  const sockets = await openings.open(places);
  return names.map((room) => {
    const [sender, ...others] = sockets.splice(0, roles.length);
    // What it gets are answers at most.
    sender!.read(relay.scanner(room, size), () => undefined);
    return { room, sender: sender!, others };
  });
}

async function openStreams(flood: Flood): Promise<Sender[]> {
  const { listeners, inFlight, size } = flood;
  return (await openRooms(flood)).map(({ room, sender: socket, others }) => {
    const sender = new Sender(traffic, socket, messageOf(room, size), inFlight, listeners);
    for (const other of others) sender.follow(other, relay.scanner(room, size));
    return sender;
  });
}

/** All in one room, all of them senders: each goes on when it has got one message from each of the others. */
async function openMembers({ listeners, inFlight, size }: Flood): Promise<Sender[]> {
  const room = 'room';
  const sockets = await openings.open(new Array<Place>(listeners + 1).fill({ room, listens: true }));
  return sockets.map((socket) => {
    const sender = new Sender(traffic, socket, messageOf(room, size), inFlight, listeners);
    sender.follow(socket, relay.scanner(room, size));
    return sender;
  });
}

/** Keeps messages under way for that time. */
async function flood({ timeMs, ...how }: Flood & { timeMs: number }): Promise<FloodCost> {
  const all = (senders ??= await (how.allSend === true ? openMembers(how) : openStreams(how)));
  const stop = startClock();
  const deliveries = await traffic.run(timeMs, () => all.forEach((sender) => sender.start()));
  return { ...stop(), deliveries };
}

async function openPaced(pace: Pace): Promise<PacedStream> {
  const [{ room, sender, others }] = (await openRooms(pace)) as [OpenRoom];
  const stream = new PacedStream(traffic, pace.listeners, sender, messageOf(room, pace.size));
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

async function openEcho({ size, inFlight }: RoundTrips): Promise<Echo> {
  const place: Place = { room: 'room', listens: true };
  const [asking, answering] = (await openings.open([place, place])) as [LoadLink, LoadLink];
  const opened = new Echo(traffic, { asking, answering }, messageOf(place.room, size), inFlight);
  opened.listen(() => relay.scanner(place.room, size));
  return opened;
}

/** There and back for that time. */
async function echo({ timeMs, ...how }: RoundTrips & { timeMs: number }): Promise<EchoCost> {
  const opened = (echoing ??= await openEcho(how));
  const stop = startClock();
  const deliveries = await traffic.run(timeMs, () => opened.start());
  const cost = { ...stop(), deliveries };
  const { tookMs } = opened;
  if (how.inFlight > 1) return cost;
  return { ...cost, p50Ns: quantile(tookMs, 0.5) * 1e6, p99Ns: quantile(tookMs, 0.99) * 1e6 };
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

serve({ flood, pace, echo, login, connect, hasLogin: () => relay.login !== undefined });
