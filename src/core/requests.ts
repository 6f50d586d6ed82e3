import { joinBytes } from './bytes';
import { FieldWriter } from './field-writer';
import type { Resume } from './resume';
import { encodeText } from './text';

const TERMINATOR = encodeText('~t=1');

function terminated(writer: FieldWriter): Uint8Array {
  return writer.append(TERMINATOR).finish();
}

/** `~t=1` alone (section 5.3); with the extension, what was received. */
export function keepAliveMessage(resume: Resume): Uint8Array {
  return resume.grant ? terminated(resume.writeAck(new FieldWriter())) : TERMINATOR;
}

export function attachMessage(deviceId: string, resume: Resume): Uint8Array {
  const writer = request(deviceId);
  if (resume.grant) resume.writeCount(resume.writeAttach(writer, resume.grant));
  return terminated(writer);
}

export function networksMessage(networks: readonly string[]): Uint8Array {
  const writer = new FieldWriter().field('nc', 1);
  for (const network of networks) writer.field('ns', network);
  return terminated(writer);
}

/** Numbers of the first message that goes out: `xq` within the session, `xn` of this client. */
export interface FirstNumbers {
  readonly first: number;
  readonly number: number;
}

export function sendMessage(groups: Uint8Array, numbers: FirstNumbers, resume: Resume): Uint8Array {
  const head = resume.grant ? [writeNumbers(resume.writeAck(new FieldWriter()), numbers).finish()] : [];
  return joinBytes([...head, groups, TERMINATOR]);
}

/** The numbers stand in front of the first group; those of the next ones follow one by one. */
function writeNumbers(writer: FieldWriter, { first, number }: FirstNumbers): FieldWriter {
  return writer.field('xq', first).field('xn', number);
}

/** `t` ends the session, `c` only this connection (P-7, P-8). */
export function closeMessage(kind: 't' | 'c'): Uint8Array {
  return terminated(new FieldWriter().field('c', kind));
}

/** Seconds a download waits when it names no time (P-67). */
export const DEFAULT_DOWNLOAD_TIMEOUT = 120;
/** Least download timeout, in seconds (P-68, P-112). */
export const MIN_DOWNLOAD_TIMEOUT = 10;

export interface DownloadWish {
  /** The networks to set; undefined for a plain poll. */
  readonly networks: readonly string[] | undefined;
  /** Seconds to wait. */
  readonly timeout: number;
  /** Replaces one that was copied on the way (P-110). */
  readonly replaces: boolean;
  readonly counter: number;
  /** With the extension: binds the session to long polling. */
  readonly attaches: boolean;
}

/** Body of `/Download` (section 6.1). */
export function downloadRequest(deviceId: string, wish: DownloadWish, resume: Resume): Uint8Array {
  const { networks, timeout, replaces, counter, attaches } = wish;
  const { grant } = resume;
  const writer = request(deviceId);
  if (grant && attaches) resume.writeAttach(writer, grant);
  else if (grant) resume.writeAck(writer);
  // One empty name says an empty set; no `n` at all would be a plain poll (P-69).
  for (const network of networks?.length === 0 ? [''] : (networks ?? [])) writer.field('n', network);
  if (!networks && !attaches && timeout !== DEFAULT_DOWNLOAD_TIMEOUT) writer.field('t', timeout);
  if (!networks && replaces) writer.field('r', 1);
  return (grant ? resume.writeCount(writer) : writer.field('z', counter)).finish();
}

export function uploadRequest(
  deviceId: string,
  groups: Uint8Array,
  numbers: FirstNumbers,
  counter: number,
  resume: Resume,
): Uint8Array {
  const head = request(deviceId);
  if (resume.grant) writeNumbers(head, numbers);
  return joinBytes([head.finish(), groups, new FieldWriter().field('z', counter).finish()]);
}

export function cancelRequest(deviceId: string, endSession: boolean, counter: number): Uint8Array {
  const writer = request(deviceId);
  if (endSession) writer.field('ts', 1);
  return writer.field('z', counter).finish();
}

function request(deviceId: string): FieldWriter {
  return new FieldWriter().rawField('id', encodeText(deviceId));
}
