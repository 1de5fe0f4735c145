import { FLUSH } from '../bounds.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { AdamElement, AdamScalars } from './adam.ts';

/** One element's step, as adamw_step computes it. */
export function simulatedAdam(
  gpu: SimulatedGpu,
  { param, exp_avg, exp_avg_sq }: AdamElement,
  grad: number,
  s: AdamScalars,
): AdamElement {
  const g = gpu.mulAdd(s.l2, param, grad);
  const m = gpu.mulAdd(s.restOfBeta1, gpu.sub(g, exp_avg), exp_avg);
  const v = gpu.mulAdd(gpu.mul(s.restOfBeta2, g), g, gpu.mul(s.beta2, exp_avg_sq));
  const root = v >= FLUSH ? gpu.sqrt(v) : 0;
  const denominator = gpu.add(gpu.div(root, s.correction), s.eps);
  const delta = gpu.div(gpu.mul(s.stepSize, m), denominator);
  return { param: gpu.mulAdd(param, s.decay, -delta), exp_avg: m, exp_avg_sq: v };
}
