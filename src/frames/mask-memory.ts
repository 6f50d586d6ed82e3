/** How much is kept for later, of all connections together. */
const MAX_KEPT = 2_097_152;

/** Chunks below it are passed over at once: to look each up would cost a small frame a third of its time. */
const MIN_LENGTH = 4_096;

const kept: ArrayBuffer[] = [];
const lent = new WeakSet<ArrayBufferLike>();
let keptBytes = 0;

/**
 * Memory for a long payload that is masked: what was given back, when some fits, since memory that the system has just
 * given costs more than the masking. What it holds means nothing.
 *
 * @internal
 */
export function takeMemory(length: number): Uint8Array {
  const index = kept.findIndex(({ byteLength }) => byteLength >= length && byteLength <= 2 * length);
  const [memory = new ArrayBuffer(length)] = index < 0 ? [] : kept.splice(index, 1);
  if (index >= 0) keptBytes -= memory.byteLength;
  lent.add(memory);
  return new Uint8Array(memory, 0, length);
}

/**
 * Gives memory back that {@link takeMemory} gave; nothing happens for other chunks. For who is sure that nobody reads
 * the chunk any more, as when the operating system has copied it.
 *
 * @internal
 */
export function giveMemoryBack(chunk: Uint8Array): void {
  if (chunk.length < MIN_LENGTH) return;
  const { buffer } = chunk;
  if (!lent.delete(buffer) || keptBytes + buffer.byteLength > MAX_KEPT) return;
  keptBytes += buffer.byteLength;
  kept.push(buffer as ArrayBuffer);
}
