import type { Convention } from '../../../vocabulary/attention/convention.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../../bounds.ts';
import type { Acceptance, Value } from '../../record.ts';

/** Cosine and sine of a pair at a place, and how far each may be off. */
export interface Turn {
  readonly cos: number;
  readonly sin: number;
  readonly error: number;
}

/** How each position of each head turns; `pairs` of its columns rotate, the others pass. */
export interface Turns {
  readonly width: number;
  readonly pairs: number;
  readonly convention: Convention;
  /** The turn of pair `pair` in the head of columns that starts at element `first`. */
  readonly at: (first: number, pair: number) => Turn;
}

/** (a, b) becomes (a cos - b sin, b cos + a sin), or with -sin for sin backwards. */
export function turned(x: Value, turns: Turns, backwards: boolean): Value {
  const data = x.data.slice();
  eachPair(x, turns, (a, b, { cos, sin }) => {
    const p = x.data[a] as number;
    const q = x.data[b] as number;
    const s = backwards ? -sin : sin;
    [data[a], data[b]] = [p * cos - q * s, q * cos + p * s];
  });
  return { shape: x.shape, data };
}

/**
 * Errors of cosine and sine times what they multiply; two products and a sum. What passes is a
 * copy.
 */
export function turnedWithin(x: Value, turns: Turns): Acceptance {
  const bound = new Float64Array(x.data.length);
  eachPair(x, turns, (a, b, { cos, sin, error }) => {
    const p = Math.abs(x.data[a] as number);
    const q = Math.abs(x.data[b] as number);
    const flush = FLUSH * (4 + p + q);
    const off = (u: number, v: number) =>
      (error * (p + q) + 2 * EPS * (u * Math.abs(cos) + v * Math.abs(sin))) * SECOND_ORDER + flush;
    [bound[a], bound[b]] = [off(p, q), off(q, p)];
  });
  return { kind: 'within', bound };
}

/** Calls `visit` with the indices of both elements of every pair. */
export function eachPair(
  x: Value,
  { width, pairs, convention, at }: Turns,
  visit: (a: number, b: number, turn: Turn) => void,
): void {
  const interleaved = convention === 'interleaved';
  const heads = x.data.length / width;
  for (let head = 0; head < heads; head++) {
    const first = head * width;
    for (let pair = 0; pair < pairs; pair++) {
      const a = first + (interleaved ? 2 * pair : pair);
      visit(a, a + (interleaved ? 1 : pairs), at(first, pair));
    }
  }
}
