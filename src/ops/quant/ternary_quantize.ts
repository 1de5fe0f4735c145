import dequantizeShader from '../../../shaders/quant/ternary_dequantize.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ternaryQuantize as signature } from '../../vocabulary/quant/ternary_quantize.ts';
import { launcher } from '../launcher.ts';
import { ABS_MEAN_VARIANT, absMean } from './abs_mean.ts';
import { ternarize } from './ternarize.ts';
import { ternaryPack } from './ternary_pack.ts';

/**
 * Ternary quantization of a whole tensor (f32, f16 or bf16): threshold = factor * mean |w|; trit 1
 * above it, -1 below its negative, else 0; scale = mean |w| of the elements that are not 0; packed
 * as {@link ternaryPack} does in low order; dequant = trit * scale, f32.
 */
export const ternaryQuantize = launcher(signature, {
  variants: {
    lanes: {
      ...ABS_MEAN_VARIANT,
      kernels: [
        ...ABS_MEAN_VARIANT.kernels,
        'quant/ternary_encode',
        'quant/ternary_pack',
        'quant/ternary_dequantize',
      ],
    },
  },
  storage: { keeps: ['threshold', 'scale', 'dequant'] },
  forward: (gpu, { weight }, { threshold_factor }) => {
    const n = weight.size;
    const factor = threshold_factor;
    const { mean: threshold } = absMean.forward(gpu, { weight }, { factor });
    const { mean: scale } = absMean.forward(gpu, { weight, limit: threshold }, {});
    const { trits } = ternarize.forward(gpu, { weight, threshold }, {});
    const { packed } = ternaryPack.forward(gpu, { trits }, {});
    const dequant = Tensor.empty(gpu, 'f32', weight.shape);
    gpu.dispatch({
      shader: dequantizeShader,
      constants: { WHOLE: Number(n % 16 === 0) },
      bindings: [packed.binding, scale.binding, dequant.binding],
      uniforms: [u32(n)],
      workgroups: linearGrid(Math.ceil(n / 16)),
    });
    return { trits, packed, threshold, scale, dequant };
  },
});
