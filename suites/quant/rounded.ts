import { gamma } from '../../src/reference/bounds.ts';
import { heldAs } from '../../src/tensor/half.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import type { CaseContext } from '../../src/testing/context.ts';

/** Numbers with what legal rounding may have moved each by. */
export interface Bounded {
  readonly values: Float64Array;
  readonly bounds: Float64Array;
}

/** Of x [rows, in] and a linear [out, in]: y in float64, and the bound of float32 for it. */
export function linear(x: Bounded, weight: HostTensor, bias?: HostTensor): Bounded {
  const [out, terms] = weight.shape as [number, number];
  const w = valuesOf(weight);
  const b = bias && valuesOf(bias);
  const size = (x.values.length / terms) * out;
  const values = new Float64Array(size);
  const bounds = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const row = Math.floor(i / out) * terms;
    const column = (i % out) * terms;
    const added = b?.[i % out] ?? 0;
    let sum = added;
    let sizes = Math.abs(added);
    let moved = 0;
    for (let k = 0; k < terms; k++) {
      const factor = w[column + k] as number;
      const term = (x.values[row + k] as number) * factor;
      sum += term;
      sizes += Math.abs(term);
      moved += (x.bounds[row + k] as number) * Math.abs(factor);
    }
    const rounding = gamma(terms + 1);
    values[i] = sum;
    bounds[i] = (1 + rounding) * moved + rounding * sizes;
  }
  return { values, bounds };
}

export const relu = ({ values, bounds }: Bounded): Bounded => ({
  values: values.map((x) => Math.max(0, x)),
  bounds,
});

/** What was found, which nothing moves any more. */
export const known = (values: ArrayLike<number>): Bounded => ({
  values: Float64Array.from(values),
  bounds: new Float64Array(values.length),
});

/**
 * Demands the half nearest to each number, or its neighbour where a tie lies within the bound; the
 * result is what was found.
 */
export function expectHalves(
  t: CaseContext,
  what: string,
  of: Bounded,
  found: ArrayLike<number>,
): Bounded {
  for (const [i, x] of of.values.entries()) {
    const bound = of.bounds[i] as number;
    const low = heldAs('f16', x - bound);
    const high = heldAs('f16', x + bound);
    const half = found[i] as number;
    t.expect(
      low <= half && half <= high,
      () => `${what} ${i} is ${half}, and ${x} is ${low === high ? low : `${low} or ${high}`}`,
    );
  }
  return known(found);
}
