import shader from '../../../shaders/quant/quantize_blockwise.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantizeBlockwise as signature } from '../../vocabulary/quant/quantize_blockwise.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { blockAbsmax, blockVariants, checkBlock, QuantizationError } from './blocks.ts';
import { decodeBlocks } from './dequantize_blockwise.ts';

/** Operations of a product that take as long as a search of eight steps, which each load. */
const FLOPS_OF_SEARCH = 600;

/** Elements of a block, and how a code is chosen. */
export type Blocks = Pick<ParamsOf<typeof signature>, 'blocksize' | 'rounding'>;

/** 8-bit codes and their scales. The caller owns both. */
export interface BlockwiseCodes {
  readonly q: Tensor;
  readonly absmax: Tensor;
}

/** Throws {@link QuantizationError} for blocks or a rounding that no kernel has. */
export function checkBlockwise({ blocksize, rounding }: Blocks): void {
  checkBlock(blocksize);
  if (rounding !== 'nearest' && rounding !== 'lut16')
    throw new QuantizationError(`rounding ${rounding}: give nearest or lut16`);
}

/**
 * Quantizes f32 `x` to the 256 ascending values of `map`, relative to the absmax of its block: q u8
 * like x, absmax f32 a block.
 */
export function encodeBlocks(
  gpu: Gpu,
  x: Tensor,
  map: Tensor,
  params: Blocks,
  variant: string,
): BlockwiseCodes {
  const { blocksize, rounding } = params;
  if (map.size !== 256)
    throw new ShapeError(`a map of 8-bit codes has 256 values, not ${formatShape(map.shape)}`);
  checkBlockwise(params);
  const absmax = blockAbsmax(gpu, x, blocksize, variant);
  const q = Tensor.empty(gpu, 'u8', x.shape);
  gpu.dispatch({
    shader,
    constants: { LUT16: Number(rounding === 'lut16') },
    bindings: [x.binding, map.binding, absmax.binding, q.binding],
    uniforms: [u32(x.size), u32(blocksize)],
    workgroups: gridOfFours(x.size),
    flops: FLOPS_OF_SEARCH * x.size,
  });
  return { q, absmax };
}

/**
 * bitsandbytes.functional.quantize_blockwise with an 8-bit map, and what the codes decode to. x,
 * dequant: f32 of any shape.
 */
export const quantizeBlockwise = launcher(signature, {
  variants: blockVariants(['quant/quantize_blockwise', 'quant/dequantize_blockwise']),
  storage: { decides: ['x'], keeps: ['absmax'] },
  forward: (gpu, { x, code }, params, variant) => {
    const { q, absmax } = encodeBlocks(gpu, x, code, params, variant);
    return { q, absmax, dequant: decodeBlocks(gpu, { q, absmax }, code, params.blocksize) };
  },
});
