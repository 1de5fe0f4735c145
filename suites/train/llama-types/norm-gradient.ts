import { Tape } from '../../../src/autograd/tape.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { add } from '../../../src/ops/math/add.ts';
import { div } from '../../../src/ops/math/div.ts';
import { mul } from '../../../src/ops/math/mul.ts';
import { reduceSum } from '../../../src/ops/math/reduce_sum.ts';
import { sqrt } from '../../../src/ops/math/sqrt.ts';
import { matmul } from '../../../src/ops/matmul/matmul.ts';
import { isQuantized } from '../../../src/quant/weight.ts';
import { decodedWeight } from '../../../src/quantizer/coding.ts';
import type { Tensor, Tensors } from '../../../src/tensor/tensor.ts';
import type { FaultDeclaration } from '../../../src/testing/fault.ts';
import { frozenWeight } from '../../../src/vocabulary/lora/frozen-weight.ts';
import type { loraLinear } from '../../../src/vocabulary/lora/lora_linear.ts';
import type { InputsOf, ParamsOf } from '../../../src/vocabulary/signature.ts';

/** A call of lora_linear with DoRA, and what comes back to it. */
export interface DoraCall {
  readonly inputs: InputsOf<typeof loraLinear, Tensor>;
  readonly params: ParamsOf<typeof loraLinear>;
  /** Its z. */
  readonly outputs: Tensors;
  /** The gradient of y. */
  readonly grads: Tensors;
}

/**
 * What DoRA leaves out of the gradients of lora_A and lora_B: the part that would flow through the
 * length of the rows of V = W + s B A, since y = magnitude z / |V|. By autograd; the tape owns it.
 */
export function normPart(tape: Tape, { inputs, outputs, grads, params }: DoraCall): Tensors {
  const { lora_A, lora_B, magnitude } = inputs;
  const stored = frozenWeight(inputs, params) as Tensor;
  const bias = isQuantized(stored) ? decodedWeight(tape, stored, 'base') : stored;
  const alpha = params.alpha / params.r;
  const v = tape.apply(matmul, { a: lora_B, b: lora_A, bias }, { alpha }, 'merged').y;
  const squares = tape.apply(mul, { a: v, b: v }, {}, 'squares').y;
  const sum = tape.apply(reduceSum, { x: squares }, { axes: [1], keepdims: false }, 'sum').y;
  const norm = tape.apply(sqrt, { x: sum }, {}, 'norm').y;
  const gain = tape.apply(div, { a: magnitude as Tensor, b: norm }, {}, 'gain').y;
  const y = tape.apply(mul, { a: outputs['z'] as Tensor, b: gain }, {}, 'y').y;
  const gradients = tape.backward(y, grads['y'] as Tensor);
  return {
    lora_A: gradients.get(lora_A) as Tensor,
    lora_B: gradients.get(lora_B) as Tensor,
  };
}

/** DoRA as autograd would have it of its formula: the norm has a gradient too. */
export const attachedNorm = {
  name: 'the norm has a gradient',
  faults: (fault: FaultDeclaration) =>
    fault.host('lora_linear.backward', (original) => (gpu: Gpu, call: DoraCall, variant) => {
      const own: Tensors = original(gpu, call, variant);
      using tape = new Tape(gpu, [call.inputs.lora_A, call.inputs.lora_B]);
      const more = normPart(tape, call);
      const sum = (name: string) => {
        using a = own[name] as Tensor;
        return add.forward(gpu, { a, b: more[name] as Tensor }, {}).y;
      };
      return { ...own, lora_A: sum('lora_A'), lora_B: sum('lora_B') };
    }),
};
