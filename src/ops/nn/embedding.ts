import shader from '../../../shaders/nn/embedding.wgsl';
import backwardShader from '../../../shaders/nn/embedding_backward.wgsl';
import chainShader from '../../../shaders/nn/embedding_chain.wgsl';
import { spread, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';

const WORKGROUP = 64;

/**
 * y[..., :] = weight[ids[...], :], as torch.nn.functional.embedding. weight: f32 [V, D]; ids: i32 of any shape; y: f32 [...ids, D].
 * An id outside [0, V) reads the nearest row: a kernel cannot refuse it. The gradient of the weight sums the rows of an id in
 * ascending order, the same bits every time. Throws ShapeError when the weight is not a matrix.
 */
export const embedding = defineOp<'weight' | 'ids', never, 'y', Readonly<Record<string, never>>>({
  name: 'embedding',
  variants: {
    gather: { kernels: ['nn/embedding', 'nn/embedding_chain', 'nn/embedding_backward'], depth: (terms) => terms },
  },
  forward: (gpu, { weight, ids }) => {
    const [vocabulary, width] = matrixShape(weight);
    const y = Tensor.empty(gpu, 'f32', [...ids.shape, width]);
    gpu.dispatch({
      shader,
      bindings: [weight.binding, ids.binding, y.binding],
      uniforms: [u32(y.size), u32(width), u32(vocabulary)],
      workgroups: spread(Math.ceil(y.size / WORKGROUP)),
      flops: y.size,
    });
    return { y };
  },
  backward: (gpu, { inputs: { weight, ids }, grads, wants }) => {
    if (!wants.has('weight')) return {};
    const dy = grads.y as Tensor;
    const [vocabulary, width] = matrixShape(weight);
    using chain = Tensor.empty(gpu, 'u32', [vocabulary + ids.size]);
    gpu.dispatch({
      shader: chainShader,
      bindings: [ids.binding, chain.binding],
      uniforms: [u32(ids.size), u32(vocabulary)],
      workgroups: spread(Math.ceil(chain.size / WORKGROUP)),
      flops: chain.size * ids.size,
    });
    const gradient = Tensor.empty(gpu, 'f32', weight.shape);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [dy.binding, chain.binding, gradient.binding],
      uniforms: [u32(gradient.size), u32(width), u32(ids.size), u32(vocabulary)],
      workgroups: spread(Math.ceil(gradient.size / WORKGROUP)),
      flops: dy.size,
    });
    return { weight: gradient };
  },
});

function matrixShape({ shape }: Tensor): [number, number] {
  if (shape.length !== 2) throw new ShapeError(`embedding needs a weight of shape [V, D], not ${formatShape(shape)}`);
  return shape as unknown as [number, number];
}
