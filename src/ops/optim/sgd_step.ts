import shader from '../../../shaders/optim/sgd_step.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, u32, uniformsAt } from '../../gpu/shader.ts';
import { seam } from '../../seam.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LiveNumber } from '../../vocabulary/live-number.ts';
import type { SgdHyperparameters } from '../../vocabulary/optim/sgd.ts';
import { sgdStep as signature } from '../../vocabulary/optim/sgd_step.ts';
import { launcher } from '../launcher.ts';
import { type AtStep, atStep } from './at-step.ts';
import { checkState } from './step-state.ts';

/** What the kernel multiplies with: SGD's, and ONNX's Momentum, differ in these alone. */
export interface MomentumScalars {
  readonly lr: number;
  readonly l2: number;
  readonly keep: number;
  readonly gain: number;
  readonly direct: number;
  readonly ahead: number;
}

/** What a step changes (all but `grad`), f32 of one size. */
export interface MomentumState {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly momentum_buffer: Tensor;
}

/**
 * The numbers of a step of SGD. At the first one the buffer becomes the gradient, as in torch;
 * without momentum it always does.
 */
export const sgdScalars = seam(
  'sgd_step.scalars',
  (hyperparameters: SgdHyperparameters, isFirst: boolean): MomentumScalars => {
    const { lr, momentum, dampening, weight_decay, nesterov } = hyperparameters;
    const starts = isFirst || momentum === 0;
    return {
      lr,
      l2: weight_decay,
      keep: starts ? 0 : momentum,
      gain: starts ? 1 : 1 - dampening,
      direct: nesterov ? 1 : 0,
      ahead: nesterov ? momentum : 1,
    };
  },
);

/**
 * One step with the scalars of that step, in place. `step` counts from 1; replays of a captured
 * step ask for it again. Throws ShapeError when the sizes differ, and ElementTypeError for halves.
 */
export function stepMomentum(
  gpu: Gpu,
  state: MomentumState,
  scalarsAt: (step: number) => MomentumScalars,
  step: LiveNumber,
): void {
  const { param, grad, momentum_buffer } = state;
  checkState('sgd_step', { param, grad, momentum_buffer });
  const fields = ({ lr, l2, keep, gain, direct, ahead }: MomentumScalars) =>
    [lr, l2, keep, gain, direct, ahead].map(f32);
  gpu.dispatch({
    shader,
    bindings: [grad, param, momentum_buffer].map((tensor) => tensor.binding),
    uniforms: uniformsAt(step, (t) => [u32(param.size), ...fields(scalarsAt(t))]),
    workgroups: gridOfFours(param.size),
  });
}

/** One step of torch.optim.SGD, in place, as {@link stepMomentum}. */
export function stepSgd(
  gpu: Gpu,
  state: MomentumState,
  hyperparameters: AtStep<SgdHyperparameters>,
  step: LiveNumber,
): void {
  stepMomentum(gpu, state, (t) => sgdScalars(atStep(hyperparameters, t), t === 1), step);
}

/**
 * One step of torch.optim.SGD that leaves its inputs as they are and returns the new parameter and
 * buffer. All f32 of one shape. `step` counts from 1; at the first the buffer that is given does
 * not count.
 */
export const sgdStep = launcher(signature, {
  variants: { vec4: { kernels: ['optim/sgd_step'] } },
  forward: (gpu, inputs, { step, ...hyperparameters }) => {
    checkState('sgd_step', inputs);
    const outputs = {
      param: inputs.param.clone(),
      momentum_buffer: inputs.momentum_buffer.clone(),
    };
    stepSgd(gpu, { ...outputs, grad: inputs.grad }, hyperparameters, step);
    return outputs;
  },
});
