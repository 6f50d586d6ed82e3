interface Metric {
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  read(): number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** The figures of one relay, written as Prometheus text. */
export class Metrics {
  readonly #metrics = new Map<string, Metric>();

  /**
   * Registers a figure that only grows, read whenever the metrics are asked for.
   *
   * @throws RangeError when the name is taken or not a Prometheus name.
   */
  counter(name: string, help: string, read: () => number): void {
    this.#register(name, { help, type: 'counter', read });
  }

  /** Registers a figure that goes up and down; otherwise like {@link Metrics.counter}. */
  gauge(name: string, help: string, read: () => number): void {
    this.#register(name, { help, type: 'gauge', read });
  }

  /** All figures in Prometheus text format 0.0.4, in the order of registration. */
  render(): string {
    let text = '';
    for (const [name, metric] of this.#metrics) {
      text += `# HELP ${name} ${escapeHelp(metric.help)}\n# TYPE ${name} ${metric.type}\n`;
      text += `${name} ${formatValue(metric.read())}\n`;
    }
    return text;
  }

  #register(name: string, metric: Metric): void {
    if (!NAME.test(name))
      throw new RangeError(`"${name}" is not a metric name; use letters, digits, _ and :.`);
    if (this.#metrics.has(name)) throw new RangeError(`The metric ${name} is registered already.`);
    this.#metrics.set(name, metric);
  }
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
