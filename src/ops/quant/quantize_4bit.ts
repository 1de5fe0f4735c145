import centerShader from '../../../shaders/quant/center.wgsl';
import shader from '../../../shaders/quant/quantize_4bit.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { spread, u32 } from '../../gpu/shader.ts';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
import type { BlockFormat } from '../../quant/format.ts';
import { fourBitFormat } from '../../quant/registry.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantize4bit as signature } from '../../vocabulary/quant/quantize_4bit.ts';
import { completed, type GivenParams, type ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { chooseVariant } from '../variants.ts';
import { blockAbsmax, blockVariants, storageOf } from './blocks.ts';
import { dequantize4bit } from './dequantize_4bit.ts';
import { dequantizeBlockwise } from './dequantize_blockwise.ts';
import { checkBlockwise, encodeBlocks } from './quantize_blockwise.ts';

type Params = ParamsOf<typeof signature>;

/**
 * A tensor in 4 bits. `absmax` is what decoding uses: the restored values where the statistics are
 * compressed.
 */
export interface FourBitTensor {
  readonly packed: Tensor;
  readonly absmax: Tensor;
}

/** The second level of double quantization. */
export interface NestedStatistics {
  readonly absmax_q: Tensor;
  readonly nested_absmax: Tensor;
  readonly nested_offset: Tensor;
}

/** Additions of one lane of the mean, then six levels of the workgroup's tree. */
const meanDepth = (terms: number): number => Math.ceil(terms / 64) + 6;

/**
 * Quantizes a weight (f32, f16 or bf16) as bitsandbytes.functional.quantize_4bit: packed u8 [(n +
 * 1) / 2, 1], absmax f32 a block. A short last block is treated like the others, by the reciprocal,
 * as bitsandbytes' CUDA code does (its CPU code divides there). The reciprocal is exact on every
 * adapter. The caller owns the tensors.
 */
export function quantizeTo4bit(
  gpu: Gpu,
  weight: Tensor,
  given: GivenParams<typeof signature>,
  variant = chooseVariant(gpu, quantize4bit.variants, { weight }),
): FourBitTensor & Partial<NestedStatistics> {
  const params = completed(signature, given);
  const { table = 0 } = fourBitFormat(params.quant_type);
  if (params.compress_statistics) checkBlockwise(nestedOf(params));
  const storage = storageOf(weight.dtype);
  const absmax = blockAbsmax(gpu, weight, params.blocksize, variant);
  const packed = Tensor.empty(gpu, 'u8', [Math.ceil(weight.size / 2), 1]);
  gpu.dispatch({
    shader,
    constants: { STORAGE: storage, TABLE: table },
    bindings: [weight.binding, absmax.binding, packed.binding],
    uniforms: [u32(weight.size), u32(params.blocksize)],
    workgroups: spread(Math.ceil(weight.size / 512)),
    flops: 20 * weight.size,
  });
  if (!params.compress_statistics) return { packed, absmax };
  using raw = absmax;
  return { packed, ...compress(gpu, raw, params, variant) };
}

/**
 * {@link quantizeTo4bit} of a weight whose scales stay as they are, as one value. The caller owns
 * its parts.
 */
export function quantizedWeight(
  gpu: Gpu,
  weight: Tensor,
  format: BlockFormat,
  blocksize: number,
): QuantizedWeight<Tensor> {
  const { packed, absmax } = quantizeTo4bit(gpu, weight, { quant_type: format.name, blocksize });
  return { format, blocksize, shape: weight.shape, parts: { packed, absmax } };
}

/** How the absmax values are quantized. */
function nestedOf({ nested_blocksize: blocksize, nested_rounding: rounding = 'nearest' }: Params) {
  return { blocksize, rounding };
}

function compress(
  gpu: Gpu,
  absmax: Tensor,
  params: Params,
  variant: string,
): { absmax: Tensor } & NestedStatistics {
  const { blocksize, rounding } = nestedOf(params);
  using map = Tensor.from(gpu, hostTensor('f32', [256], createDynamicMap(true)));
  using centred = Tensor.empty(gpu, 'f32', absmax.shape);
  const nested_offset = Tensor.empty(gpu, 'f32', [1]);
  gpu.dispatch({
    shader: centerShader,
    bindings: [absmax.binding, nested_offset.binding, centred.binding],
    uniforms: [u32(absmax.size)],
    workgroups: [1, 1, 1],
    flops: 2 * absmax.size,
  });
  const codes = encodeBlocks(gpu, centred, map, { blocksize, rounding }, variant);
  const restored = dequantizeBlockwise(gpu, codes, map, blocksize, nested_offset);
  return { absmax: restored, absmax_q: codes.q, nested_absmax: codes.absmax, nested_offset };
}

/**
 * {@link quantizeTo4bit} and, as `dequant`, what the codes decode to, in the shape and dtype of the
 * weight.
 */
export const quantize4bit = launcher(signature, {
  variants: blockVariants(
    [
      'quant/quantize_4bit',
      'quant/dequantize_4bit',
      'quant/center',
      'quant/quantize_blockwise',
      'quant/dequantize_blockwise',
    ],
    meanDepth,
  ),
  storage: { reads: ['weight'], keeps: ['absmax', 'dequant', 'nested_absmax', 'nested_offset'] },
  forward: (gpu, { weight }, params, variant) => {
    const quantized = quantizeTo4bit(gpu, weight, params, variant);
    const { quant_type, blocksize } = params;
    const dtype = weight.dtype as 'f32' | 'f16' | 'bf16';
    const { packed, absmax } = quantized;
    const dequant = dequantize4bit.forward(
      gpu,
      { packed, absmax },
      { quant_type, blocksize, shape: weight.shape, dtype },
    ).y;
    return { ...quantized, dequant };
  },
});
