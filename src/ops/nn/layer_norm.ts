import shader from '../../../shaders/nn/layer_norm.wgsl';
import weightShader from '../../../shaders/nn/layer_norm_backward_weight.wgsl';
import inputShader from '../../../shaders/nn/layer_norm_backward_x.wgsl';
import { layerNorm as signature } from '../../vocabulary/nn/layer_norm.ts';
import { normLauncher } from './normalization.ts';

/**
 * y = weight * (x - mean) / sqrt(variance + eps) + bias with the biased variance, as
 * torch.nn.functional.layer_norm. `row_stats`, [rows, 2] of mean and 1 / sqrt(variance + eps), is
 * for the backward pass. Tensors as {@link normLauncher} says.
 */
export const layerNorm = normLauncher(signature, {
  statsShape: (rows) => [rows, 2],
  forward: shader,
  backwardX: inputShader,
  backwardWeight: weightShader,
});
