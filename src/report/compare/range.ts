import type { CaseResult } from '../schema.ts';

/** Where a figure lies for certain: from `low` to `high`, ends included. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * A time with what it takes to compare it: its clock, and the range in which it would have come out
 * again.
 */
export interface TimeFigure {
  readonly medianMs: number;
  /** Undefined where the spread is not known, as in a link: such a time is shown and not judged. */
  readonly range: Range | undefined;
  readonly source: 'timestamp' | 'wall' | undefined;
}

/** One figure lies wholly above the other: no value is possible for both. */
export function isAbove(a: Range, b: Range): boolean {
  return a.low > b.high;
}

/**
 * The range of a measured time: its confidence interval, wider by the clock's quantum at both ends,
 * since no clock tells less.
 */
export function timeOf({
  source,
  quantumNs,
  medianMs,
  ciMs,
}: NonNullable<CaseResult['timing']>): TimeFigure {
  const [low, high] = ciMs;
  const quantumMs = quantumNs / 1e6;
  const range =
    low === undefined || high === undefined
      ? undefined
      : { low: Math.min(low, high) - quantumMs, high: Math.max(low, high) + quantumMs };
  return { source, medianMs, range };
}

/**
 * How `after` is to `before`, where both spreads are known and both were measured with the same
 * clock; else undefined.
 */
export function pace(
  before: TimeFigure | undefined,
  after: TimeFigure | undefined,
): 'slower' | 'faster' | 'same' | undefined {
  if (!before?.range || !after?.range || before.source !== after.source) return undefined;
  if (isAbove(after.range, before.range)) return 'slower';
  return isAbove(before.range, after.range) ? 'faster' : 'same';
}
