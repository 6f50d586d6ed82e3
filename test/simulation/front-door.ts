import type { RelayPlan } from './plan';
import type { RequestSink } from './relay-host';
import type { World } from './world';

const OFFER = Buffer.from('~x=1~xf=');
const PASSED_OVER = Buffer.from('~y=1~yf=');
const PROTOCOL_FAULT = Buffer.from('~e=7');
const RATE_LIMITED = Buffer.from('~e=29~xt=2');
const UNREACHABLE = Buffer.from('~e=20');

interface Login {
  readonly body: Uint8Array;
  readonly sink: RequestSink;
}

/** What stands between clients and the relay's login: an older relay that does not know the extension, or a smaller window. */
export class FrontDoor {
  /** Takes no logins now: too many at once. */
  isBusy = false;

  constructor(
    private readonly world: World,
    private readonly plan: RelayPlan,
  ) {}

  /** @returns undefined when it was answered here. */
  pass(body: Uint8Array, sink: RequestSink): Login | undefined {
    const { extension, window } = this.plan;
    const { counts } = this.world;
    if (this.isBusy) {
      counts.add('fault login storm');
      sink.answer(hasExtension(body, extension) ? RATE_LIMITED : UNREACHABLE);
      return undefined;
    }
    const at = Buffer.from(body.buffer, body.byteOffset, body.length).indexOf(OFFER);
    if (at < 0) return { body, sink };
    if (extension === 'grants') {
      if (window === undefined) return { body, sink };
      counts.add('fault small window');
      return { body, sink: withWindow(sink, window) };
    }
    counts.add(`fault extension ${extension === 'ignores' ? 'ignored' : 'refused'}`);
    if (extension === 'ignores') return { body: withoutOffer(body, at), sink };
    sink.answer(PROTOCOL_FAULT);
    return undefined;
  }
}

function hasExtension(body: Uint8Array, policy: RelayPlan['extension']): boolean {
  return policy === 'grants' && Buffer.from(body).includes(OFFER);
}

function withoutOffer(body: Uint8Array, at: number): Uint8Array {
  const changed = body.slice();
  changed.set(PASSED_OVER, at);
  return changed;
}

function withWindow(sink: RequestSink, messages: number): RequestSink {
  return {
    fail: () => sink.fail(),
    answer: (body) => {
      const text = Buffer.from(body).toString('latin1');
      sink.answer(Buffer.from(text.replace(/~xw=\d+,/, `~xw=${messages},`), 'latin1'));
    },
  };
}
