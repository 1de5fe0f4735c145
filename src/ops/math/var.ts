import { variance as signature } from '../../vocabulary/math/var.ts';
import { deviationLauncher } from './deviation.ts';
import { sumToSize } from './sum.ts';

/**
 * y = sum of squares of x - mean over n - correction, as torch.var. The gradient is 2 dy (x - mean)
 * / (n - correction). Tensors as {@link deviationLauncher} says.
 */
export const variance = deviationLauncher(signature, {
  root: false,
  share: (gpu, _y, dy, scale) => sumToSize(gpu, dy, dy.shape, dy.shape, { scale: 2 * scale }),
  kernels: [],
});
