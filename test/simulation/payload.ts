/** Beginning of a payload: who sent it, its number and its length. */
const HEAD = /^(acct\d+\.dev\d+):(\d+):(\d+):/;
const MAX_HEAD = 48;

/** A payload that can be told apart from all others, and any change of it seen; it holds bytes that need escapes. */
export function makePayload(name: string, number: number, length: number): Uint8Array {
  const head = Buffer.from(`${name}:${number}:${length}:`);
  const payload = new Uint8Array(head.length + length);
  payload.set(head);
  for (let i = 0; i < length; i++) payload[head.length + i] = fillerAt(number, i);
  return payload;
}

export function readPayload(bytes: Uint8Array): { name: string; number: number; isWhole: boolean } | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', 0, Math.min(bytes.length, MAX_HEAD));
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  const [head, name, number, length] = match;
  return { name: name!, number: Number(number), isWhole: isFilled(bytes, head.length, Number(number), Number(length)) };
}

function isFilled(bytes: Uint8Array, start: number, number: number, length: number): boolean {
  if (bytes.length !== start + length) return false;
  for (let i = 0; i < length; i++) if (bytes[start + i] !== fillerAt(number, i)) return false;
  return true;
}

function fillerAt(number: number, i: number): number {
  return (number * 31 + i * 7) & 0xff;
}
