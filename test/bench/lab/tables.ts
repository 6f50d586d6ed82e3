import type { Bench, Metric } from './bench';
import type { CaseResult } from './contest';
import { ratios, spreadOf, type Spread } from './statistics';

/** All tables of a bench as Markdown. */
export function renderBench(bench: Bench, results: readonly CaseResult[]): string {
  const tables = [...new Set(results.map(({ table }) => table))];
  const sections = tables.map((table) =>
    renderTable(
      bench,
      table,
      results.filter((result) => result.table === table),
    ),
  );
  const skipped = new Map(results.flatMap((result) => [...result.skipped]));
  const gaps = [...skipped].map(([name, reason]) => `Not measured: ${name} (${reason}).`);
  return [`## ${bench.name}`, bench.about, ...sections, ...gaps].join('\n\n');
}

function renderTable(bench: Bench, title: string, results: readonly CaseResult[]): string {
  const names = [...new Set(results.flatMap(({ rounds }) => [...rounds.keys()]))];
  const rows = names.flatMap((name) =>
    bench.metrics.flatMap((metric, index) => {
      const cells = results.map((result) => cellOf(bench, result, name, metric, index));
      if (cells.every((cell) => cell === '-')) return [];
      const unit = name === bench.baseline || metric.absolute === true ? `, ${metric.unit}` : '';
      return [[`${name}: ${metric.name}${unit}`, ...cells]];
    }),
  );
  const columns = results.map(({ column }) => column);
  const lines = [[title, ...columns], ['---', ...columns.map(() => '---:')], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The baseline in its unit, the others in times the baseline: median (min..max) of the rounds. */
function cellOf(bench: Bench, { rounds }: CaseResult, name: string, metric: Metric, index: number): string {
  const own = (rounds.get(name) ?? []).map((measured) => measured[index]);
  const known = own.filter((value) => value !== undefined);
  if (known.length === 0) return '-';
  if (metric.absolute === true) return absolute(spreadOf(known), metric);
  if (name === bench.baseline) return plain(spreadOf(known).median * (metric.scale ?? 1));
  const base = (rounds.get(bench.baseline) ?? []).map((measured) => measured[index]);
  const { median, min, max } = spreadOf(ratios(base, own));
  if (Number.isNaN(median)) return `${plain(spreadOf(known).median * (metric.scale ?? 1))} ${metric.unit}`;
  return `${short(median)} (${short(min)}..${short(max)})`;
}

function absolute({ median, min, max }: Spread, { scale = 1, note }: Metric): string {
  const spread = `${plain(median * scale)} (${plain(min * scale)}..${plain(max * scale)})`;
  return `${spread} ${note?.(median * scale) ?? ''}`.trimEnd();
}

function plain(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 2 });
}

function short(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
