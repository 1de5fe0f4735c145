import { reduceMean as signature } from '../../vocabulary/math/reduce_mean.ts';
import { launcher } from '../launcher.ts';
import { expanded } from '../shape/copy.ts';
import { chunkedDepth, reducedShape, reductionOf } from './reduction.ts';
import { sum, sumToSize } from './sum.ts';

/**
 * y = mean of x along `axes`, as ONNX's ReduceMean and torch.mean, in one fixed order. x, y: f32.
 * Throws ShapeError for axes that do not fit.
 */
export const reduceMean = launcher(signature, {
  variants: { shared: { kernels: ['math/reduce_sum', 'shape/copy'], depth: chunkedDepth } },
  forward: (gpu, { x }, params) => {
    const { drops, shape } = reducedShape('reduce_mean', x.shape, params);
    const reduction = reductionOf(x.shape, drops);
    return { y: sum(gpu, x, reduction, shape, { scale: 1 / reduction.terms }) };
  },
  backward: (gpu, { inputs: { x }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const { kept, drops } = reducedShape('reduce_mean', x.shape, params);
    const { terms } = reductionOf(x.shape, drops);
    using share = sumToSize(gpu, grads.y.view(kept), kept, kept, { scale: 1 / terms });
    return { x: expanded(gpu, share, x.shape) };
  },
});
