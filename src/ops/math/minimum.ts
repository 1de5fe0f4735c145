import integerShader from '../../../shaders/math/integer_minimum.wgsl';
import largerShader from '../../../shaders/math/larger.wgsl';
import shader from '../../../shaders/math/minimum.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import { minimum as signature } from '../../vocabulary/math/minimum.ts';
import { binaryLauncher, slopedGradient } from './elementwise.ts';

/**
 * y = the smaller of a and b with broadcasting, as torch.minimum: of equal ones each has half of the
 * gradient. a, b, y: f32 or integers. Throws ShapeError when the shapes do not broadcast.
 */
export const minimum = binaryLauncher(
  signature,
  shader,
  {
    a: (c) => slopedGradient(largerShader, c, [c.b, c.a], c.a),
    b: (c) => slopedGradient(largerShader, c, [c.a, c.b], c.b),
  },
  [largerShader, mulShader],
  integerShader,
);
