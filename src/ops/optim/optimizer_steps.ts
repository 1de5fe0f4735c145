import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { hostTensorFrom, ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';
import { type AdamHyperparameters, adamwStep } from './adamw_step.ts';

/** Parameters of {@link optimizerSteps}: the optimizer and its hyperparameters, torch's defaults where they are absent. */
export interface OptimizerParams extends Partial<Omit<AdamHyperparameters, 'mode'>> {
  readonly optimizer: string;
}

/**
 * Several steps of an optimizer on one parameter, with the gradients given. param: f32 of any shape; grads: [steps, ...param];
 * trajectory: the parameter after each step. Optional state.exp_avg and state.exp_avg_sq are the moments before step one, else 0.
 * Throws GradproofError `not-implemented` for optimizers other than adam and adamw, ShapeError when shapes do not fit.
 */
export const optimizerSteps = defineOp<
  'param' | 'grads',
  'state.exp_avg' | 'state.exp_avg_sq',
  'trajectory' | 'state.exp_avg' | 'state.exp_avg_sq',
  OptimizerParams
>({
  name: 'optimizer_steps',
  variants: { vec4: { kernels: ['optim/adamw_step'], depth: () => 1 } },
  forward: (gpu, inputs, params) => {
    const { grads } = inputs;
    const hyperparameters = hyperparametersOf(params);
    const { shape } = inputs.param;
    const steps = grads.shape[0] ?? 0;
    if (steps === 0 || !sameShape(grads.shape, [steps, ...shape])) {
      throw new ShapeError(`grads of ${formatShape(grads.shape)} are not steps of a parameter of ${formatShape(shape)}`);
    }
    using param = inputs.param.clone();
    using grad = Tensor.empty(gpu, 'f32', shape);
    const trajectory = Tensor.empty(gpu, 'f32', grads.shape);
    const exp_avg = inputs['state.exp_avg']?.clone() ?? zeros(gpu, shape);
    const exp_avg_sq = inputs['state.exp_avg_sq']?.clone() ?? zeros(gpu, shape);
    for (let step = 1; step <= steps; step++) {
      const offset = (step - 1) * param.bytes;
      grad.copyFrom(grads.view(shape, { offset }));
      adamwStep(gpu, { param, grad, exp_avg, exp_avg_sq }, hyperparameters, step);
      trajectory.view(shape, { offset }).copyFrom(param);
    }
    return { trajectory, 'state.exp_avg': exp_avg, 'state.exp_avg_sq': exp_avg_sq };
  },
});

function hyperparametersOf({ optimizer, ...given }: OptimizerParams): AdamHyperparameters {
  if (optimizer !== 'adamw' && optimizer !== 'adam') {
    throw new GradproofError('not-implemented', `this version has the optimizers adam and adamw, not "${optimizer}"`);
  }
  const weight_decay = optimizer === 'adamw' ? 1e-2 : 0;
  return { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay, ...given, mode: optimizer };
}

function zeros(gpu: Gpu, shape: Shape): Tensor {
  return Tensor.from(gpu, hostTensorFrom('f32', shape, new Float32Array(sizeOf(shape))));
}
