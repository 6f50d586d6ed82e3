import { readTypedLine, splitOnce } from './typed-line';

/** What a person asks for with one typed line. */
export type ChatLine =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'to'; readonly rest: string }
  | { readonly type: 'list' }
  | { readonly type: 'help' }
  | { readonly type: 'quit' }
  | { readonly type: 'unknown'; readonly command: string };

/** A device as discovery gives it. */
export interface ChatPeer {
  readonly name: string;
  readonly sessionId: string;
}

/** Whom a `/to` line is for, and what; `wanted` is the word that no device answers to. */
export type Recipient =
  | { readonly type: 'found'; readonly peers: readonly ChatPeer[]; readonly text: string }
  | { readonly type: 'missing'; readonly wanted: string };

/** Reads one typed line. */
export function parseLine(line: string): ChatLine {
  const typed = readTypedLine(line);
  if (typed.type === 'text') return typed;
  switch (typed.command) {
    case '/to':
      return { type: 'to', rest: typed.rest };
    case '/list':
      return { type: 'list' };
    case '/help':
      return { type: 'help' };
    case '/quit':
      return { type: 'quit' };
    default:
      return { type: 'unknown', command: typed.command };
  }
}

/**
 * Splits what follows `/to` into a device and a text. The device is a name in double quotes, or the longest known name
 * or session id at the front, so that a name with blanks needs no quotes.
 */
export function findRecipient(rest: string, peers: readonly ChatPeer[]): Recipient {
  const quoted = /^"([^"]*)" ?(.*)$/s.exec(rest);
  const wanted = quoted?.[1] ?? longestKnown(rest, peers);
  if (wanted === undefined) return { type: 'missing', wanted: splitOnce(rest)[0] };
  const found = peers.filter(({ name, sessionId }) => name === wanted || sessionId === wanted);
  if (found.length === 0) return { type: 'missing', wanted };
  return { type: 'found', peers: found, text: quoted?.[2] ?? rest.slice(wanted.length + 1) };
}

function longestKnown(rest: string, peers: readonly ChatPeer[]): string | undefined {
  return peers
    .flatMap(({ name, sessionId }) => [name, sessionId])
    .filter((key) => key !== '' && (rest === key || rest.startsWith(`${key} `)))
    .reduce<string | undefined>((best, key) => (best === undefined || key.length > best.length ? key : best), undefined);
}
