import shader from '../../../shaders/nn/embedding.wgsl';
import backwardShader from '../../../shaders/nn/embedding_backward.wgsl';
import chainShader from '../../../shaders/nn/embedding_chain.wgsl';
import headsShader from '../../../shaders/nn/embedding_heads.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, linearGrid, u32 } from '../../gpu/shader.ts';
import { computedAs } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { embedding as signature } from '../../vocabulary/nn/embedding.ts';
import { launcher } from '../launcher.ts';

/**
 * y[..., :] = weight[ids[...], :], as torch.nn.functional.embedding. weight: f32 [V, D]; ids: i32
 * of any shape; y: f32 [...ids, D]. An id outside [0, V) reads the nearest row: a kernel cannot
 * refuse it. The gradient of the weight sums the rows of an id in ascending order, the same bits
 * every time; that of the row `padding_idx` is 0. Throws ShapeError when the weight is not a
 * matrix, has no row to read, or none of that index.
 */
export const embedding = launcher(signature, {
  variants: {
    gather: {
      kernels: [
        'nn/embedding',
        'nn/embedding_heads',
        'nn/embedding_chain',
        'nn/embedding_backward',
      ],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { weight, ids }, { padding_idx }) => {
    const [vocabulary, width] = matrixShape(weight);
    paddingRow(padding_idx, vocabulary); // refuses one that is none
    return { y: rowsAt(gpu, weight, ids, [...ids.shape, width]) };
  },
  backward: (gpu, { inputs: { weight, ids }, grads, params, wants }) => {
    if (!wants.has('weight')) return {};
    const shape = matrixShape(weight);
    const padding = paddingRow(params.padding_idx, shape[0]);
    return { weight: sumOfRows(gpu, grads.y, ids, shape, { padding }) };
  },
});

/**
 * Rows of the matrix `weight` (32 bits an element) at `ids`, as a tensor of `shape`. The caller
 * owns it. Throws ShapeError.
 */
export function rowsAt(gpu: Gpu, weight: Tensor, ids: Tensor, shape: Shape): Tensor {
  const [vocabulary, width] = matrixShape(weight);
  if (vocabulary === 0 && !ids.shape.includes(0))
    throw new ShapeError(`${formatShape(weight.shape)} has no row that ${ids.size} ids could read`);
  const y = Tensor.empty(gpu, computedAs(weight.dtype), shape);
  gpu.dispatch({
    shader,
    constants: { FOURS: Number(width % 4 === 0) },
    bindings: [weight.binding, ids.binding, y.binding],
    uniforms: [u32(y.size), u32(width), u32(vocabulary)],
    workgroups: gridOfFours(y.size),
  });
  return y;
}

/**
 * A matrix of shape [V, D] whose row v is the sum of the rows of dy (f32) at which `ids` holds v,
 * in ascending order; the row `padding` is 0. It has shape `as`, if given. The caller owns it.
 */
export function sumOfRows(
  gpu: Gpu,
  dy: Tensor,
  ids: Tensor,
  [vocabulary, width]: readonly [number, number],
  { padding = vocabulary, as = [vocabulary, width] }: { padding?: number; as?: Shape } = {},
): Tensor {
  using chain = Tensor.empty(gpu, 'u32', [vocabulary + ids.size]);
  gpu.dispatch({
    shader: headsShader,
    bindings: [chain.binding],
    uniforms: [u32(ids.size), u32(vocabulary)],
    workgroups: linearGrid(vocabulary),
  });
  gpu.dispatch({
    shader: chainShader,
    bindings: [ids.binding, chain.binding],
    uniforms: [u32(ids.size), u32(vocabulary)],
    workgroups: linearGrid(ids.size),
    flops: ids.size ** 2,
  });
  const gradient = Tensor.empty(gpu, 'f32', as);
  gpu.dispatch({
    shader: backwardShader,
    constants: { FOURS: Number(width % 4 === 0) },
    bindings: [dy.binding, chain.binding, gradient.binding],
    uniforms: [gradient.size, width, ids.size, vocabulary, padding].map(u32),
    workgroups: gridOfFours(gradient.size),
  });
  return gradient;
}

/** `padding_idx` from the first row on, or past the last one where there is none. */
function paddingRow(padding_idx: number | undefined, vocabulary: number): number {
  if (padding_idx === undefined) return vocabulary;
  if (padding_idx < -vocabulary || padding_idx >= vocabulary)
    throw new ShapeError(`embedding: padding_idx ${padding_idx} is none of ${vocabulary} rows`);
  return padding_idx < 0 ? padding_idx + vocabulary : padding_idx;
}

function matrixShape({ shape }: Tensor): [number, number] {
  if (shape.length !== 2)
    throw new ShapeError(`embedding needs a weight of shape [V, D], not ${formatShape(shape)}`);
  return shape as unknown as [number, number];
}
