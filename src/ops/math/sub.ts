import integerShader from '../../../shaders/math/integer_sub.wgsl';
import shader from '../../../shaders/math/sub.wgsl';
import { sub as signature } from '../../vocabulary/math/sub.ts';
import { binaryLauncher } from './elementwise.ts';
import { gradientOfTerm, sumToSize } from './sum.ts';

/**
 * y = a - b with broadcasting, as torch.sub. a, b, y: f32, or integers, which wrap. Throws
 * ShapeError when the shapes do not broadcast.
 */
export const sub = binaryLauncher(
  signature,
  shader,
  {
    a: ({ gpu, a, dy }) => gradientOfTerm(gpu, dy, a),
    b: ({ gpu, b, dy }) => sumToSize(gpu, dy, b.shape, b.shape, { scale: -1 }),
  },
  [],
  integerShader,
);
