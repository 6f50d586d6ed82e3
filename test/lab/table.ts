import type { BreakResult } from './cases/breaks';
import type { Tally } from './ledger';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function seconds(ms: number | undefined): string {
  return ms === undefined || ms === Infinity ? '-' : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** `lost / sent`, and how many of the lost somebody was told of. */
export function losses({ lost, sent, toldSender, toldReceiver }: Tally): string {
  const told = [
    ...(toldSender > 0 ? [`sender told of ${toldSender}`] : []),
    ...(toldReceiver > 0 ? [`gap over ${toldReceiver}`] : []),
  ];
  return `${lost} / ${sent}${told.length > 0 ? ` (${told.join(', ')})` : ''}`;
}

export const BREAK_HEAD: readonly string[] = [
  ...['client', 'inbound lost', 'outbound lost', 'duplicated in / out', 'reordered in / out'],
  ...['noticed after', 'back after', 'last delivered', 'last acknowledged'],
];

export function breakRow(name: string, result: BreakResult | Error): string[] {
  if (result instanceof Error) return [name, `failed: ${result.message.split('\n')[0] ?? ''}`, ...Array<string>(7).fill('-')];
  const { up, down, noticedMs, backMs, deliveredMs, acknowledgedMs } = result;
  return [
    name,
    losses(down),
    losses(up),
    `${down.duplicated} / ${up.duplicated}`,
    `${down.reordered} / ${up.reordered}`,
    seconds(noticedMs),
    seconds(backMs),
    seconds(deliveredMs),
    seconds(acknowledgedMs),
  ];
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
