import shader from '../../../shaders/quant/bitnet_encode.wgsl';
import { f32, gridOfFours, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { bitnetQuantize as signature } from '../../vocabulary/quant/bitnet_quantize.ts';
import { launcher } from '../launcher.ts';
import { ABS_MEAN_VARIANT, absMean } from './abs_mean.ts';

/**
 * BitNet b1.58's weights (Ma et al., arXiv 2402.17764): scale = mean |w| of the whole tensor, f32
 * [1]; trits = round(w / (scale + eps)), ties to even, clamped to -1, 0 and 1, i8 like the weight
 * (f32, f16 or bf16); dequant = trit * scale, f32.
 */
export const bitnetQuantize = launcher(signature, {
  variants: {
    lanes: { ...ABS_MEAN_VARIANT, kernels: [...ABS_MEAN_VARIANT.kernels, shader.file] },
  },
  storage: { keeps: ['scale', 'dequant'] },
  forward: (gpu, { weight }, { eps }) => {
    const { mean: scale } = absMean.forward(gpu, { weight }, {});
    const trits = Tensor.empty(gpu, 'i8', weight.shape);
    const dequant = Tensor.empty(gpu, 'f32', weight.shape);
    gpu.dispatch({
      shader,
      bindings: [weight, scale, trits, dequant].map((tensor) => tensor.binding),
      uniforms: [u32(weight.size), f32(eps)],
      workgroups: gridOfFours(weight.size),
    });
    return { trits, scale, dequant };
  },
});
