/** What a benchmark is, for all of them: it runs by itself, measures linkd and its peers side by side, and gives rows. */

/** Someone else's figure, measured in the same run, in the row's unit. */
export interface Peer {
  readonly name: string;
  readonly value: number;
}

/** What a row wants to reach: its value at least, or at most, so much, in the row's unit. */
export interface Target {
  readonly bound: 'at least' | 'at most';
  /** In the row's unit; made of a peer's figure where the target is a ratio. */
  readonly value: number;
  /** Where the value comes from, as the documentation says it: `1.0 × kernel pppd`. */
  readonly of?: string;
}

export interface Row {
  /** Within its benchmark; says what was measured. */
  readonly name: string;
  /** linkd's figure: the median of the runs unless the name says otherwise. */
  readonly value: number;
  readonly unit: string;
  /** A figure to know, without a target, has none. */
  readonly target?: Target;
  readonly peers?: readonly Peer[];
  /** What would be tried next; shown where the target is missed. */
  readonly nextStep?: string;
}

export interface Result {
  readonly rows: readonly Row[];
  /** Paragraphs and tables in Markdown for below the rows: how it was measured, what was seen. */
  readonly notes?: readonly string[];
}

export interface BenchContext {
  /** How many runs a median is taken of. */
  readonly runs: number;
  /** Tells of progress, a line at a time. */
  readonly say: (line: string) => void;
}

export interface Benchmark {
  /** As `--only` takes it: one word. */
  readonly name: string;
  /** A heading of the documentation. */
  readonly title: string;
  /** Cleans up after itself even when it fails. Throws when it can't run here; the message says why, and what to do. */
  run(context: BenchContext): Promise<Result>;
}

/** True when a row has what its target wants; undefined without a target. */
export function isMet({ value, target }: Row): boolean | undefined {
  if (target === undefined) return undefined;
  return target.bound === 'at least' ? value >= target.value : value <= target.value;
}

/** The value below which so great a part of the values lies, 0 to 1; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const above = sorted[sorted.length >> 1] ?? Number.NaN;
  return sorted.length % 2 === 1 ? above : ((sorted[(sorted.length >> 1) - 1] ?? above) + above) / 2;
}
