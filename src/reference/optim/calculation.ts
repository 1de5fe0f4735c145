import { FLUSH, reciprocalError, rootError } from '../bounds.ts';
import { IN_FLOAT32, type Rounding } from '../rounding.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

/**
 * Arithmetic that a formula is written for once: in float64 it gives the truth, with bounds how far
 * a legal GPU may be off, on a simulated GPU what that one computes.
 */
export interface Calculation<T> {
  /** A number that is known exactly. */
  readonly exactly: (x: number) => T;
  readonly add: (a: T, b: T) => T;
  readonly sub: (a: T, b: T) => T;
  readonly mul: (a: T, b: T) => T;
  /** a b + c, in one rounding or in two. */
  readonly mulAdd: (a: T, b: T, c: T) => T;
  readonly div: (a: T, b: T) => T;
  /** The square root; of what is below the smallest normal number it may be 0. */
  readonly root: (x: T) => T;
  readonly max: (a: T, b: T) => T;
  /** `a`, beside which a library also computes `other` and multiplies it by 0. */
  readonly beside: (a: T, other: T) => T;
}

export const IN_FLOAT64: Calculation<number> = {
  exactly: (x) => x,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  mulAdd: (a, b, c) => a * b + c,
  div: (a, b) => a / b,
  root: Math.sqrt,
  max: Math.max,
  beside: (a) => a,
};

/** A number, and how far off it may be. */
export interface Bounded {
  readonly value: number;
  readonly error: number;
}

const isZero = ({ value, error }: Bounded): boolean => value === 0 && error === 0;

/** How far results may be off where numbers are rounded so. */
export function withBounds(rounding: Rounding = IN_FLOAT32): Calculation<Bounded> {
  const { eps, flush, largest } = rounding;
  /** The error of an operand, which may be flushed where it may lie below the format's range. */
  const off = ({ value, error }: Bounded): number =>
    value !== 0 && Math.abs(value) - error < flush ? error + flush : error;
  /** The result of an operation of so many units, which may overflow or be flushed. */
  const rounded = (value: number, carried: number, units: number): Bounded => {
    const error = carried + units * eps * (Math.abs(value) + carried) + flush;
    return { value, error: Math.abs(value) > largest ? Number.POSITIVE_INFINITY : error };
  };
  /** Where nothing is added: nothing is rounded but a number that the format does not hold. */
  const kept = (x: Bounded): Bounded =>
    x.error === 0 && !rounding.holds(x.value)
      ? rounded(x.value, off(x), 1)
      : { value: x.value, error: off(x) };
  const add = (a: Bounded, b: Bounded): Bounded => {
    if (isZero(b)) return kept(a);
    if (isZero(a)) return kept(b);
    return rounded(a.value + b.value, off(a) + off(b), 1);
  };
  const mul = (a: Bounded, b: Bounded): Bounded => {
    if (isZero(a) || isZero(b)) return { value: 0, error: 0 };
    const carried = Math.abs(a.value) * off(b) + Math.abs(b.value) * off(a) + off(a) * off(b);
    return rounded(a.value * b.value, carried, 1);
  };
  return {
    exactly: (value) => ({ value, error: 0 }),
    add,
    sub: (a, b) => add(a, { value: -b.value, error: b.error }),
    mul,
    mulAdd: (a, b, c) => add(mul(a, b), c),
    div: (a, b) => {
      const value = a.value / b.value;
      const size = Math.abs(b.value);
      const share = reciprocalError(off(b) / size);
      if (share === Number.POSITIVE_INFINITY) return { value, error: share };
      return rounded(
        value,
        Math.abs(value) * share + (off(a) / size) * (1 + share),
        rounding.quotient,
      );
    },
    root: (x) => rounded(Math.sqrt(x.value), rootError(x.value, off(x)), rounding.root),
    max: (a, b) => ({ value: Math.max(a.value, b.value), error: Math.max(a.error, b.error) }),
    // 0 times what may be infinite is anything.
    beside: ({ value, error }, other) => ({
      value,
      error: other.error < Number.POSITIVE_INFINITY ? error : Number.POSITIVE_INFINITY,
    }),
  };
}

/** What `gpu` computes. */
export function onGpu(gpu: SimulatedGpu): Calculation<number> {
  return {
    exactly: (x) => x,
    add: (a, b) => gpu.add(a, b),
    sub: (a, b) => gpu.sub(a, b),
    mul: (a, b) => gpu.mul(a, b),
    mulAdd: (a, b, c) => gpu.mulAdd(a, b, c),
    div: (a, b) => gpu.div(a, b),
    root: (x) => (x >= FLUSH ? gpu.sqrt(x) : 0),
    max: Math.max,
    beside: (a) => a,
  };
}
