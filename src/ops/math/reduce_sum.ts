import { reduceSum as signature } from '../../vocabulary/math/reduce_sum.ts';
import { launcher } from '../launcher.ts';
import { expanded } from '../shape/copy.ts';
import { chunkedDepth, reducedShape, reductionOf } from './reduction.ts';
import { sum } from './sum.ts';

/**
 * y = sum of x along `axes`, as ONNX's ReduceSum and torch.sum, in one fixed order. x, y: f32, or
 * integers and their sum in i32, which wraps. Throws ShapeError for axes that do not fit.
 */
export const reduceSum = launcher(signature, {
  variants: {
    shared: {
      kernels: ['math/reduce_sum', 'math/integer_sum', 'shape/copy'],
      depth: chunkedDepth,
    },
  },
  forward: (gpu, { x }, params) => {
    const { drops, shape } = reducedShape('reduce_sum', x.shape, params);
    return { y: sum(gpu, x, reductionOf(x.shape, drops), shape) };
  },
  backward: (gpu, { inputs: { x }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const { kept } = reducedShape('reduce_sum', x.shape, params);
    return { x: expanded(gpu, grads.y.view(kept), x.shape) };
  },
});
