import expShader from '../../../shaders/math/exp_below.wgsl';
import shader from '../../../shaders/math/logsumexp.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import { logsumexp as signature } from '../../vocabulary/math/logsumexp.ts';
import { launcher } from '../launcher.ts';
import { binary } from './elementwise.ts';
import { LARGEST_KERNELS, largest } from './largest.ts';
import { chunkedDepth, reducedShape, reductionOf } from './reduction.ts';
import { sum } from './sum.ts';

/**
 * y = log of the sum of exp(x) along `axes`, as torch.logsumexp. The gradient is dy exp(x - y). x, y:
 * f32. Throws ShapeError for axes that do not fit or hold no elements.
 */
export const logsumexp = launcher(signature, {
  variants: {
    shared: {
      kernels: [
        ...LARGEST_KERNELS,
        'math/exp_sum',
        'math/reduce_sum',
        shader.file,
        expShader.file,
        mulShader.file,
      ],
      depth: chunkedDepth,
    },
  },
  forward: (gpu, { x }, params) => {
    const { drops, shape, kept } = reducedShape('logsumexp', x.shape, params);
    const reduction = reductionOf(x.shape, drops);
    using top = largest(gpu, x, reduction, kept, 'values');
    using sums = sum(gpu, x, reduction, kept, { expBelow: top });
    return { y: binary(gpu, shader, top.view(shape), sums.view(shape)) };
  },
  backward: (gpu, { inputs: { x }, outputs: { y }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const { kept } = reducedShape('logsumexp', x.shape, params);
    using shares = binary(gpu, expShader, x, y.view(kept));
    return { x: binary(gpu, mulShader, shares, grads.y.view(kept)) };
  },
});
