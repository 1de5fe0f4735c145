import shader from '../../../shaders/nn/embedding.wgsl';
import backwardShader from '../../../shaders/nn/embedding_backward.wgsl';
import chainShader from '../../../shaders/nn/embedding_chain.wgsl';
import headsShader from '../../../shaders/nn/embedding_heads.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { embedding as signature } from '../../vocabulary/nn/embedding.ts';
import { launcher } from '../launcher.ts';

/**
 * y[..., :] = weight[ids[...], :], as torch.nn.functional.embedding. weight: f32 [V, D]; ids: i32
 * of any shape; y: f32 [...ids, D]. An id outside [0, V) reads the nearest row: a kernel cannot
 * refuse it. The gradient of the weight sums the rows of an id in ascending order, the same bits
 * every time. Throws ShapeError when the weight is not a matrix, or has no row to read.
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
  forward: (gpu, { weight, ids }) => {
    const [, width] = matrixShape(weight);
    return { y: rowsAt(gpu, weight, ids, [...ids.shape, width]) };
  },
  backward: (gpu, { inputs: { weight, ids }, grads, wants }) => {
    if (!wants.has('weight')) return {};
    return { weight: sumOfRows(gpu, grads.y, ids, matrixShape(weight)) };
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
  const y = Tensor.empty(gpu, weight.dtype, shape);
  gpu.dispatch({
    shader,
    bindings: [weight.binding, ids.binding, y.binding],
    uniforms: [u32(y.size), u32(width), u32(vocabulary)],
    workgroups: linearGrid(y.size),
  });
  return y;
}

/**
 * A matrix of shape [V, D] whose row v is the sum of the rows of dy (f32) at which `ids` holds v,
 * in ascending order. The caller owns it.
 */
export function sumOfRows(
  gpu: Gpu,
  dy: Tensor,
  ids: Tensor,
  [vocabulary, width]: readonly [number, number],
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
  const gradient = Tensor.empty(gpu, 'f32', [vocabulary, width]);
  gpu.dispatch({
    shader: backwardShader,
    bindings: [dy.binding, chain.binding, gradient.binding],
    uniforms: [u32(gradient.size), u32(width), u32(ids.size), u32(vocabulary)],
    workgroups: linearGrid(gradient.size),
  });
  return gradient;
}

function matrixShape({ shape }: Tensor): [number, number] {
  if (shape.length !== 2)
    throw new ShapeError(`embedding needs a weight of shape [V, D], not ${formatShape(shape)}`);
  return shape as unknown as [number, number];
}
