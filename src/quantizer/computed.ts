import { cast } from '../ops/math/cast.ts';
import { type Coding, type DeviceWeight, decodedWeight, denseProduct } from './coding.ts';
import type { ComputeDtype } from './policy.ts';

const TORCH = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' } as const;

/**
 * The same weight, multiplied in a half type as bitsandbytes' `compute_dtype` has it: x and the
 * decoded weight are rounded to it, and y comes back in the type of x.
 */
export function computedIn(
  to: Exclude<ComputeDtype, 'float32'>,
  weight: DeviceWeight,
): DeviceWeight {
  const coding: Coding = {
    name: weight.format.name,
    decode: (tape, _, layer) => decodedWeight(tape, weight, layer),
    multiply: (tape, _, x, layer) => {
      const wide = decodedWeight(tape, weight, layer);
      const b = tape.noGrad(() => tape.apply(cast, { x: wide }, { to }, `${layer}.compute`).y);
      const a = tape.apply(cast, { x }, { to }, `${layer}.x`).y;
      const y = denseProduct(tape, b, a, layer);
      const back = TORCH[x.dtype as keyof typeof TORCH];
      return tape.apply(cast, { x: y }, { to: back }, `${layer}.y`).y;
    },
  };
  return { ...weight, format: coding };
}
