import shader from '../../../shaders/optim/amp_sgd_step.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, u32 } from '../../gpu/shader.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ampSgdStep as signature } from '../../vocabulary/optim/amp_sgd_step.ts';
import type { SgdHyperparameters } from '../../vocabulary/optim/sgd.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import type { Found } from './amp_adamw_step.ts';
import { scheduledRate } from './lr_schedule.ts';
import { checkOneElement } from './one-element.ts';
import { type MomentumState, sgdScalars } from './sgd_step.ts';
import { stepRates } from './step-rates.ts';
import { checkState } from './step-state.ts';

/** The numbers of every step for {@link stepAmpSgd}, f32 [steps, 4]; the caller owns them. */
export function sgdRates(
  gpu: Gpu,
  { schedule, ...hyperparameters }: ParamsOf<typeof signature>,
): Tensor {
  return stepRates(gpu, schedule, [], (step) => {
    const { lr, keep, gain } = sgdScalars(
      { ...hyperparameters, lr: scheduledRate(hyperparameters.lr, schedule, step - 1) },
      step === 1,
    );
    return [lr, keep, gain, 0];
  });
}

/**
 * As stepSgd, in place, where `found` decides on the device whether and which step is taken;
 * `rates` are those of {@link sgdRates}.
 */
export function stepAmpSgd(
  gpu: Gpu,
  state: MomentumState & Found,
  params: SgdHyperparameters,
  rates: Tensor,
): void {
  checkShapes(state);
  const { param, grad, momentum_buffer, found_inf, steps } = state;
  const { l2, direct, ahead } = sgdScalars(params, false);
  gpu.dispatch({
    shader,
    bindings: [grad, found_inf, steps, rates, param, momentum_buffer].map(
      (tensor) => tensor.binding,
    ),
    uniforms: [u32(param.size), u32(rates.size / 4), ...[l2, direct, ahead].map(f32)],
    workgroups: gridOfFours(param.size),
  });
}

function checkShapes(state: MomentumState & Found): void {
  const { param, grad, momentum_buffer, found_inf, steps } = state;
  checkState('amp_sgd_step', { param, grad, momentum_buffer });
  checkOneElement('amp_sgd_step', { found_inf, steps });
}

/**
 * A step of SGD under dynamic loss scaling, as torch's fused kernel takes it: param and buffer as
 * they are where found_inf is not 0, else step steps + 1. Leaves its inputs as they are.
 */
export const ampSgdStep = launcher(signature, {
  variants: { vec4: { kernels: [shader.file] } },
  forward: (gpu, inputs, params) => {
    checkShapes(inputs);
    using rates = sgdRates(gpu, params);
    const outputs = {
      param: inputs.param.clone(),
      momentum_buffer: inputs.momentum_buffer.clone(),
    };
    stepAmpSgd(gpu, { ...inputs, ...outputs }, params, rates);
    return outputs;
  },
});
