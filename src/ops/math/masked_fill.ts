import { maskedFill as signature } from '../../vocabulary/math/masked_fill.ts';
import { launcher } from '../launcher.ts';
import { broadcastShapes } from './axes.ts';
import { choose } from './choose.ts';
import { chunkedDepth } from './reduction.ts';
import { sumToSize } from './sum.ts';

/**
 * y = `value` where the mask is not 0, else x, with broadcasting, as torch.masked_fill. mask: u8;
 * x, y: f32, or integers, which `value` must be one of then. Throws ShapeError when the shapes do not broadcast.
 */
export const maskedFill = launcher(signature, {
  variants: { single: { kernels: ['math/where', 'math/reduce_sum'], depth: chunkedDepth } },
  forward: (gpu, { x, mask }, { value }) => ({
    y: choose(gpu, mask, [value, x], broadcastShapes(signature.name, x.shape, mask.shape)),
  }),
  backward: (gpu, { inputs: { x, mask }, grads: { y: dy }, wants }) => {
    if (!wants.has('x')) return {};
    using all = choose(gpu, mask, [0, dy], dy.shape);
    return { x: sumToSize(gpu, all, x.shape) };
  },
});
