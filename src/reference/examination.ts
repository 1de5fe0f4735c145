import { coordinatesOf } from '../tensor/shape.ts';
import { finiteOrNull, measureWithin } from './judge.ts';
import type { Acceptance, Value } from './record.ts';

/** One element of a judged tensor. */
export interface ExaminedElement {
  readonly index: readonly number[];
  readonly actual: number | null;
  readonly expected: number | null;
  /** How far off it may be; null where the rule is no bound. */
  readonly bound: number | null;
  readonly wrong: boolean;
}

/** A judged tensor with details that a report does not hold. */
export interface Examination {
  /** The output, or `gradient of` an input. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly rule: Acceptance['kind'];
  readonly compared: number;
  readonly wrong: number;
  /**
   * How many elements took which share of their bound: none of it, then up to each of
   * {@link SHARES}, then more, or no number.
   */
  readonly shares: readonly number[];
  /**
   * Likewise in units of the error that is typical of rounding to nearest; absent where that is not
   * known.
   */
  readonly typicalShares?: readonly number[];
  /**
   * The first wrong element with its neighbours in the last two dimensions; where nothing is wrong,
   * the one nearest to its bound.
   */
  readonly around: readonly (readonly ExaminedElement[])[];
  /** Index of that element. */
  readonly at: readonly number[];
}

/** Upper ends of the bins of shares, from a thousandth of the bound to sixteen bounds. */
export const SHARES: readonly number[] = Array.from({ length: 15 }, (_, i) => 2 ** (i - 10));

/** Neighbours to each side. */
const REACH = 2;

/**
 * Looks at every element of a tensor that is judged by `acceptance`; `unjudged` elements are left
 * out, as the judge does.
 */
export function examine(
  name: string,
  actual: Value,
  oracle: Value,
  acceptance: Acceptance,
  unjudged?: Uint8Array,
): Examination {
  const look = lookBy(actual, oracle, acceptance);
  const shares = new Array<number>(SHARES.length + 2).fill(0);
  const typical = acceptance.kind === 'within' ? acceptance.typical : undefined;
  const typicalShares = shares.slice();
  let compared = 0;
  let wrong = 0;
  let first: number | undefined;
  let worst = 0;
  let nearest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < actual.data.length; i++) {
    if (unjudged?.[i]) continue;
    const seen = look(i);
    compared++;
    if (seen.wrong) {
      wrong++;
      first ??= i;
    }
    count(shares, seen.share);
    if (typical) count(typicalShares, shareOf(seen.error as number, typical[i] as number));
    if (seen.share > nearest) [worst, nearest] = [i, seen.share];
  }
  const at = coordinatesOf(first ?? worst, oracle.shape);
  return {
    name,
    shape: oracle.shape,
    rule: acceptance.kind,
    compared,
    wrong,
    shares,
    at,
    ...(typical ? { typicalShares } : {}),
    around:
      actual.data.length === 0
        ? []
        : neighbours(at, oracle.shape).map((row) =>
            row.map((index) => element(index, actual, oracle, look)),
          ),
  };
}

interface Look {
  readonly wrong: boolean;
  /** Share of the bound that was used; infinite for an error that is not finite. */
  readonly share: number;
  /** How far the element is off, where that is measured. */
  readonly error?: number;
  readonly expected: number;
  readonly bound: number | null;
}

function lookBy(actual: Value, oracle: Value, acceptance: Acceptance): (i: number) => Look {
  return (i) => {
    if (acceptance.kind !== 'within') {
      const y = actual.data[i] as number;
      const truth = oracle.data[i] as number;
      const wrong = acceptance.kind === 'exact' ? y !== truth : !acceptance.accepts(i, y);
      const share = wrong ? Number.POSITIVE_INFINITY : 0;
      return {
        wrong,
        share,
        expected: truth,
        bound: acceptance.kind === 'exact' ? 0 : null,
      };
    }
    const { truth, error, limit, right } = measureWithin(i, actual, oracle, acceptance);
    return {
      wrong: !right,
      share: shareOf(error, limit),
      error,
      expected: truth,
      bound: finiteOrNull(limit),
    };
  };
}

function shareOf(error: number, size: number): number {
  const share = error / size;
  return error === 0 ? 0 : Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
}

function count(bins: number[], share: number): void {
  const bin = binOf(share);
  bins[bin] = (bins[bin] as number) + 1;
}

function binOf(share: number): number {
  if (share === 0) return 0;
  const found = SHARES.findIndex((end) => share <= end);
  return found < 0 ? SHARES.length + 1 : found + 1;
}

function element(
  index: readonly number[],
  actual: Value,
  oracle: Value,
  look: (i: number) => Look,
): ExaminedElement {
  const flat = index.reduce((sum, at, d) => sum * (oracle.shape[d] as number) + at, 0);
  const { expected, bound, wrong } = look(flat);
  return {
    index,
    actual: finiteOrNull(actual.data[flat] as number),
    expected: finiteOrNull(expected),
    bound,
    wrong,
  };
}

/** The indices around one in the last two dimensions, as rows; of a vector one row. */
function neighbours(
  at: readonly number[],
  shape: readonly number[],
): readonly (readonly (readonly number[])[])[] {
  const [rows, columns] = [shape.length - 2, shape.length - 1].map((d) =>
    d < 0 ? [undefined] : near(at[d] as number, shape[d] as number),
  );
  // What a shape has no dimension for is looked up nowhere.
  const moved = (row: number | undefined, column: number | undefined) =>
    at.map(
      (value, d) =>
        (d === shape.length - 1 ? column : d === shape.length - 2 ? row : value) as number,
    );
  return (rows as (number | undefined)[]).map((row) =>
    (columns as (number | undefined)[]).map((column) => moved(row, column)),
  );
}

function near(at: number, size: number): number[] {
  return Array.from({ length: 2 * REACH + 1 }, (_, i) => at - REACH + i).filter(
    (i) => i >= 0 && i < size,
  );
}
