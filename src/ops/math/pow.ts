import integerShader from '../../../shaders/math/integer_pow.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import baseShader from '../../../shaders/math/pow_by_base.wgsl';
import exponentShader from '../../../shaders/math/pow_by_exponent.wgsl';
import shader from '../../../shaders/math/pow_forward.wgsl';
import { pow as signature } from '../../vocabulary/math/pow.ts';
import { binaryLauncher, slopedGradient } from './elementwise.ts';

/**
 * y = a^b with broadcasting, as torch.pow; an exponent that is one number is a b of shape [1].
 * Negative numbers have powers to integers alone. a, b, y: f32 or integers; of integers 1
 * and -1 alone have negative powers that are not 0. Throws ShapeError when the shapes do not broadcast.
 */
export const pow = binaryLauncher(
  signature,
  shader,
  {
    a: (c) => slopedGradient(baseShader, c, [c.a, c.b], c.a),
    b: (c) => slopedGradient(exponentShader, c, [c.a, c.b], c.b),
  },
  [baseShader, exponentShader, mulShader],
  integerShader,
);
