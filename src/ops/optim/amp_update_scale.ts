import shader from '../../../shaders/optim/amp_update_scale.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ampUpdateScale as signature } from '../../vocabulary/optim/amp_update_scale.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { growthFields } from './grad_scaler.ts';
import { checkOneElement } from './one-element.ts';

/** The state of dynamic loss scaling, each of one element. */
export interface ScaleState {
  /** f32: what the loss is multiplied with. */
  readonly scale: Tensor;
  /** i32: steps without an infinity since the scale changed. */
  readonly growth_tracker: Tensor;
  /** i32: steps of the optimizer that were taken. */
  readonly steps: Tensor;
}

/**
 * After a step, in place: the state that follows from `found_inf`, f32 [1]. Throws ShapeError when
 * one has more than one element.
 */
export function updateScale(
  gpu: Gpu,
  state: ScaleState,
  found_inf: Tensor,
  growth: GivenParams<typeof signature>,
): void {
  const { scale, growth_tracker, steps } = state;
  checkOneElement('amp_update_scale', { scale, growth_tracker, steps, found_inf });
  gpu.dispatch({
    shader,
    bindings: [found_inf, scale, growth_tracker, steps].map((tensor) => tensor.binding),
    uniforms: growthFields(completed(signature, growth)),
    workgroups: [1, 1, 1],
  });
}

/**
 * {@link updateScale} as an op that leaves its inputs as they are: torch's _amp_update_scale_, and
 * the count of steps that were taken.
 */
export const ampUpdateScale = launcher(signature, {
  variants: { serial: { kernels: [shader.file] } },
  forward: (gpu, { found_inf, ...state }, growth) => {
    checkOneElement('amp_update_scale', { ...state, found_inf });
    const outputs = {
      scale: state.scale.clone(),
      growth_tracker: state.growth_tracker.clone(),
      steps: state.steps.clone(),
    };
    updateScale(gpu, outputs, found_inf, growth);
    return outputs;
  },
});
