import type { Clock } from '../core/transport';
import { systemClock } from './clock';

/** How long the timers of all devices may take before the sockets have their turn again. */
const SLICE_MS = 10;

/** Wakes whose time has come, the oldest first. */
const due = new Set<() => void>();

function runDue(): void {
  const endMs = performance.now() + SLICE_MS;
  try {
    for (const run of due) {
      if (performance.now() >= endMs) break;
      due.delete(run);
      run();
    }
  } finally {
    if (due.size > 0) setImmediate(runDue);
  }
}

/**
 * The clock of a process that may hold thousands of devices. When the relay comes back all of them are due at once, and
 * Node would run every timer before it reads a single socket: answers that are there would be taken for late. So time is
 * up only after what has arrived was read, and attempts begin no faster than the process gets on with them.
 */
export const nodeClock: Clock = {
  ...systemClock,
  setTimer(wake, ms) {
    const run = (): void => wake();
    const timer = setTimeout(() => {
      if (due.size === 0) setImmediate(runDue);
      due.add(run);
    }, ms);
    return () => {
      clearTimeout(timer);
      due.delete(run);
    };
  },
};
