import { where as signature } from '../../vocabulary/math/where.ts';
import { launcher } from '../launcher.ts';
import { broadcastShapes } from './axes.ts';
import { choose } from './choose.ts';
import { chunkedDepth } from './reduction.ts';
import { sumToSize } from './sum.ts';

/**
 * y = a where the condition is not 0, else b, with broadcasting, as torch.where. condition: u8; a,
 * b, y: f32 or integers. Throws ShapeError when the shapes do not broadcast.
 */
export const where = launcher(signature, {
  variants: { single: { kernels: ['math/where', 'math/reduce_sum'], depth: chunkedDepth } },
  forward: (gpu, { condition, a, b }) => {
    const both = broadcastShapes(signature.name, a.shape, b.shape);
    const shape = broadcastShapes(signature.name, condition.shape, both);
    return { y: choose(gpu, condition, [a, b], shape) };
  },
  backward: (gpu, { inputs: { condition, a, b }, grads: { y: dy }, wants }) => {
    const part = (choice: Parameters<typeof choose>[2], shape: readonly number[]) => {
      using all = choose(gpu, condition, choice, dy.shape);
      return sumToSize(gpu, all, shape);
    };
    return {
      ...(wants.has('a') ? { a: part([dy, 0], a.shape) } : {}),
      ...(wants.has('b') ? { b: part([0, dy], b.shape) } : {}),
    };
  },
});
