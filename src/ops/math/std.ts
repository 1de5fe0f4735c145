import shader from '../../../shaders/math/norm_backward.wgsl';
import { std as signature } from '../../vocabulary/math/std.ts';
import { deviationLauncher } from './deviation.ts';
import { binary } from './elementwise.ts';
import { sumToSize } from './sum.ts';

/**
 * y = root of the variance with `correction`, as torch.std. The gradient is dy (x - mean) / ((n -
 * correction) y), and 0 where y is 0. Tensors as {@link deviationLauncher} says.
 */
export const std = deviationLauncher(signature, {
  root: true,
  share: (gpu, y, dy, scale) => {
    using slope = binary(gpu, shader, dy, y);
    return sumToSize(gpu, slope, slope.shape, slope.shape, { scale });
  },
  kernels: [shader.file],
});
