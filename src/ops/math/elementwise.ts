import mulShader from '../../../shaders/math/mul.wgsl';
import sumShader from '../../../shaders/math/reduce_sum.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import {
  f32,
  gridOfFours,
  PADDING,
  type Shader,
  type UniformField,
  u32,
} from '../../gpu/shader.ts';
import { computedAs, type DType } from '../../tensor/dtype.ts';
import { type Shape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Binary } from '../../vocabulary/binary.ts';
import type { Unary } from '../../vocabulary/elementwise.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { axisFields, broadcastShapes, repetitionOf } from './axes.ts';
import { chunkedDepth } from './reduction.ts';
import { sumToSize } from './sum.ts';

/** Numbers that an element-wise function takes after its operands. */
type Parameters = readonly [] | readonly [number] | readonly [number, number];

/** Two fields; a function with fewer parameters does not read the others. */
function parameterFields(parameters: Parameters, of: DType = 'f32'): readonly UniformField[] {
  return [...parameters.map(of === 'f32' ? f32 : u32), PADDING, PADDING].slice(0, 2);
}

/**
 * Runs a kernel of the frame math/unary, or one of i32 with such uniforms: y = f(x), of x's element
 * type and shape. The caller owns y.
 */
export function unary(gpu: Gpu, shader: Shader, x: Tensor, parameters: Parameters = []): Tensor {
  const y = Tensor.empty(gpu, computedAs(x.dtype), x.shape);
  gpu.dispatch({
    shader,
    bindings: [x.binding, y.binding],
    uniforms: [u32(x.size), PADDING, ...parameterFields(parameters, y.dtype)],
    workgroups: gridOfFours(x.size),
    ...(y.dtype === 'f32' ? { elementwise: { count: x.size, parameters } } : {}),
  });
  return y;
}

/**
 * Runs a kernel of the frame math/binary or, of i32, math/integer_binary: y = f(a, b), of a's
 * element type and the shape to which both broadcast, or seen as one of shape `as`. The caller owns
 * y. Throws ShapeError.
 */
export function binary(
  gpu: Gpu,
  shader: Shader,
  a: Tensor,
  b: Tensor,
  parameters: Parameters = [],
  as?: Shape,
): Tensor {
  const { file } = shader;
  const shape = broadcastShapes(file, a.shape, b.shape);
  const { axes, broadcast } = repetitionOf(file, [a.shape, b.shape], shape);
  const fields = axisFields(file, axes);
  const y = Tensor.empty(gpu, computedAs(a.dtype), as ?? shape);
  gpu.dispatch({
    shader,
    constants: { BROADCAST: broadcast },
    bindings: [a, b, y].map((tensor) => tensor.binding),
    uniforms: [u32(y.size), PADDING, ...parameterFields(parameters), ...fields],
    workgroups: gridOfFours(y.size),
    // Captured steps fuse functions of floats alone.
    ...(broadcast !== 0 || y.dtype !== 'f32' ? {} : { elementwise: { count: y.size, parameters } }),
  });
  return y;
}

/** A kernel of a function of integers, and the integers that it takes after its operand. */
interface IntegerKernel<Params> {
  readonly shader: Shader;
  readonly numbers: (params: Params) => Parameters;
}

/**
 * A launcher of y = f(x), and its gradient as a function of x and dy; `numbers` are those that both
 * kernels take. `integers` is the function of i32, where the signature takes them.
 */
export function unaryLauncher<Given extends object, Params extends object>(
  signature: Unary<Given, Params>,
  forward: Shader,
  backward: Shader,
  numbers: (params: Params) => Parameters = () => [],
  integers?: IntegerKernel<Params>,
): Launcher<Unary<Given, Params>> {
  const kernels = [forward, backward, ...(integers ? [integers.shader] : [])];
  return launcher(signature, {
    variants: { vec4: { kernels: kernels.map(({ file }) => file) } },
    forward: (gpu, { x }, params) => {
      const kernel = integers && x.dtype === 'i32' ? integers : { shader: forward, numbers };
      return { y: unary(gpu, kernel.shader, x, kernel.numbers(params)) };
    },
    backward: (gpu, { inputs: { x }, grads, params, wants }) =>
      wants.has('x') ? { x: binary(gpu, backward, x, grads.y, numbers(params)) } : {},
  });
}

/** What the gradient of an operand is made of. */
export interface BinaryContext {
  readonly gpu: Gpu;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly y: Tensor;
  readonly dy: Tensor;
}

/**
 * A launcher of y = f(a, b) with broadcasting; `gradients` give what flows into each operand, in
 * its shape, by `kernels`. `integers` is the function of i32, where the signature takes them.
 */
export function binaryLauncher(
  signature: Binary,
  shader: Shader,
  gradients: {
    readonly a: (context: BinaryContext) => Tensor;
    readonly b: (context: BinaryContext) => Tensor;
  },
  kernels: readonly Shader[] = [],
  integers = shader,
): Launcher<Binary> {
  const files = new Set([shader, integers, ...kernels, sumShader].map(({ file }) => file));
  return launcher(signature, {
    variants: { vec4: { kernels: [...files], depth: chunkedDepth } },
    forward: (gpu, { a, b }) => ({ y: binary(gpu, a.dtype === 'i32' ? integers : shader, a, b) }),
    backward: (gpu, { inputs: { a, b }, outputs, grads, wants }) => {
      const context = {
        ...{ gpu, a, b, dy: grads.y },
        // Stored in halves, y is computed again where a gradient reads it.
        get y() {
          return outputs.y;
        },
      };
      return {
        ...(wants.has('a') ? { a: gradients.a(context) } : {}),
        ...(wants.has('b') ? { b: gradients.b(context) } : {}),
      };
    },
  });
}

/** Terms summed over the axes along which an operand of that shape repeats. Owns `terms`. */
function gathered(gpu: Gpu, terms: Tensor, shape: Shape): Tensor {
  if (sameShape(terms.shape, shape)) return terms;
  using all = terms;
  return sumToSize(gpu, all, shape);
}

/**
 * The gradient of an operand that f multiplies by b, or divides by it: f(dy, b), summed over the
 * axes along which `operand` repeats.
 */
export function scaledGradient(
  shader: Shader,
  { gpu, dy }: Pick<BinaryContext, 'gpu' | 'dy'>,
  factor: Tensor,
  operand: Tensor,
): Tensor {
  return gathered(gpu, binary(gpu, shader, dy, factor), operand.shape);
}

/**
 * The gradient of an operand whose derivative is `slope` of two tensors: dy times that, summed over
 * the axes along which `operand` repeats.
 */
export function slopedGradient(
  slope: Shader,
  { gpu, dy }: BinaryContext,
  [p, q]: readonly [Tensor, Tensor],
  operand: Tensor,
): Tensor {
  using slopes = binary(gpu, slope, p, q);
  return gathered(gpu, binary(gpu, mulShader, dy, slopes), operand.shape);
}
