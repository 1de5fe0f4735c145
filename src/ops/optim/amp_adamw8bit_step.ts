import stepShader from '../../../shaders/optim/adamw8bit_step.wgsl';
import ratesShader from '../../../shaders/optim/amp_step_rates.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Adamw8bitHyperparameters } from '../../vocabulary/optim/adamw8bit.ts';
import { ampAdamw8bitStep as signature } from '../../vocabulary/optim/amp_adamw8bit_step.ts';
import { launcher } from '../launcher.ts';
import { chooseVariant } from '../variants.ts';
import {
  type Adamw8bitState,
  adamw8bitFields,
  adamw8bitStep,
  checkAdamw8bit,
  clonedAdamw8bit,
  dispatchAdamw8bit,
} from './adamw8bit_step.ts';
import { adamRates, type Found } from './amp_adamw_step.ts';
import { checkOneElement } from './one-element.ts';

/**
 * As stepAdamw8bit, in place, where `found` decides on the device whether and which step is taken: of
 * one that is left out codes and scales stay as they are. `rates` are those of {@link adamRates}.
 */
export function stepAmpAdamw8bit(
  gpu: Gpu,
  state: Adamw8bitState & Found,
  hyperparameters: Adamw8bitHyperparameters,
  rates: Tensor,
  variant: string = chooseVariant(gpu, adamw8bitStep, { param: state.param }),
): void {
  checkStep(state, hyperparameters);
  using foundStep = Tensor.empty(gpu, 'f32', [4]);
  const { found_inf, steps } = state;
  gpu.dispatch({
    shader: ratesShader,
    bindings: [found_inf, steps, rates, foundStep].map((tensor) => tensor.binding),
    uniforms: [u32(rates.size / 4)],
    workgroups: [1, 1, 1],
  });
  // Of the numbers that change with the step the kernel reads the device's own.
  const uniforms = adamw8bitFields(state, { ...hyperparameters, step: 1 });
  dispatchAdamw8bit(gpu, state, hyperparameters, { uniforms, variant, foundStep });
}

function checkStep(
  { found_inf, steps, ...state }: Adamw8bitState & Found,
  hyperparameters: Adamw8bitHyperparameters,
): void {
  checkAdamw8bit(signature.name, state, hyperparameters);
  checkOneElement(signature.name, { found_inf, steps });
}

const KERNELS = { kernels: [ratesShader.file, stepShader.file] } as const;

/**
 * {@link stepAmpAdamw8bit} as an op that leaves its inputs as they are and returns what a step changes.
 */
export const ampAdamw8bitStep = launcher(signature, {
  variants: { serial: KERNELS, cooperative: KERNELS },
  forward: (gpu, { grad, qmap, found_inf, steps, ...inputs }, params, variant) => {
    const { schedule, ...hyperparameters } = params;
    checkStep({ ...inputs, grad, qmap, found_inf, steps }, hyperparameters);
    const { blocksize: _, state_rounding: __, ...ofFloats } = hyperparameters;
    using rates = adamRates(gpu, { ...ofFloats, mode: 'adamw', schedule });
    const outputs = clonedAdamw8bit(inputs);
    const read = { grad, qmap, found_inf, steps };
    stepAmpAdamw8bit(gpu, { ...outputs, ...read }, hyperparameters, rates, variant);
    return outputs;
  },
});
