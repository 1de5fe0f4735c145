import shader from '../../../shaders/quant/dequantize_blockwise.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';

/**
 * map[q] * absmax of the block (+ offset): f32 like q. q: u8; map: f32 [256]; absmax: f32 [ceil(n /
 * block)]; offset: f32 [1]. The caller owns the result.
 */
export function dequantizeBlockwise(
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
