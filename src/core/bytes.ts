/** The parts from `start` up to `end`, one behind the other, in memory of their own. */
export function joinBytes(
  parts: readonly Uint8Array[],
  start = 0,
  end = parts.length,
): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (let i = start; i < end; i++) length += parts[i]!.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (let i = start; i < end; i++) {
    joined.set(parts[i]!, at);
    at += parts[i]!.length;
  }
  return joined;
}
