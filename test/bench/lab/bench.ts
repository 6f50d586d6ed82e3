import type { ToolName } from '../../../scripts/test-tools.mjs';

/** One column of a table. */
export interface Case<Parameters> {
  /** Heading of the table that the case belongs to. */
  readonly table: string;
  /** Heading of its column. */
  readonly column: string;
  readonly parameters: Parameters;
}

/** One thing that is measured. Less is always better: rates are given as time for each message. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  /** Factor from what `measure` returns to `unit`. @defaultValue 1 */
  readonly scale?: number;
  /** Given in its unit for all, not in times the baseline: no cost, or held against a fixed figure. */
  readonly absolute?: boolean;
  /** What is said beside such a value. */
  readonly note?: (value: number) => string;
}

/** What one measurement found, in the order of the metrics; `undefined` where the candidate cannot do it. */
export type Measured = readonly (number | undefined)[];

/** One candidate, ready for one case. */
export interface Contender {
  /**
   * Measures once; begins with what the last call left.
   *
   * @param timeMs - For how long, where the bench goes by time.
   */
  measure(timeMs: number): Promise<Measured>;
  stop(): Promise<void>;
}

/** One benchmark: who is measured, at what, and how. */
export interface Bench<Parameters = unknown> {
  readonly name: string;
  /** What is done in one measurement, for the reader of the tables. */
  readonly about: string;
  /** Folder of this bench, with its `candidates/`. */
  readonly folder: string;
  /** A program without which there is nothing to measure. */
  readonly needs?: ToolName;
  /** The candidate that the others are compared with. */
  readonly baseline: string;
  readonly metrics: readonly Metric[];
  readonly cases: readonly Case<Parameters>[];
  readonly rounds: number;
  /** How long one measurement lasts, where the bench goes by time. */
  readonly timeMs?: number;
  /** Starts a candidate in processes of its own. @returns `undefined` when it cannot do this case. */
  start(candidate: Candidate, parameters: Parameters): Promise<Contender | undefined>;
}

/** A file in a folder of candidates. */
export interface Candidate {
  readonly name: string;
  /** Its compiled module. */
  readonly file: string;
  /** Where the compiled modules of the bench are. */
  readonly folder: string;
}
