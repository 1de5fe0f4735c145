import { EPS, gamma } from '../bounds.ts';
import type { Value } from '../record.ts';
import { frobenius, type Orthogonalization, wideOf } from './orthogonal.ts';
import { singularValues } from './singular-values.ts';

/** Half a step of bfloat16, relative to the number. */
const UNIT = 2 ** -8;
/** Beyond it a step of the iteration makes singular values larger and larger. */
const DIVERGES = 16;

/** Between which numbers a singular value lies. */
interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Between which sizes (in Frobenius's norm) a matrix lies that a library made orthogonal, where it
 * keeps every iterate, Gram matrix and update of Newton and Schulz's steps in bfloat16, in any order
 * of its sums. `given` is off by `carried` as a whole.
 *
 * A step takes each singular value s to |p(s)|, p(s) = a s + b s^3 + c s^5 (the coefficients are
 * made so that p takes [0, 1] to about [0.7, 1.2]: K. Jordan, "Muon", 2024). Then its roundings move
 * singular values by no more than their own size (Weyl), so that intervals around each are carried
 * through. Of the roundings, in the basis of the Gram matrix's eigenvalues g: what is off of it moves
 * b G + c G G by b + c (g_i + g_j) at most. Where the intervals grow without end, nothing is said.
 */
export function orthogonalSize(
  given: Value,
  carried: number,
  how: Orthogonalization,
): Interval | undefined {
  const [rows, columns] = given.shape as [number, number];
  const wide = wideOf(given);
  const size = frobenius(wide);
  const norm = Math.max(size, how.eps);
  // Stored itself, its norm with the sums of that, and the quotient.
  const off = carried / norm + (size / norm) * (carried / norm + 3 * UNIT + gamma(rows * columns));
  let values: readonly Interval[] = Array.from(singularValues(wide), (s) => around(s / norm, off));
  let found: Interval = { low: norm2(values, 'low'), high: norm2(values, 'high') };
  for (let step = 0; step < how.steps; step++) {
    const error = roundings(values, how, Math.max(rows, columns));
    const exact = values.map((s) => image(s, how));
    found = {
      low: Math.max(0, norm2(exact, 'low') - error),
      high: norm2(exact, 'high') + error,
    };
    values = exact.map(({ low, high }) => ({ low: Math.max(0, low - error), high: high + error }));
    if (!(found.high < DIVERGES * Math.sqrt(values.length))) return undefined;
  }
  return found;
}

const around = (s: number, off: number): Interval => ({ low: Math.max(0, s - off), high: s + off });

const norm2 = (values: readonly Interval[], end: keyof Interval): number =>
  Math.sqrt(values.reduce((total, { [end]: s }) => total + s * s, 0));

/** Which values |p| takes in an interval: at its ends, where p turns, and 0 where p crosses it. */
function image({ low, high }: Interval, { coefficients: [a, b, c] }: Orthogonalization): Interval {
  const p = (s: number) => s * (a + s * s * (b + s * s * c));
  const turns = roots(5 * c, 3 * b, a).map(Math.sqrt);
  const at = [low, high, ...turns.filter((s) => low < s && s < high)].map(p);
  const sizes = at.map(Math.abs);
  const crosses = at.some((y) => y > 0) && at.some((y) => y < 0);
  return { low: crosses ? 0 : Math.min(...sizes), high: Math.max(...sizes) };
}

/** Where q x^2 + r x + s is 0, of what is positive. */
function roots(q: number, r: number, s: number): number[] {
  const root = Math.sqrt(r * r - 4 * q * s);
  const found = q === 0 ? [-s / r] : [(-r - root) / (2 * q), (-r + root) / (2 * q)];
  return found.filter((x) => x > 0);
}

/** How large the roundings of a step are as a whole, where the singular values lie in these. */
function roundings(values: readonly Interval[], how: Orthogonalization, terms: number): number {
  const {
    coefficients: [a, b, c],
  } = how;
  const high = Math.max(...values.map((s) => s.high));
  const low = Math.min(...values.map((s) => s.low));
  const size = norm2(values, 'high');
  // Sums in float32 of both products, whose absolute values are no larger than sizes multiplied.
  const sums = gamma(terms) + 2 * EPS;
  const gram = norm2(
    values.map((s) => ({ low: 0, high: s.high ** 2 })),
    'high',
  );
  const ofGram = UNIT * gram + sums * size * size;
  const slope = Math.max(Math.abs(b + 2 * c * low * low), Math.abs(b + 2 * c * high * high));
  const update = norm2(
    values.map(({ low: from, high: to }) => ({ low: 0, high: largestUpdate(from, to, b, c) })),
    'high',
  );
  const moved = (slope + Math.abs(c) * ofGram) * ofGram;
  const inSums = sums * (Math.abs(b) * gram + Math.abs(c) * (gram + ofGram) ** 2);
  const ofUpdate = moved + inSums + UNIT * (update + moved + inSums);
  const ofProduct = ofUpdate * high + sums * (update + ofUpdate + a) * size;
  const next = norm2(
    values.map((s) => image(s, how)),
    'high',
  );
  return ofProduct + UNIT * (next + ofProduct);
}

/** The largest |b g + c g^2| where g is the square of what lies between. */
function largestUpdate(low: number, high: number, b: number, c: number): number {
  const at = (g: number) => Math.abs(g * (b + c * g));
  const turn = -b / (2 * c);
  const ends = [low * low, high * high];
  return Math.max(
    ...ends.map(at),
    turn > (ends[0] as number) && turn < (ends[1] as number) ? at(turn) : 0,
  );
}
