import {
  type Delivery,
  type Device,
  answerBody,
  codeOf,
  groupToSelf,
  isSame,
  newFence,
  readDeliveries,
} from './raw-client';
import type { Address } from './raw-connection';
import { type PendingRequest, post, startRequest } from './raw-http';
import { decodeFields, escapeValue } from './tilde';

export class PollingDevice implements Device {
  readonly sessionId: string;
  private downloads = 0;
  private uploads = 0;

  constructor(
    readonly address: Address,
    readonly id: string,
  ) {
    this.sessionId = id.slice(0, id.indexOf('s'));
  }

  async setNetworks(...names: string[]): Promise<string> {
    const list = names.map((name) => `~n=${escapeValue(name)}`).join('');
    return codeOf(await this.poll(list));
  }

  /** Starts a Download and does not wait for it. `fields` stand between `id` and `z`. */
  async startPoll(fields = '', z = this.downloads++, deadlineMs?: number): Promise<PendingRequest> {
    const body = `~id=${this.id}${fields}~z=${z}`;
    return startRequest(this.address, { path: '/Download', body }, deadlineMs);
  }

  async poll(fields?: string, z?: number, deadlineMs?: number): Promise<string> {
    const pending = await this.startPoll(fields, z, deadlineMs);
    return answerBody(await pending.response);
  }

  /** Uploads message groups and gives the whole answer. */
  async upload(groups: string, z = this.uploads++): Promise<string> {
    return answerBody(await post(this.address, '/Upload', `~id=${this.id}${groups}~z=${z}`));
  }

  async send(groups: string): Promise<string> {
    return codeOf(await this.upload(groups));
  }

  async cancel(fields = ''): Promise<string> {
    const body = `~id=${this.id}${fields}~z=${this.uploads++}`;
    return answerBody(await post(this.address, '/CancelDownload', body));
  }

  /** Ends the session. */
  async end(): Promise<string> {
    return this.cancel('~ts=1');
  }

  async deliveriesSoFar(): Promise<Delivery[]> {
    const fence = newFence(this.sessionId);
    const code = await this.send(groupToSelf(fence));
    if (code !== '0') throw new Error(`a message to the own session id got ${code}`);
    const before: Delivery[] = [];
    for (;;) {
      const fields = decodeFields(await this.poll());
      if (fields[0]?.[0] !== 'e' || fields[0][1] !== '0')
        throw new Error(`no data: ${JSON.stringify(fields)}`);
      const deliveries = readDeliveries(fields);
      const at = deliveries.findIndex((delivery) => isSame(delivery, fence));
      before.push(...(at < 0 ? deliveries : deliveries.slice(0, at)));
      if (at >= 0) return before;
    }
  }
}
