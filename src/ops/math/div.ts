import shader from '../../../shaders/math/div.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import { div as signature } from '../../vocabulary/math/div.ts';
import { binary, binaryLauncher, scaledGradient } from './elementwise.ts';
import { sumToSize } from './sum.ts';

/**
 * y = a / b with broadcasting, as torch.div: da = dy / b, db = -dy * ((a / b) / b). a, b, y: f32.
 * Throws ShapeError when the shapes do not broadcast.
 */
export const div = binaryLauncher(
  signature,
  shader,
  {
    a: (context) => scaledGradient(shader, context, context.b, context.a),
    b: ({ gpu, b, y, dy }) => {
      using slope = binary(gpu, shader, y, b);
      using all = binary(gpu, mulShader, dy, slope);
      return sumToSize(gpu, all, b.shape, b.shape, { scale: -1 });
    },
  },
  [mulShader],
);
