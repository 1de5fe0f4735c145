import shader from '../../../shaders/attention/rotary_embedding_cache.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Convention } from '../../vocabulary/attention/convention.ts';
import { fieldsOf, type Heads } from './layout.ts';

/** A rotation of pairs of columns. */
export interface Rotation {
  readonly x: Tensor;
  readonly heads: Heads;
  /** [positions, pairs] with ids, else [B or 1, S, pairs]. */
  readonly cos: Tensor;
  readonly sin: Tensor;
  readonly position_ids?: Tensor | undefined;
  /** Whether ids, or tables without ids, are the same for all batches. */
  readonly shared: boolean;
  readonly convention: Convention;
  /** Rotates back: the gradient of a rotation. */
  readonly inverse: boolean;
}

/** Rotates x; shapes must have been checked. */
export function rotate(
  gpu: Gpu,
  { x, heads, cos, sin, position_ids, shared, convention, inverse }: Rotation,
): Tensor {
  const y = Tensor.empty(gpu, 'f32', x.shape);
  const fields = [
    ...[
      heads.heads,
      heads.length,
      x.size,
      cos.shape.at(-1) as number,
      Number(convention === 'interleaved'),
    ],
    ...[position_ids ? (cos.shape[0] as number) : 0, shared ? 0 : heads.length],
  ];
  gpu.dispatch({
    shader,
    // Without ids the kernel reads none; a binding must be there all the same.
    bindings: [x, cos, sin, position_ids ?? cos, y].map((tensor) => tensor.binding),
    uniforms: [...fieldsOf(heads), ...fields.map(u32), f32(inverse ? -1 : 1)],
    workgroups: linearGrid(x.size),
  });
  return y;
}
