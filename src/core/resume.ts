import type { FieldWriter } from './field-writer';
import type { Grant } from './login';
import type { IncomingMessage } from './messages';

/** Messages that this device will not get. @public */
export interface Gap {
  /** How many; undefined when nobody knows. */
  count: number | undefined;
  /** `overflow`, `expired`, `epoch` or `degraded`, as the relay says; `plain` on a relay without the extension. */
  reason: string;
}

/** Senders whose last number is remembered. */
const MAX_SENDERS = 1024;

/**
 * What a session needs to go on where it broke off (extension x1): numbers in both directions, the token, and whom it has heard
 * up to which message. Lives as long as the client; `begin` starts a new session on the relay.
 */
export class Resume {
  grant: Grant | undefined;
  /** The networks that the relay has confirmed for the session; they outlive its transports. */
  networks: readonly string[] | undefined;
  /** The last message received in order: what `xh` says. */
  received = 0;
  /** Messages and bytes received since the last acknowledgement went out. */
  #owed = 0;
  #owedBytes = 0;
  /** Counts attaches over both transports, and downloads. */
  attaches = 0;
  readonly #heard = new Map<string, number>();

  begin(grant: Grant | undefined): void {
    this.grant = grant;
    this.networks = undefined;
    this.received = this.#owed = this.#owedBytes = 0;
  }

  /** With `writeCount`, the fields behind the device id that bind a transport to the session. */
  writeAttach(writer: FieldWriter, { token }: Grant): FieldWriter {
    return this.writeAck(writer.field('xr', token));
  }

  /** The number of an attach or a download. */
  writeCount(writer: FieldWriter): FieldWriter {
    return writer.field('z', ++this.attaches);
  }

  writeAck(writer: FieldWriter): FieldWriter {
    this.#owed = this.#owedBytes = 0;
    return writer.field('xh', this.received);
  }

  /** Whether something waits for its acknowledgement; `now` when it should not wait any longer. */
  get owes(): 'nothing' | 'soon' | 'now' {
    if (this.#owed === 0) return 'nothing';
    const { ackMessages = 0, ackBytes = 0 } = this.grant ?? {};
    return this.#owed >= ackMessages || this.#owedBytes >= ackBytes ? 'now' : 'soon';
  }

  /** Those of numbered messages that are new: a repeated delivery is passed over, however it came to be. */
  accept(first: number, messages: readonly IncomingMessage[]): IncomingMessage[] {
    return messages.filter((message, i) => {
      this.#owedBytes += message.bytes.length;
      return this.take(first + i) && this.#isNew(message);
    });
  }

  /** Takes one number. @returns Whether it is the next one. */
  take(number: number): boolean {
    this.#owed++;
    if (number !== this.received + 1) return false;
    this.received = number;
    return true;
  }

  /** Passes over what the relay cannot give any more. */
  skip(gap: string): Gap | undefined {
    const [, first, last, reason] = /^(\d{1,16})-(\d{1,16}):(\w+)$/.exec(gap) ?? [];
    if (reason === undefined) return undefined;
    const count = Number(last) - Math.max(this.received, Number(first) - 1);
    if (last === '0') return { count: undefined, reason };
    if (count <= 0) return undefined;
    this.received = Number(last);
    return { count, reason };
  }

  #isNew({ origin, number }: IncomingMessage): boolean {
    if (!origin) return true;
    if (number <= (this.#heard.get(origin) ?? 0)) return false;
    this.#heard.delete(origin);
    this.#heard.set(origin, number);
    if (this.#heard.size > MAX_SENDERS) this.#heard.delete(this.#heard.keys().next().value!);
    return true;
  }
}
