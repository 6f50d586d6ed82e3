/** Time and CPU time, both in nanoseconds. */
export interface Cost {
  readonly wallNs: number;
  readonly cpuNs: number;
}

/** Measures from now until the returned function is called. */
export function startClock(): () => Cost {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  return () => {
    const wallNs = Number(process.hrtime.bigint() - start);
    const { user, system } = process.cpuUsage(cpu);
    return { wallNs, cpuNs: (user + system) * 1_000 };
  };
}
