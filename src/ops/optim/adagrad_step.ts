import shader from '../../../shaders/optim/adagrad_step.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, u32 } from '../../gpu/shader.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type OnnxHyperparameters, onnxHyperparameters } from '../../vocabulary/optim/onnx.ts';
import { checkState } from './step-state.ts';

/**
 * One step of ONNX's Adagrad, in place: `param` and the sum of squares, f32 of the size of `grad`.
 * `step` counts from 1. Throws ShapeError when the sizes differ, and ElementTypeError for halves.
 */
export function stepAdagrad(
  gpu: Gpu,
  { param, grad, exp_avg_sq }: Readonly<Record<'param' | 'grad' | 'exp_avg_sq', Tensor>>,
  hyperparameters: OnnxHyperparameters,
  step: number,
): void {
  checkState('adagrad_step', { param, grad, exp_avg_sq });
  const { lr, T, decay_factor, epsilon, norm_coefficient } = onnxHyperparameters(hyperparameters);
  gpu.dispatch({
    shader,
    bindings: [grad, param, exp_avg_sq].map((tensor) => tensor.binding),
    uniforms: [
      u32(param.size),
      ...[lr / (1 + (T + step - 1) * decay_factor), norm_coefficient, epsilon].map(f32),
    ],
    workgroups: gridOfFours(param.size),
  });
}
