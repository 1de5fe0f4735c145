import { argmax as signature } from '../../vocabulary/math/argmax.ts';
import { launcher } from '../launcher.ts';
import { LARGEST_KERNELS, largest } from './largest.ts';
import { reducedShape, reductionOf } from './reduction.ts';

/**
 * y = index of the largest element along `axis`, as ONNX's ArgMax and torch.argmax; a NaN is larger
 * than all. x: f32 or integers; y: i32. Throws ShapeError when there is no such axis or it is empty.
 */
export const argmax = launcher(signature, {
  variants: { shared: { kernels: [...LARGEST_KERNELS] } },
  forward: (gpu, { x }, { axis, keepdims, select_last_index }) => {
    const { drops, shape } = reducedShape('argmax', x.shape, { axes: [axis], keepdims });
    return {
      y: largest(gpu, x, reductionOf(x.shape, drops), shape, select_last_index ? 'last' : 'first'),
    };
  },
});
