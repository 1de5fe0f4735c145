import shader from '../../../shaders/math/add.wgsl';
import integerShader from '../../../shaders/math/integer_add.wgsl';
import { add as signature } from '../../vocabulary/math/add.ts';
import { binaryLauncher } from './elementwise.ts';
import { gradientOfTerm } from './sum.ts';

/**
 * y = a + b with broadcasting, as torch.add. a, b, y: f32, or integers, which wrap. Throws
 * ShapeError when the shapes do not broadcast.
 */
export const add = binaryLauncher(
  signature,
  shader,
  {
    a: ({ gpu, a, dy }) => gradientOfTerm(gpu, dy, a),
    b: ({ gpu, b, dy }) => gradientOfTerm(gpu, dy, b),
  },
  [],
  integerShader,
);
