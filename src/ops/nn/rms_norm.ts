import shader from '../../../shaders/nn/rms_norm.wgsl';
import weightShader from '../../../shaders/nn/rms_norm_backward_weight.wgsl';
import inputShader from '../../../shaders/nn/rms_norm_backward_x.wgsl';
import { rmsNorm as signature } from '../../vocabulary/nn/rms_norm.ts';
import { normLauncher } from './normalization.ts';

/**
 * y = weight * x / sqrt(mean(x^2) + eps) + bias, as torch.nn.functional.rms_norm, which has no
 * bias. `row_stats`, 1 / sqrt(mean(x^2) + eps) of each row, is for the backward pass. Tensors as
 * {@link normLauncher} says.
 */
export const rmsNorm = normLauncher(signature, {
  statsShape: (rows) => [rows],
  forward: shader,
  backwardX: inputShader,
  backwardWeight: weightShader,
});
