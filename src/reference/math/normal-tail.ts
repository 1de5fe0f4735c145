import { EPS } from '../bounds.ts';
import { expError } from '../logistic.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

/** The coefficients of the tail's polynomial in t = 1 / (1 + 0.3 a), from the highest on. */
const TAIL = [
  -0.0208281688, 0.113527358, -0.230722517, 0.195036098, -0.0820348114, 0.0975005403, 0.0779478401,
  0.110324733, 0.119561754, 0.11968717,
].map(Math.fround);
/** How far the tail is off that these coefficients give, exactly evaluated: 4.9e-8. */
const FIT = 0.42 * EPS;

/**
 * Relative error of the tail of a: of its bell exp(-a^2/2), whose argument takes two roundings of
 * a^2/2; of the polynomial, where each step rounds a product and a sum, and t is off by 4.5 units
 * (0.3 and its product, 1 + , the reciprocal 2.5) in a sum of terms k c_k t^k; of the fit; and of
 * three products.
 */
export function tailError(a: number): number {
  const t = 1 / (1 + 0.3 * a);
  let value = 0;
  let slope = 0;
  let rounding = 0;
  for (const c of TAIL) {
    slope = slope * t + Math.abs(value);
    rounding = rounding * t + EPS * Math.abs(value * t);
    value = value * t + c;
    rounding += EPS * Math.abs(value);
  }
  return bellError(a) + (rounding + slope * t * 4.5 * EPS) / value + 4.5 * EPS + FIT + 3 * EPS;
}

/**
 * Relative error of bell(a) = exp(-a^2/2): of the exponential, and of two roundings of its argument.
 */
export const bellError = (a: number): number => expError((a * a) / 2) + 2 * EPS * ((a * a) / 2);

/** shaders/math/normal.wesl's bell: exp(-x^2/2), which is 0 beyond 20. */
export function bell(gpu: SimulatedGpu, x: number): number {
  const near = Math.min(Math.abs(x), 20);
  return farExp(gpu, -gpu.mul(gpu.mul(0.5, near), near));
}

/** Its upper_tail of a >= 0, whose bell is `density`. */
export function tail(gpu: SimulatedGpu, a: number, density: number): number {
  const t = gpu.div(1, gpu.mulAdd(Math.fround(0.3), a, 1));
  const r = TAIL.reduce((sum, c) => gpu.mulAdd(sum, t, c));
  return gpu.mul(density, gpu.mul(t, r));
}
