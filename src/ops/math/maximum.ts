import integerShader from '../../../shaders/math/integer_maximum.wgsl';
import largerShader from '../../../shaders/math/larger.wgsl';
import shader from '../../../shaders/math/maximum.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import { maximum as signature } from '../../vocabulary/math/maximum.ts';
import { binaryLauncher, slopedGradient } from './elementwise.ts';

/**
 * y = the larger of a and b with broadcasting, as torch.maximum: of equal ones each has half of the
 * gradient. a, b, y: f32 or integers. Throws ShapeError when the shapes do not broadcast.
 */
export const maximum = binaryLauncher(
  signature,
  shader,
  {
    a: (c) => slopedGradient(largerShader, c, [c.a, c.b], c.a),
    b: (c) => slopedGradient(largerShader, c, [c.b, c.a], c.b),
  },
  [largerShader, mulShader],
  integerShader,
);
