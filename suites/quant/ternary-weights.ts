import { Scope } from '../../src/gpu/scope.ts';
import { ternaryQuantize } from '../../src/ops/quant/ternary_quantize.ts';
import { record } from '../../src/reference/quant/ternary_quantize.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { arithmeticOf } from '../../src/testing/judge-call.ts';
import { value } from './values.ts';

/** The factor of the threshold as kernels have it. */
export const THRESHOLD_FACTOR = Math.fround(0.7);

/** The mean of the sizes of numbers. */
export const meanSize = (data: Float64Array): number =>
  data.reduce((sum, w) => sum + Math.abs(w), 0) / data.length;

/** The trits of a threshold. */
export const tritsOf = (weights: Float64Array, threshold: number): Float64Array =>
  weights.map((w) => (Math.abs(w) > threshold ? Math.sign(w) : 0));

/** What the device makes of weights, read back. */
export async function quantize(t: CaseContext, { shape, data }: Value) {
  using scope = new Scope();
  const weight = scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', shape, data)));
  const outputs = scope.addAll(ternaryQuantize.forward(t.gpu, { weight }, {}));
  const { trits, packed, scale, threshold, dequant } = outputs;
  return {
    trits: value(await trits.read()),
    packed: value(await packed.read()),
    dequant: value(await dequant.read()),
    scale: (await scale.read()).data[0] as number,
    threshold: (await threshold.read()).data[0] as number,
  };
}

/** How far the device's scale of these weights may be off. */
export function scaleBound(t: CaseContext, weight: Value): number {
  const params = { threshold_factor: 0.7 };
  const variant = Object.keys(ternaryQuantize.variants)[0] as string;
  const { scale } = record.acceptance(
    { weight },
    record.forward({ weight }, params),
    params,
    arithmeticOf(t, { op: ternaryQuantize.signature, variant }),
  );
  if (scale?.kind !== 'within') throw new TypeError('the scale has no bound');
  return scale.bound[0] as number;
}
