import { heldAs } from '../tensor/half.ts';
import { FLUSH, HALF_EPS } from './bounds.ts';
import type { Range, Steps } from './foreseen.ts';

/** Units of round-to-nearest of a function: vector libraries promise 1 to 4 ULP. */
const FUNCTION = 8;

/** A number that is off by so much at most. */
export const around = (x: number, error: number): Range => ({ low: x - error, high: x + error });

/** What a float32 below the smallest normal number may lose. */
const LOST = FLUSH;

/** For float64's own roundings, and products of those of float32. */
const SLACK = 1 + 2 ** -16;

const ANY: Range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** A result in float32, off by `units` of round-to-nearest. */
function within(low: number, high: number, units: number): Range {
  const unit = units * HALF_EPS * SLACK;
  return {
    low: low - (Number.isFinite(low) ? unit * Math.abs(low) + LOST : 0),
    high: high + (Number.isFinite(high) ? unit * Math.abs(high) + LOST : 0),
  };
}

/** What `f` gives at the corners of two ranges, between which it is monotone in each. */
function corners(a: Range, b: Range, f: (a: number, b: number) => number, units: number): Range {
  const ends = [f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)];
  return within(Math.min(...ends), Math.max(...ends), units);
}

const ascending = (x: Range, f: (x: number) => number): Range =>
  within(f(x.low), f(x.high), FUNCTION);

const add = (a: Range, b: Range): Range => within(a.low + b.low, a.high + b.high, 1);
const neg = ({ low, high }: Range): Range => ({ low: -high, high: -low });
const size = ({ low, high }: Range): number => Math.max(Math.abs(low), Math.abs(high));

function sum(terms: readonly Range[]): Range {
  const total = (of: (x: Range) => number) => terms.reduce((all, x) => all + of(x), 0);
  const off = Math.max(0, terms.length - 1) * (HALF_EPS * SLACK * total(size) + LOST);
  return { low: total(({ low }) => low) - off, high: total(({ high }) => high) + off };
}

/** The arithmetic of a library that stores its steps in `half`. */
export const stepsIn = (half: 'f16' | 'bf16'): Steps => ({
  stored: ({ low, high }) => ({ low: heldAs(half, low), high: heldAs(half, high) }),
  exactly: (x) => ({ low: x, high: x }),
  add,
  sub: (a, b) => add(a, neg(b)),
  mul: (a, b) => corners(a, b, (x, y) => x * y, 1),
  // A divisor of either sign may be 0.
  div: (a, b) => (b.low < 0 && b.high > 0 ? ANY : corners(a, b, (x, y) => x / y, 1)),
  neg,
  root: (x) => within(Math.sqrt(x.low), Math.sqrt(x.high), 1),
  exp: (x) => ascending(x, Math.exp),
  log: (x) => ascending(x, Math.log),
  pow: (a, b) => corners(a, b, (x, y) => x ** y, FUNCTION),
  ascending,
  sum,
  either: (a, b) => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }),
});
