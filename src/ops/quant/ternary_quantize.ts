import sumShader from '../../../shaders/quant/masked_abs_sum.wgsl';
import meanShader from '../../../shaders/quant/mean_of_partials.wgsl';
import dequantizeShader from '../../../shaders/quant/ternary_dequantize.wgsl';
import encodeShader from '../../../shaders/quant/ternary_encode.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, spread, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ternaryQuantize as signature } from '../../vocabulary/quant/ternary_quantize.ts';
import { LANES, laneDepth } from '../lanes.ts';
import { launcher } from '../launcher.ts';
import { storageOf } from './blocks.ts';
import { ternaryPack } from './ternary_pack.ts';

/** Lanes of the sum: one for 16 elements, up to 4096. */
const lanesOf = (n: number): number => Math.min(4096, Math.ceil(n / 16));

/** What a lane adds, then what a lane of the second kernel adds, then six levels of its tree. */
const sumDepth = (n: number, lanes: number): number =>
  Math.ceil(n / lanesOf(n)) + laneDepth(lanesOf(n), lanes);

/**
 * factor * mean |w| over the elements above `limit`, or over all: f32 [1], 0 where there is none.
 */
function absMean(gpu: Gpu, w: Tensor, factor: number, limit?: Tensor): Tensor {
  const lanes = lanesOf(w.size);
  const mean = Tensor.empty(gpu, 'f32', [1]);
  using partial = Tensor.empty(gpu, 'u32', [lanes, 2]);
  gpu.dispatch({
    shader: sumShader,
    constants: { STORAGE: storageOf(w.dtype), ALL: Number(limit === undefined) },
    bindings: [w.binding, (limit ?? w).binding, partial.binding],
    uniforms: [u32(w.size), u32(lanes)],
    workgroups: [Math.ceil(lanes / 64), 1, 1],
    flops: 2 * w.size,
  });
  gpu.dispatch({
    shader: meanShader,
    bindings: [partial.binding, mean.binding],
    uniforms: [u32(lanes), f32(factor)],
    workgroups: [1, 1, 1],
    flops: lanes,
  });
  return mean;
}

/**
 * Ternary quantization of a whole tensor (f32, f16 or bf16): threshold = factor * mean |w|; trit 1
 * above it, -1 below its negative, else 0; scale = mean |w| of the elements that are not 0; packed
 * as {@link ternaryPack} does in low order; dequant = trit * scale, f32.
 */
export const ternaryQuantize = launcher(signature, {
  variants: {
    lanes: {
      kernels: [
        'quant/masked_abs_sum',
        'quant/mean_of_partials',
        'quant/ternary_encode',
        'quant/ternary_pack',
        'quant/ternary_dequantize',
      ],
      lanes: LANES,
      depth: sumDepth,
    },
  },
  storage: { reads: ['weight'], keeps: ['threshold', 'scale', 'dequant'] },
  forward: (gpu, { weight }, { threshold_factor }) => {
    const n = weight.size;
    const threshold = absMean(gpu, weight, threshold_factor);
    const scale = absMean(gpu, weight, 1, threshold);
    const trits = Tensor.empty(gpu, 'i8', weight.shape);
    gpu.dispatch({
      shader: encodeShader,
      constants: { STORAGE: storageOf(weight.dtype) },
      bindings: [weight.binding, threshold.binding, trits.binding],
      uniforms: [u32(n)],
      workgroups: spread(Math.ceil(n / 256)),
      flops: 2 * n,
    });
    const { packed } = ternaryPack.forward(gpu, { trits }, {});
    const dequant = Tensor.empty(gpu, 'f32', weight.shape);
    gpu.dispatch({
      shader: dequantizeShader,
      bindings: [packed.binding, scale.binding, dequant.binding],
      uniforms: [u32(n)],
      workgroups: spread(Math.ceil(n / 256)),
      flops: n,
    });
    return { trits, packed, threshold, scale, dequant };
  },
});
