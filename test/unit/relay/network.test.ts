import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LabSocket, RelayCoreLab } from '../../helpers/relay-core-lab';

const NETWORKS = ['a', 'b'];
const DEVICES = 6;

type Step =
  | { readonly do: 'send'; readonly from: number; readonly to: readonly string[]; readonly size: number }
  | { readonly do: 'direct'; readonly from: number; readonly to: number; readonly also: readonly string[] }
  | { readonly do: 'networks'; readonly of: number; readonly names: readonly string[] }
  | { readonly do: 'block' | 'drain' | 'drop' | 'attach' | 'poll' | 'end'; readonly of: number }
  | { readonly do: 'flush' };

const device = fc.nat({ max: DEVICES - 1 });
const names = fc.subarray(NETWORKS);
const size = fc.oneof(fc.constant(3), fc.nat({ max: 300 }), fc.constant(5_000));
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), from: device, to: names, size }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('direct' as const), from: device, to: device, also: names }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('networks' as const), of: device, names }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('block', 'drain', 'drop', 'attach', 'poll', 'end' as const),
        of: device,
      }),
    },
    { weight: 3, arbitrary: fc.constant({ do: 'flush' as const }) },
  ),
  { minLength: 20, maxLength: 90 },
);

/** The rule without any sharing: each message stands at once in one queue for each who gets it. */
class Peer {
  networks: readonly string[] = ['a'];
  socket: LabSocket | undefined;
  isBlocked = false;
  hasEnded = false;
  readonly expected: string[] = [];
  readonly got: string[] = [];

  constructor(
    readonly id: string,
    readonly sessionId: string,
  ) {}

  collect(text: string | undefined): void {
    for (const [, data] of (text ?? '').matchAll(/~d=(\d+:\d+):x*/g)) this.got.push(data!);
  }
}

class Model {
  readonly lab: RelayCoreLab;
  readonly peers: Peer[];
  #sent = 0;

  constructor(maxWriteSize: number) {
    this.lab = new RelayCoreLab({ maxWriteSize, maxDownloadSize: 1_024 });
    this.peers = Array.from({ length: DEVICES }, () => {
      const opened = this.lab.device(['a']);
      const peer = new Peer(opened.id, opened.sessionId);
      peer.socket = opened;
      return peer;
    });
    // Once everybody has got something, all are live.
    this.send(0, ['a'], [], 1);
    this.lab.flush();
    this.collect();
  }

  run(step: Step): void {
    const { lab } = this;
    if (step.do === 'flush') lab.input({ type: 'flush' });
    else if (step.do === 'send') this.send(step.from, step.to, [], step.size);
    else if (step.do === 'direct') this.send(step.from, step.also, [this.peers[step.to]!], 3);
    else if (!this.peers[step.of]!.hasEnded) this.change(this.peers[step.of]!, step);
    this.collect();
  }

  collect(): void {
    for (const peer of this.peers) {
      const text = peer.socket?.take();
      // Whoever does not read is written no message.
      if (peer.isBlocked) expect(text ?? '').not.toContain('~d=');
      peer.collect(text);
    }
  }

  send(from: number, to: readonly string[], direct: readonly Peer[], length: number): void {
    const sender = this.peers[from]!;
    if (sender.socket === undefined || direct.some(({ hasEnded }) => hasEnded)) return;
    const data = `${from}:${++this.#sent}`;
    const named = to.length + direct.length > 0 ? to : sender.networks;
    for (const peer of this.peers) {
      const isIn = peer !== sender && peer.networks.some((name) => named.includes(name));
      if (!peer.hasEnded && (isIn || direct.includes(peer))) peer.expected.push(data);
    }
    const fields = [...to.map((name) => `~n=${name}`), ...direct.map(({ sessionId }) => `~s=${sessionId}`)];
    // In both orders: whether the network or the session is found first must not matter.
    if (this.#sent % 2 === 0) fields.reverse();
    sender.socket.send(`${fields.join('')}~d=${data}:${'x'.repeat(length)}~t=1`);
  }

  change(peer: Peer, step: Exclude<Step, { do: 'send' | 'direct' | 'flush' }>): void {
    const { lab } = this;
    const { socket } = peer;
    if (step.do === 'attach') {
      peer.socket = lab.open().send(`~id=${peer.id}~t=1`);
      peer.isBlocked = false;
      peer.collect(socket?.take());
      socket?.drop();
      return;
    }
    if (socket === undefined) return;
    if (step.do === 'networks') {
      peer.networks = step.names;
      socket.send(`~nc=1${step.names.map((name) => `~ns=${name}`).join('')}~t=1`);
    } else if (step.do === 'block' || step.do === 'drain') {
      if (peer.isBlocked === (step.do === 'block')) return;
      peer.isBlocked = !peer.isBlocked;
      socket[step.do]();
    } else if (step.do === 'end') {
      if (peer.isBlocked) return;
      socket.send('~c=t~t=1');
      peer.hasEnded = true;
      peer.collect(socket.take());
      peer.socket = undefined;
    } else {
      if (step.do === 'poll') this.poll(peer);
      socket.drop();
      peer.socket = undefined;
    }
  }

  /** Moves to long polling, takes one answer and goes away. */
  poll(peer: Peer): void {
    peer.collect(peer.socket!.take());
    const download = this.lab.request('download', `~id=${peer.id}~t=10`);
    this.lab.input({ type: 'flush' });
    peer.collect(peer.socket!.take());
    peer.collect(download.body);
    if (download.body === undefined) this.lab.abort(download);
  }

  finish(): void {
    for (const peer of this.peers) if (!peer.hasEnded) this.change(peer, { do: 'attach', of: 0 });
    this.lab.flush();
    this.collect();
  }
}

describe('members of a network that share what waits', () => {
  it.each([1_024, 262_144])(
    'P-94 P-86 agrees with a queue for each receiver, whatever is mixed in a turn (%i bytes a write)',
    (maxWriteSize) => {
      fc.assert(
        fc.property(steps, (list) => {
          const model = new Model(maxWriteSize);
          for (const step of list) model.run(step);
          model.finish();
          for (const { expected, got } of model.peers) expect(got).toEqual(expected);
          expect(model.lab.core.levels).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
        }),
        { numRuns: 300, seed: 4 },
      );
    },
  );
});
