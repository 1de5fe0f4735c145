import clipShader from '../../../shaders/optim/clip_grad_norm.wgsl';
import normShader from '../../../shaders/optim/grad_norm.wgsl';
import sharesShader from '../../../shaders/optim/grad_norm_shares.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { clipGradNorm as signature } from '../../vocabulary/optim/clip_grad_norm.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import { checkTypes } from '../element-types.ts';
import { LANES, laneDepth } from '../lanes.ts';
import { launcher } from '../launcher.ts';

/** Elements of a share of the sum of squares, at most. */
const SHARE = 256;

/** Kernels of {@link normOf}. */
export const NORM_KERNELS = ['optim/grad_norm_shares', 'optim/grad_norm'] as const;

/**
 * torch.nn.utils.clip_grad_norm_: gradients (f32 of any shapes) times min(1, max_norm / (norm +
 * eps)), in place, where norm is the root of the sum of all their squares. Returns norm, [1], which
 * the caller owns; the scale never leaves the device. An infinite or NaN element makes the norm
 * infinite or NaN, and the gradients what torch's product with max_norm / norm makes of them.
 * Throws ElementTypeError.
 */
export function clipGradients(
  gpu: Gpu,
  grads: readonly Tensor[],
  params: GivenParams<typeof signature>,
): Tensor {
  checkTypes('clip_grad_norm', Object.fromEntries(grads.map((grad, i) => [`g${i}`, grad])), [
    'f32',
  ]);
  const { max_norm, eps } = completed(signature, params);
  const norm = normOf(gpu, grads);
  for (const grad of grads) {
    gpu.dispatch({
      shader: clipShader,
      bindings: [norm.binding, grad.binding],
      uniforms: [u32(grad.size), f32(max_norm), f32(eps)],
      workgroups: gridOfFours(grad.size),
    });
  }
  return norm;
}

/**
 * The root of the sum of all squares of tensors, f32 [1], which the caller owns; infinite or NaN
 * where an element is.
 */
export function normOf(gpu: Gpu, grads: readonly Tensor[]): Tensor {
  const parts = grads.map(({ size }) => Math.max(1, Math.ceil(size / SHARE)));
  const count = parts.reduce((sum, n) => sum + n, 0);
  using shares = Tensor.empty(gpu, 'f32', [count, 2]);
  let first = 0;
  grads.forEach((grad, i) => {
    const own = parts[i] as number;
    gpu.dispatch({
      shader: sharesShader,
      bindings: [grad.binding, shares.binding],
      uniforms: [grad.size, own, first].map(u32),
      workgroups: linearGrid(own),
    });
    first += own;
  });
  const norm = Tensor.empty(gpu, 'f32', [1]);
  gpu.dispatch({
    shader: normShader,
    bindings: [shares.binding, norm.binding],
    uniforms: [u32(count)],
    workgroups: [1, 1, 1],
  });
  return norm;
}

/**
 * {@link clipGradients} as an op that leaves its inputs as they are: g0, g1, ... in; norm, and g0,
 * g1, ... clipped, out.
 */
export const clipGradNorm = launcher(signature, {
  variants: {
    shares: {
      kernels: [...NORM_KERNELS, 'optim/clip_grad_norm'],
      lanes: LANES,
      depth: (terms, lanes) => Math.min(terms, SHARE) + laneDepth(terms / SHARE, lanes),
    },
  },
  forward: (gpu, inputs, params) => {
    const grads = Object.entries(inputs).flatMap(([name, tensor]) =>
      tensor ? [[name, tensor.clone()] as const] : [],
    );
    const norm = clipGradients(
      gpu,
      grads.map(([, grad]) => grad),
      params,
    );
    return { norm, ...Object.fromEntries(grads) };
  },
});
