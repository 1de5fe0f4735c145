import type { Acceptance, Value } from './record.ts';
import { IN_HALVES } from './rounding.ts';

type Within = Extract<Acceptance, { kind: 'within' }>;
type Codes = Extract<Acceptance, { kind: 'codes' }>;

/**
 * Accepts also what storing makes of a value beyond the range of a half format: the largest number
 * of the format or infinity, with the sign of the value, where some value within `reach[i]` of the
 * truth is beyond the range. An element accepted so is its own truth: it has no error.
 */
export function acceptingOverflow(
  acceptance: Within,
  truth: Value,
  dtype: keyof typeof IN_HALVES,
  reach: Float64Array,
): Within {
  const { largest } = IN_HALVES[dtype];
  const nearest = (i: number, actual: number): number => {
    const finite = Math.min(Math.max(actual, -largest), largest);
    const right = acceptance.nearest?.(i, finite) ?? (truth.data[i] as number);
    const isEnd = Math.abs(actual) === largest || Math.abs(actual) === Number.POSITIVE_INFINITY;
    const farthest = Math.sign(actual) * right + (reach[i] as number);
    return isEnd && farthest > largest ? actual : right;
  };
  return { ...acceptance, nearest };
}

/** The same of codes, as of integers that quotients are rounded to: where the truth is beyond. */
export function acceptingOverflowOfCodes(
  acceptance: Codes,
  truth: Value,
  dtype: keyof typeof IN_HALVES,
): Codes {
  const { largest } = IN_HALVES[dtype];
  if (truth.data.every((right) => Math.abs(right) <= largest)) return acceptance;
  const accepts = (i: number, actual: number): boolean => {
    const right = truth.data[i] as number;
    const isEnd = Math.abs(actual) >= largest && Math.sign(actual) === Math.sign(right);
    return (isEnd && Math.abs(right) > largest) || acceptance.accepts(i, actual);
  };
  return { ...acceptance, accepts };
}
