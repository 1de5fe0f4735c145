import shader from '../../../shaders/optim/amp_adamw_step.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, u32 } from '../../gpu/shader.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { AdamHyperparameters } from '../../vocabulary/optim/adam.ts';
import { ampAdamwStep as signature } from '../../vocabulary/optim/amp_adamw_step.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { type AdamState, adamScalars } from './adamw_step.ts';
import { scheduledRate } from './lr_schedule.ts';
import { checkOneElement } from './one-element.ts';
import { stepRates } from './step-rates.ts';
import { checkState } from './step-state.ts';

/** What a step reads that was found on the device. */
export interface Found {
  /** f32 [1]: not 0 where the step is to be left out. */
  readonly found_inf: Tensor;
  /** i32 [1]: steps that were taken before. */
  readonly steps: Tensor;
}

/** The betas whose powers correct a step. */
export function correctedBetas({ betas, bias_correction }: AdamHyperparameters): readonly number[] {
  return bias_correction ? betas : [];
}

/** The numbers of every step for {@link stepAmpAdamw}, f32 [steps, 4]; the caller owns them. */
export function adamRates(
  gpu: Gpu,
  { schedule, ...hyperparameters }: ParamsOf<typeof signature>,
): Tensor {
  const { lr } = hyperparameters;
  return stepRates(gpu, schedule, correctedBetas(hyperparameters), (step) => {
    const { decay, stepSize, correction } = adamScalars(
      { ...hyperparameters, lr: scheduledRate(lr, schedule, step - 1) },
      step,
    );
    return [decay, stepSize, correction, 0];
  });
}

/**
 * As stepAdamw, in place, where `found` decides on the device whether and which step is taken;
 * `rates` are those of {@link adamRates}.
 */
export function stepAmpAdamw(
  gpu: Gpu,
  state: AdamState & Found,
  params: AdamHyperparameters,
  rates: Tensor,
): void {
  checkShapes(state);
  const { param, grad, exp_avg, exp_avg_sq, found_inf, steps } = state;
  const { l2, restOfBeta1, beta2, restOfBeta2, eps } = adamScalars(params, 1);
  gpu.dispatch({
    shader,
    bindings: [grad, found_inf, steps, rates, param, exp_avg, exp_avg_sq].map(
      (tensor) => tensor.binding,
    ),
    uniforms: [
      u32(param.size),
      u32(rates.size / 4),
      ...[l2, restOfBeta1, beta2, restOfBeta2, eps].map(f32),
    ],
    workgroups: gridOfFours(param.size),
  });
}

function checkShapes(state: AdamState & Found): void {
  const { param, grad, exp_avg, exp_avg_sq, found_inf, steps } = state;
  checkState('amp_adamw_step', { param, grad, exp_avg, exp_avg_sq });
  checkOneElement('amp_adamw_step', { found_inf, steps });
}

/**
 * A step of AdamW or Adam under dynamic loss scaling, as torch's fused kernel takes it: param and
 * moments as they are where found_inf is not 0, else step steps + 1. Leaves its inputs as they are.
 */
export const ampAdamwStep = launcher(signature, {
  variants: { vec4: { kernels: [shader.file] } },
  forward: (gpu, inputs, params) => {
    checkShapes(inputs);
    using rates = adamRates(gpu, params);
    const outputs = {
      param: inputs.param.clone(),
      exp_avg: inputs.exp_avg.clone(),
      exp_avg_sq: inputs.exp_avg_sq.clone(),
    };
    stepAmpAdamw(gpu, { ...inputs, ...outputs }, params, rates);
    return outputs;
  },
});
