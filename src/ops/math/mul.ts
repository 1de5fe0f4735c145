import integerShader from '../../../shaders/math/integer_mul.wgsl';
import shader from '../../../shaders/math/mul.wgsl';
import { mul as signature } from '../../vocabulary/math/mul.ts';
import { binaryLauncher, scaledGradient } from './elementwise.ts';

/**
 * y = a * b with broadcasting, as torch.mul. a, b, y: f32, or integers, which wrap. Throws
 * ShapeError when the shapes do not broadcast.
 */
export const mul = binaryLauncher(
  signature,
  shader,
  {
    a: (context) => scaledGradient(shader, context, context.b, context.a),
    b: (context) => scaledGradient(shader, context, context.a, context.b),
  },
  [],
  integerShader,
);
