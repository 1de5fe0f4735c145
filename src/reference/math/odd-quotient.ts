import { EPS } from '../bounds.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

/** The numbers of `x k (n0 + z (n1 + z)) / (m0 + z (m1 + z))`, z = x^2, all positive. */
export interface OddQuotient {
  readonly k: number;
  readonly n: readonly [number, number];
  readonly m: readonly [number, number];
}

const quadratic = ([c0, c1]: readonly [number, number], z: number): number => c0 + z * (c1 + z);

/** Of a quadratic: how much of it is z (c1 + z), and by how much it grows with z, relatively. */
function shares(c: readonly [number, number], z: number) {
  const whole = quadratic(c, z);
  return { upper: (z * (c[1] + z)) / whole, slope: (z * (c[1] + 2 * z)) / whole };
}

/** What shaders/math/odd.wesl computes, exactly. */
export function oddQuotient({ k, n, m }: OddQuotient, x: number): number {
  return (x * k * quadratic(n, x * x)) / quadratic(m, x * x);
}

/**
 * Its relative error: z, which moves both quadratics; of each two roundings of its upper part and
 * one of all; the products with k and x; and the quotient (2.5).
 */
export function oddError({ n, m }: OddQuotient, x: number): number {
  const above = shares(n, x * x);
  const below = shares(m, x * x);
  const roundings = 2 * (above.upper + below.upper) + 2 + 2 + 2.5;
  return EPS * (Math.abs(above.slope - below.slope) + roundings);
}

/** The kernels' arithmetic. */
export function computedOdd(gpu: SimulatedGpu, { k, n, m }: OddQuotient, x: number): number {
  const z = gpu.mul(x, x);
  const of = ([c0, c1]: readonly [number, number]) => gpu.mulAdd(z, gpu.add(c1, z), c0);
  return gpu.div(gpu.mul(x, gpu.mul(k, of(n))), of(m));
}
