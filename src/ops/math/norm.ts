import backwardShader from '../../../shaders/math/norm_backward.wgsl';
import { norm as signature } from '../../vocabulary/math/norm.ts';
import { launcher } from '../launcher.ts';
import { binary } from './elementwise.ts';
import { mul } from './mul.ts';
import { chunkedDepth, reducedShape, reductionOf } from './reduction.ts';
import { sum } from './sum.ts';

/**
 * y = root of the sum of squares of x along `axes`, as torch.linalg.vector_norm. The gradient is dy
 * x / y, and 0 where y is 0. x, y: f32. Throws ShapeError for axes that do not fit.
 */
export const norm = launcher(signature, {
  variants: {
    shared: {
      kernels: ['math/reduce_sum', 'math/norm_backward', 'math/mul'],
      depth: chunkedDepth,
    },
  },
  forward: (gpu, { x }, params) => {
    const { drops, shape } = reducedShape('norm', x.shape, params);
    const terms = reductionOf(x.shape, drops);
    return { y: sum(gpu, x, terms, shape, { squares: true, root: true }) };
  },
  backward: (gpu, { inputs: { x }, outputs: { y }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const { kept } = reducedShape('norm', x.shape, params);
    using slope = binary(gpu, backwardShader, grads.y.view(kept), y.view(kept));
    return { x: mul.forward(gpu, { a: x, b: slope }, {}).y };
  },
});
