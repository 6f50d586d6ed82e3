/** A number that only grows. */
export interface Counter {
  /** @param n - How much to add: a finite number, 0 or more. */
  add(n?: number): void;
}

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
   * Registers a counter that starts at 0.
   *
   * @throws RangeError when the name is taken or not a Prometheus name.
   */
  counter(name: string, help: string): Counter {
    let total = 0;
    this.#register(name, { help, type: 'counter', read: () => total });
    return {
      add(n = 1) {
        if (!(n >= 0 && n < Infinity)) throw new RangeError(`Counter ${name} cannot grow by ${n}.`);
        total += n;
      },
    };
  }

  /**
   * Registers a figure that is read whenever the metrics are asked for.
   *
   * @throws RangeError as {@link Metrics.counter} does.
   */
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
