import divShader from '../../../shaders/math/div.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import backwardShader from '../../../shaders/math/reduce_max_backward.wgsl';
import { reduceMax as signature } from '../../vocabulary/math/reduce_max.ts';
import { launcher } from '../launcher.ts';
import { binary } from './elementwise.ts';
import { LARGEST_KERNELS, largest } from './largest.ts';
import { chunkedDepth, reducedShape, reductionOf } from './reduction.ts';
import { sum } from './sum.ts';

/**
 * y = maximum of x along `axes`, as ONNX's ReduceMax and torch.amax: exact, a NaN is larger than
 * all, and the gradient is shared evenly among equal maxima. x, y: f32 or integers. Throws ShapeError for axes
 * that do not fit or hold no elements.
 */
export const reduceMax = launcher(signature, {
  variants: {
    shared: {
      kernels: [
        ...LARGEST_KERNELS,
        backwardShader.file,
        'math/reduce_sum',
        divShader.file,
        mulShader.file,
      ],
      depth: chunkedDepth,
    },
  },
  forward: (gpu, { x }, params) => {
    const { drops, shape } = reducedShape('reduce_max', x.shape, params);
    return { y: largest(gpu, x, reductionOf(x.shape, drops), shape, 'values') };
  },
  backward: (gpu, { inputs: { x }, outputs: { y }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const { kept, drops } = reducedShape('reduce_max', x.shape, params);
    using marks = binary(gpu, backwardShader, x, y.view(kept));
    using ties = sum(gpu, marks, reductionOf(x.shape, drops), kept);
    using share = binary(gpu, divShader, grads.y.view(kept), ties);
    return { x: binary(gpu, mulShader, marks, share) };
  },
});
