import { ErrorCode } from '../../src/core/errors';
import { CloseCode } from '../../src/relay/close-codes';
import { createCounters } from '../../src/relay/counters';
import { QUIET } from './peer';
import { NEMESES } from './nemeses';

/** Codes that no core can give, with the reason. */
const NOT_HERE: Readonly<Record<number, string>> = {
  [ErrorCode.NOTHING_TO_SEND]: 'the public class checks its arguments',
  [ErrorCode.NOT_WHILE_RUNNING]: 'the public class checks its arguments',
  [ErrorCode.DOWNLOAD_TIMEOUT_LOWERED]: 'nobody gives it yet',
  [ErrorCode.TOKEN_EXPIRED]: 'tokens do not end while a session lives',
  [ErrorCode.NOT_STORED]: 'only a relay with a store gives it',
  [ErrorCode.EXPIRED]: 'the public class keeps the time of a message',
};
/** Counters that must stay at nothing. */
const NEVER: readonly string[] = ['payloadDecodes'];
/** Nemeses that count what they bring about under another name. */
const COUNTED_AS: Readonly<Record<string, string>> = {
  'account store down': 'login without account store',
  'no credentials': 'credentials failed',
  'power failure in a write': 'write cut off by a crash',
};

/** What belongs to the relays of a plan: it is there without any fault. */
export const OF_THE_PLAN: readonly string[] = ['torn journal', 'full socket', 'small window', 'extension ignored', 'extension refused'];

/** Everything that a whole run has to have seen: faults, codes, and what the relay counts. */
export function requiredCounts(): string[] {
  const httpFaults = Object.keys(QUIET).map((fault) => `http ${fault}`);
  const faults = new Set([...NEMESES.map(({ name }) => COUNTED_AS[name] ?? name), ...httpFaults, ...OF_THE_PLAN]);
  const gaps = ['overflow', 'expired', 'epoch', 'plain'];
  const codes = Object.values(ErrorCode).filter((code) => !(code in NOT_HERE));
  const counters = Object.keys(createCounters()).filter((name) => !NEVER.includes(name));
  return [
    ...[...faults].map((name) => `fault ${name}`),
    ...gaps.map((reason) => `gap ${reason}`),
    'drain',
    'ping',
    ...codes.map((code) => `error code ${code}`),
    ...Object.values(CloseCode).map((code) => `close code ${code}`),
    ...counters.map((name) => `relay ${name}`),
  ];
}
