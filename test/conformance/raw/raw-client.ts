import type { Address } from './raw-connection';
import { type RawResponse, post } from './raw-http';
import { type Field, decodeFields, encodeFields } from './tilde';

export interface Credentials {
  connectName: string;
  password: string;
}

export interface Login {
  /** The whole answer, Latin-1. */
  body: string;
  fields: Field[];
  /** Device id, the bearer secret. */
  id: string;
  sessionId: string;
}

export interface Delivery {
  from: string;
  type: string;
  data: string;
}

/** What the delivery rules need of a device, whatever its transport. */
export interface Device {
  readonly id: string;
  readonly sessionId: string;
  setNetworks(...names: string[]): Promise<string>;
  /** Sends message groups, encoded, without terminator; gives the code. */
  send(groups: string): Promise<string>;
  /** Everything that came before a message which the device sends to itself now. */
  deliveriesSoFar(): Promise<Delivery[]>;
}

export function loginBody(account: Credentials, extra: Field[] = [['ec', '1']]): string {
  return encodeFields([['p', '1'], ['cn', account.connectName], ['cp', account.password], ...extra]);
}

export async function login(address: Address, account: Credentials): Promise<Login> {
  const body = answerBody(await post(address, '/', loginBody(account)));
  const fields = decodeFields(body);
  const id = fieldValue(fields, 'id');
  if (fieldValue(fields, 'e') !== '0' || id === undefined) throw new Error(`login refused: ${body}`);
  return { body, fields, id, sessionId: id.slice(0, id.indexOf('s')) };
}

export function fieldValue(fields: readonly Field[], key: string): string | undefined {
  return fields.find(([name]) => name === key)?.[1];
}

/** The body of an HTTP answer, which must have status 200 and start with a tilde (P-3). */
export function answerBody(response: RawResponse): string {
  if (response.status !== 200) throw new Error(`status ${response.status}: ${response.body}`);
  if (!response.body.startsWith('~')) throw new Error(`no leading tilde: ${JSON.stringify(response.body)}`);
  return response.body;
}

export function codeOf(body: string): string {
  return fieldValue(decodeFields(body), 'e') ?? `no e in ${body}`;
}

/** `f`, `dt` and `d` groups (P-35, P-36): `d` completes one delivery and clears the other two. */
export function readDeliveries(fields: readonly Field[]): Delivery[] {
  const deliveries: Delivery[] = [];
  let from = '-1';
  let type = '';
  for (const [key, value] of fields) {
    if (key === 'f') from = value;
    if (key === 'dt') type = value;
    if (key !== 'd') continue;
    deliveries.push({ from, type, data: value });
    from = '-1';
    type = '';
  }
  return deliveries;
}

let lastFence = 0;

export function newFence(sessionId: string): Delivery {
  return { from: sessionId, type: 'fence', data: String(++lastFence) };
}

export function groupToSelf(fence: Delivery): string {
  return encodeFields([
    ['s', fence.from],
    ['dt', fence.type],
    ['d', fence.data],
  ]);
}

export function isSame(one: Delivery, other: Delivery): boolean {
  return one.from === other.from && one.type === other.type && one.data === other.data;
}
