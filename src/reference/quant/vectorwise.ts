import type { DType } from '../../tensor/dtype.ts';
import { heldAs } from '../../tensor/half.ts';
import { rint } from '../../tensor/rint.ts';
import type { Value } from '../record.ts';
import { BAND } from './blocks.ts';

/** What 8-bit rows are made of. */
export interface Vectorwise {
  /** Largest magnitude of each row but for outliers: exact. */
  readonly stats: Float64Array;
  /** Columns with an outlier, ascending. */
  readonly columns: readonly number[];
  /**
   * Each element over a 127th of its row's statistic, as IEEE arithmetic rounds it; 0 in outlier
   * columns.
   */
  readonly levels: Float64Array;
}

/**
 * x * (127 * (1 / stat)), each operation rounded to nearest float32, in an exponent range without
 * end: torch divides a number by a tensor so. In a row of zeros 0.
 */
export function levelOf(x: number, stat: number): number {
  if (stat === 0) return 0;
  const unit = 2 ** Math.floor(Math.log2(stat));
  return Math.fround(x * (Math.fround(127 * Math.fround(unit / stat)) / unit));
}

/** Rows of `cols` elements; as large as `threshold` or larger is an outlier. */
export function vectorwise(data: Float64Array, cols: number, threshold: number): Vectorwise {
  const isOutlier = (x: number) => Math.abs(x) >= threshold;
  const stats = new Float64Array(cols === 0 ? 0 : data.length / cols);
  const marked = new Set<number>();
  data.forEach((x, i) => {
    const row = Math.floor(i / cols);
    if (isOutlier(x)) marked.add(i % cols);
    else stats[row] = Math.max(stats[row] as number, Math.abs(x));
  });
  const levels = data.map((x, i) =>
    marked.has(i % cols) ? 0 : levelOf(x, stats[Math.floor(i / cols)] as number),
  );
  return { stats, columns: [...marked].sort((a, b) => a - b), levels };
}

/**
 * What a threshold may mean for elements stored as `dtype`: itself in float32, or, as torch compares
 * on processors, in their own format; that of 0 is that there is no outlier.
 */
function thresholdsFor(threshold: number, dtype: DType | undefined): readonly number[] {
  if (threshold === 0) return [Number.POSITIVE_INFINITY];
  const own = dtype === 'f16' || dtype === 'bf16' ? [heldAs(dtype, threshold)] : [];
  return [...new Set([Math.fround(threshold), ...own])];
}

/** What a party says of its rows. */
export interface RowOutputs {
  readonly row_stats?: Value | undefined;
  readonly outlier_cols?: Value | undefined;
}

/**
 * The rows of `x`, by the meaning of the threshold that the party's results have, or by the first
 * where they have none.
 */
export function rowsOf(
  { data, dtype }: Pick<Value, 'data' | 'dtype'>,
  cols: number,
  threshold: number,
  { row_stats, outlier_cols }: RowOutputs = {},
): Vectorwise {
  const all = thresholdsFor(threshold, dtype).map((each) => vectorwise(data, cols, each));
  const isIts = ({ stats, columns }: Vectorwise) =>
    (!row_stats || row_stats.data.every((x, i) => x === stats[i])) &&
    (!outlier_cols || outlier_cols.data.every((c, i) => c === (columns[i] ?? -1)));
  return all.find(isIts) ?? (all[0] as Vectorwise);
}

/** The codes that are right for a level: one by IEEE arithmetic, else up to two. */
export function codeRange(
  level: number,
  ieee: boolean,
): { readonly low: number; readonly high: number } {
  const band = ieee ? 0 : BAND * Math.abs(level);
  return { low: rint(level - band), high: rint(level + band) };
}

/**
 * Codes of levels, each that which is wished for it where that can be right in some arithmetic, else
 * that of IEEE.
 */
export function codesOf(
  levels: Float64Array,
  wished: (i: number) => number | undefined = () => undefined,
): Float64Array {
  return levels.map((level, i) => {
    const wish = wished(i);
    const { low, high } = codeRange(level, false);
    return wish === low || wish === high ? wish : rint(level);
  });
}

/** How far codes may be from those of IEEE arithmetic, 0 for most. */
export function apartOf(levels: Float64Array, ieee: boolean): Float64Array {
  return levels.map((level) => {
    const { low, high } = codeRange(level, ieee);
    return high - low;
  });
}

/**
 * Outlier columns as a list of `length`, filled up with -1. A list that is too short for them is not
 * equal to it.
 */
export function listOf(columns: readonly number[], length: number, actual?: Value): Value {
  const first = Float64Array.from({ length }, (_, i) => columns[i] ?? -1);
  const isCut = columns.length > length && actual?.data.every((c, i) => c === first[i]);
  const data = isCut ? Float64Array.from(columns.slice(-length)) : first;
  return { shape: [length], data };
}
