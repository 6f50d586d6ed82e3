import { readFileSync } from 'node:fs';

/** What Linux counts CPU time of other processes in. */
const TICK_NS = 1e7;
const PAGE_SIZE = 4_096;

/** CPU time of another process so far. */
export function cpuOf(pid: number): { userNs: number; kernelNs: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name stands in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { userNs: Number(fields[11]) * TICK_NS, kernelNs: Number(fields[12]) * TICK_NS };
}

/** Bytes of memory that another process holds. */
export function memoryOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_SIZE;
}
