import shader from '../../../shaders/nn/bce_with_logits.wgsl';
import inputShader from '../../../shaders/nn/bce_with_logits_backward_input.wgsl';
import targetShader from '../../../shaders/nn/bce_with_logits_backward_target.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, PADDING, type Shader, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { bceWithLogits as signature } from '../../vocabulary/nn/bce_with_logits.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { axisFields, repeatedStrides, walk } from '../math/axes.ts';
import { pairLossLauncher } from './pair-loss.ts';

/** Runs a kernel of the frame nn/weighted_pairs. Throws ShapeError. */
function weighted(
  gpu: Gpu,
  shader: Shader,
  { input, target, weight, pos_weight }: InputsOf<typeof signature, Tensor>,
): Tensor {
  const strides = [weight, pos_weight].map((each) =>
    repeatedStrides(signature.name, each?.shape ?? [], input.shape),
  );
  const y = Tensor.empty(gpu, 'f32', input.shape);
  gpu.dispatch({
    shader,
    constants: {
      WEIGHTED: Number(weight !== undefined),
      POS_WEIGHTED: Number(pos_weight !== undefined),
    },
    bindings: [input, target, weight ?? input, pos_weight ?? input, y].map(
      (tensor) => tensor.binding,
    ),
    uniforms: [
      ...[u32(y.size), PADDING, PADDING, PADDING],
      ...axisFields(signature.name, walk(input.shape, strides)),
    ],
    workgroups: gridOfFours(y.size),
  });
  return y;
}

/**
 * torch.nn.functional.binary_cross_entropy_with_logits. input, target: f32 of one shape; weight,
 * pos_weight: f32, which broadcast to it and have no gradient; loss: [1], or input's shape without
 * reduction. Throws ShapeError.
 */
export const bceWithLogits = pairLossLauncher(signature, {
  loss: shader,
  input: { shader: inputShader, sign: 1 },
  target: { shader: targetShader, sign: 1 },
  run: weighted,
});
