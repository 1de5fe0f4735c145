import foundShader from '../../../shaders/optim/amp_found_inf.wgsl';
import unscaleShader from '../../../shaders/optim/amp_unscale.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ampUnscale as signature } from '../../vocabulary/optim/amp_unscale.ts';
import { checkTypes } from '../element-types.ts';
import { launcher } from '../launcher.ts';
import { checkOneElement } from './one-element.ts';

/** Elements that share a flag, at most. */
const SHARE = 256;
/**
 * Unscales a gradient (f32 of any shape) in place, and says in `found_inf`, f32 [1], whether any
 * element was not finite. Such an element becomes 0: its step is left out, and WGSL does not say
 * what arithmetic makes of it. Throws ShapeError for a scale of more than one number, and
 * ElementTypeError for halves.
 */
export function unscale(
  gpu: Gpu,
  tensors: { readonly grad: Tensor; readonly scale: Tensor; readonly found_inf: Tensor },
): void {
  const { grad, scale, found_inf } = tensors;
  checkTypes('amp_unscale', tensors, ['f32']);
  checkOneElement('amp_unscale', { scale, found_inf });
  const parts = Math.ceil(grad.size / SHARE);
  using flags = Tensor.empty(gpu, 'f32', [parts]);
  gpu.dispatch({
    shader: unscaleShader,
    bindings: [scale.binding, grad.binding, flags.binding],
    uniforms: [u32(grad.size), u32(parts)],
    workgroups: linearGrid(parts),
  });
  gpu.dispatch({
    shader: foundShader,
    bindings: [flags.binding, found_inf.binding],
    uniforms: [u32(parts)],
    workgroups: [1, 1, 1],
  });
}

/**
 * {@link unscale} as an op that leaves its inputs as they are: what torch's
 * _amp_foreach_non_finite_check_and_unscale_ does for torch.amp.GradScaler. found_inf is 0 or 1.
 */
export const ampUnscale = launcher(signature, {
  variants: { shares: { kernels: ['optim/amp_unscale', 'optim/amp_found_inf'] } },
  forward: (gpu, { grad, scale }) => {
    checkOneElement('amp_unscale', { scale });
    const outputs = { grad: grad.clone(), found_inf: Tensor.empty(gpu, 'f32', [1]) };
    unscale(gpu, { ...outputs, scale });
    return outputs;
  },
});
