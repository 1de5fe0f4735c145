import shader from '../../../shaders/optim/adamw_step.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, type UniformField, u32, uniformsAt } from '../../gpu/shader.ts';
import { seam } from '../../seam.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LiveNumber } from '../../vocabulary/live-number.ts';
import type { AdamHyperparameters } from '../../vocabulary/optim/adam.ts';
import { adamwStep as signature } from '../../vocabulary/optim/adamw_step.ts';
import { launcher } from '../launcher.ts';
import { type AtStep, atStep } from './at-step.ts';
import { checkState } from './step-state.ts';

/** What a step changes (all but `grad`), f32 of one size. */
export interface AdamState {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly exp_avg: Tensor;
  readonly exp_avg_sq: Tensor;
}

/** What the kernel multiplies with. */
export interface AdamScalars {
  readonly decay: number;
  readonly l2: number;
  readonly restOfBeta1: number;
  readonly beta2: number;
  readonly restOfBeta2: number;
  readonly stepSize: number;
  readonly correction: number;
  readonly eps: number;
}

/**
 * The numbers of step `step` (the first is 1), in float64; each is rounded once, to float32, where
 * the kernel gets it.
 */
export const adamScalars = seam(
  'adamw_step.scalars',
  (hyperparameters: AdamHyperparameters, step: number): AdamScalars => {
    const { decay_after_step: isAfter = false } = hyperparameters;
    const { lr, betas, eps, weight_decay, mode, bias_correction } = isAfter
      ? inFloat32(hyperparameters)
      : hyperparameters;
    const [beta1, beta2] = betas;
    const decay = mode === 'adamw' ? 1 - lr * weight_decay : 1;
    const size = bias_correction ? lr / (1 - beta1 ** step) : lr;
    return {
      decay,
      l2: mode === 'adamw' ? 0 : weight_decay,
      restOfBeta1: 1 - beta1,
      beta2,
      restOfBeta2: 1 - beta2,
      // (p - size d) decay is p decay - (size decay) d.
      stepSize: isAfter ? size * decay : size,
      correction: bias_correction ? Math.sqrt(1 - beta2 ** step) : 1,
      eps,
    };
  },
);

/** As kernels get them that take no float64. */
function inFloat32(given: AdamHyperparameters): AdamHyperparameters {
  const { lr, betas, eps, weight_decay } = given;
  const [beta1, beta2] = betas;
  return {
    ...given,
    lr: Math.fround(lr),
    betas: [Math.fround(beta1), Math.fround(beta2)],
    eps: Math.fround(eps),
    weight_decay: Math.fround(weight_decay),
  };
}

function fieldsOf({
  decay,
  l2,
  restOfBeta1,
  beta2,
  restOfBeta2,
  stepSize,
  correction,
  eps,
}: AdamScalars): UniformField[] {
  return [decay, l2, restOfBeta1, beta2, restOfBeta2, stepSize, correction, eps].map(f32);
}

/**
 * One step of AdamW (or Adam) in place: `param`, `exp_avg` and `exp_avg_sq` are overwritten. `step`
 * counts from 1; replays of a captured step ask for it again, and for the hyperparameters of that
 * step. Nothing is read back. Throws ShapeError when the sizes differ, and ElementTypeError for
 * halves.
 */
export function stepAdamw(
  gpu: Gpu,
  state: AdamState,
  hyperparameters: AtStep<AdamHyperparameters>,
  step: LiveNumber,
): void {
  const { param, grad, exp_avg, exp_avg_sq } = state;
  checkState('adamw_step', { param, grad, exp_avg, exp_avg_sq });
  gpu.dispatch({
    shader,
    constants: { WHOLE: Number(param.size % 4 === 0) },
    bindings: [grad.binding, param.binding, exp_avg.binding, exp_avg_sq.binding],
    uniforms: uniformsAt(step, (t) => [
      u32(param.size),
      ...fieldsOf(adamScalars(atStep(hyperparameters, t), t)),
    ]),
    workgroups: gridOfFours(param.size),
  });
}

/**
 * {@link stepAdamw} as an op that leaves its inputs as they are and returns the new parameter and
 * moments.
 */
export const adamwStep = launcher(signature, {
  variants: { vec4: { kernels: ['optim/adamw_step'] } },
  forward: (gpu, inputs, { step, ...hyperparameters }) => {
    checkState('adamw_step', inputs);
    const outputs = {
      param: inputs.param.clone(),
      exp_avg: inputs.exp_avg.clone(),
      exp_avg_sq: inputs.exp_avg_sq.clone(),
    };
    stepAdamw(gpu, { ...outputs, grad: inputs.grad }, hyperparameters, step);
    return outputs;
  },
});
