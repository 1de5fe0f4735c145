import type { Tape } from '../autograd/tape.ts';
import { cast } from '../ops/math/cast.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  type CodedWeight,
  type Coding,
  type DeviceWeight,
  decodedWeight,
  denseProduct,
} from './coding.ts';
import type { ComputeDtype } from './policy.ts';

const TORCH = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' } as const;

/** Ops of such products, beside those of the method. */
export const COMPUTING_OPS = ['cast', 'matmul'] as const;

type Half = Exclude<ComputeDtype, 'float32'>;

/**
 * The same weight, multiplied in a half type as bitsandbytes' `compute_dtype` has it: x is rounded to
 * it, and the decoded weight where x does not become codes; y, rounded to it too, comes back in the
 * type of x.
 */
export function computedIn(to: Half, weight: DeviceWeight): DeviceWeight {
  const own: Partial<Coding> = 'ops' in weight.format ? {} : weight.format;
  const { calibrate, finish, multiply } = own;
  const product = own.takesCodes && multiply ? ofCodes(multiply) : ofDecoded;
  const coding: Coding = {
    ...(calibrate && { calibrate }),
    ...(finish && { finish }),
    name: weight.format.name,
    decode: (tape, _, layer) => decodedWeight(tape, weight, layer),
    multiply: (tape, _, x, layer) => {
      const a = tape.apply(cast, { x }, { to }, `${layer}.x`).y;
      const y = product(tape, to, weight, a, layer);
      const back = TORCH[x.dtype as keyof typeof TORCH];
      return tape.apply(cast, { x: y }, { to: back }, `${layer}.y`).y;
    },
  };
  return { ...weight, format: coding };
}

function ofDecoded(tape: Tape, to: Half, weight: DeviceWeight, a: Tensor, layer: string): Tensor {
  const wide = decodedWeight(tape, weight, layer);
  const b = tape.noGrad(() => tape.apply(cast, { x: wide }, { to }, `${layer}.compute`).y);
  return denseProduct(tape, b, a, layer);
}

const ofCodes =
  (multiply: NonNullable<Coding['multiply']>): typeof ofDecoded =>
  (tape, to, weight, a, layer) => {
    const x = tape.apply(cast, { x: a }, { to: 'float32' }, `${layer}.widen`).y;
    const y = multiply(tape, weight as CodedWeight, x, layer);
    return tape.apply(cast, { x: y }, { to }, `${layer}.compute`).y;
  };
