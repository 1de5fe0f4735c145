import shader from '../../../shaders/math/mul.wgsl';
import { binaryOp, scaledGradient } from './elementwise.ts';

/** y = a * b with broadcasting, as torch.mul. a, b, y: f32. Throws ShapeError when the shapes do not broadcast. */
export const mul = binaryOp('mul', shader, {
  a: (context) => scaledGradient(shader, context, context.b, context.a),
  b: (context) => scaledGradient(shader, context, context.a, context.b),
});
