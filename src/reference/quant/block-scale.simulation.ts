import { FLUSH } from '../bounds.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

/** bitsandbytes' least divisor, a denormal. */
const SMALLEST_ABSMAX = Math.fround(1e-38);

/**
 * x * (1/absmax) as the kernels take it: the exponent is brought to a middle range and the
 * reciprocal is the nearest float32.
 */
export function relativeTo(gpu: SimulatedGpu, x: number, absmax: number): number {
  const divisor = Math.max(absmax, SMALLEST_ABSMAX);
  const shift = divisor < 2 ** -63 ? 2 ** 64 : divisor >= 2 ** 65 ? 2 ** -64 : 1;
  const shifted = x * shift;
  return gpu.mul(
    shift < 1 && Math.abs(shifted) < FLUSH ? 0 : shifted,
    Math.fround(1 / (divisor * shift)),
  );
}
