import shader from '../../../shaders/quant/dequantize_blockwise.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dequantizeBlockwise as signature } from '../../vocabulary/quant/dequantize_blockwise.ts';
import { launcher } from '../launcher.ts';
import { checkBlock } from './blocks.ts';

/**
 * map[q] * absmax of the block (+ offset): f32 like q. q: u8; map: f32 [256]; absmax: f32 [ceil(n /
 * block)]; offset: f32 [1]. The caller owns the result.
 */
export function decodeBlocks(
  gpu: Gpu,
  { q, absmax }: { readonly q: Tensor; readonly absmax: Tensor },
  map: Tensor,
  block: number,
  offset?: Tensor,
): Tensor {
  const y = Tensor.empty(gpu, 'f32', q.shape);
  gpu.dispatch({
    shader,
    constants: { HAS_OFFSET: Number(offset !== undefined) },
    bindings: [q.binding, map.binding, absmax.binding, (offset ?? absmax).binding, y.binding],
    uniforms: [u32(q.size), u32(block)],
    workgroups: gridOfFours(q.size),
  });
  return y;
}

/**
 * bitsandbytes.functional.dequantize_blockwise: code[q] * absmax of the block, f32 like q. q: u8;
 * code: f32 [256]; absmax: f32 [ceil(n / blocksize)]. Throws ShapeError for another number of scales,
 * QuantizationError for blocks that no quantizer has.
 */
export const dequantizeBlockwise = launcher(signature, {
  variants: { words: { kernels: [shader.file] } },
  forward: (gpu, { q, code, absmax }, { blocksize }) => {
    checkBlock(blocksize);
    const blocks = Math.ceil(q.size / blocksize);
    if (code.size !== 256 || absmax.size !== blocks)
      throw new ShapeError(
        `dequantize_blockwise: ${code.size} values and ${absmax.size} scales of codes ${formatShape(q.shape)}: give 256 and ${blocks}`,
      );
    return { y: decodeBlocks(gpu, { q, absmax }, code, blocksize) };
  },
});
