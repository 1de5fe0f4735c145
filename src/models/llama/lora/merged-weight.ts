import type { Tape } from '../../../autograd/tape.ts';
import { mergedNorm } from '../../../ops/lora/dora.ts';
import { div } from '../../../ops/math/div.ts';
import { mul } from '../../../ops/math/mul.ts';
import { matmul } from '../../../ops/matmul/matmul.ts';
import { isQuantized } from '../../../quant/weight.ts';
import { type DeviceWeight, decodedWeight } from '../../../quantizer/coding.ts';
import { seam } from '../../../seam.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type AdapterTensors, type LinearAdapter, oneOn, scaleOf } from './adapted-linear.ts';

/** An adapter with the name of its module. */
export interface NamedAdapter {
  readonly name: string;
  readonly tensors: AdapterTensors;
  readonly adapter: LinearAdapter;
}

/** A weight that does what base and adapter do together. */
export interface MergedWeight {
  /** f32 [out, in]; the tape owns it. */
  readonly weight: Tensor;
  /** What base rows with their update were multiplied by, f32 [out, 1]; of DoRA alone. */
  readonly factor?: Tensor;
}

/** A weight in floats: what codes stand for, or itself. */
export const inFloats = (tape: Tape, weight: Tensor | DeviceWeight, name: string): Tensor =>
  isQuantized(weight) ? decodedWeight(tape, weight, name) : weight;

/**
 * W + s B A, with DoRA its rows brought to the length that was learnt, as PEFT's get_delta_weight and
 * merge (tuners/lora/layer.py). W f32 [out, in], or the codes of it.
 */
export const mergedWeight = seam(
  'nn.llama.mergedWeight',
  (tape: Tape, base: Tensor | DeviceWeight, { name, ...given }: NamedAdapter): MergedWeight => {
    const { tensors, adapter } = given;
    const weight = inFloats(tape, base, name);
    const scale = scaleOf(adapter);
    const sum = updated(tape, weight, tensors, scale, `${name}.merge`);
    const { lora_A, lora_B, magnitude } = tensors;
    if (!magnitude) return { weight: sum };
    using norm = mergedNorm(weight.gpu, { lora_A, lora_B, scale, weight });
    const line = tape.apply(div, { a: magnitude, b: norm }, {}, `${name}.factor`).y;
    const factor = tape.view(line, [line.size, 1]);
    const { y } = tape.apply(mul, { a: sum, b: factor }, {}, `${name}.rescale`);
    return { weight: y, factor };
  },
);

/** The bias of a linear with that of its adapter, f32 [out], as PEFT merges it. The tape owns it. */
export function mergedBias(
  tape: Tape,
  base: Tensor,
  {
    name,
    bias,
    adapter,
  }: { readonly name: string; readonly bias: Tensor; readonly adapter: LinearAdapter },
): Tensor {
  using a = oneOn(base.gpu);
  const b = tape.view(bias, [1, bias.size]);
  return tape.view(updated(tape, base, { lora_A: b, lora_B: a }, scaleOf(adapter), name), [
    bias.size,
  ]);
}

/**
 * The base again, f32 [out, in], of what {@link mergedWeight} made, as PEFT's unmerge has it: of DoRA
 * with the factor of that time. The tape owns it.
 */
export const unmergedWeight = seam(
  'nn.llama.unmergedWeight',
  (
    tape: Tape,
    merged: Tensor,
    { name, tensors, adapter }: NamedAdapter,
    factor?: Tensor,
  ): Tensor => {
    const sum = factor
      ? tape.apply(div, { a: merged, b: factor }, {}, `${name}.rescale`).y
      : merged;
    return updated(tape, sum, tensors, -scaleOf(adapter), `${name}.unmerge`);
  },
);

function updated(
  tape: Tape,
  bias: Tensor,
  { lora_A: b, lora_B: a }: AdapterTensors,
  alpha: number,
  layer: string,
): Tensor {
  return tape.apply(matmul, { a, b, bias }, { alpha }, layer).y;
}
