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
import { sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Binary } from '../../vocabulary/binary.ts';
import type { Unary } from '../../vocabulary/elementwise.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { axisFields, broadcastShapes, repeatedStrides, walk } from './axes.ts';
import { chunkedDepth } from './reduction.ts';
import { sumToSize } from './sum.ts';

/** Numbers that an element-wise function takes after its operands. */
type Parameters = readonly [] | readonly [number] | readonly [number, number];

/** Two fields; a function with fewer parameters does not read the others. */
function parameterFields(parameters: Parameters): readonly UniformField[] {
  return [...parameters.map(f32), PADDING, PADDING].slice(0, 2);
}

/** Runs a kernel of the frame math/unary: y = f(x), f32 of x's shape. The caller owns y. */
export function unary(gpu: Gpu, shader: Shader, x: Tensor, parameters: Parameters = []): Tensor {
  const y = Tensor.empty(gpu, 'f32', x.shape);
  gpu.dispatch({
    shader,
    bindings: [x.binding, y.binding],
    uniforms: [u32(x.size), PADDING, ...parameterFields(parameters)],
    workgroups: gridOfFours(x.size),
    elementwise: { count: x.size, parameters },
  });
  return y;
}

/**
 * Runs a kernel of the frame math/binary: y = f(a, b), f32 of the shape to which both broadcast.
 * The caller owns y. Throws ShapeError.
 */
export function binary(
  gpu: Gpu,
  shader: Shader,
  a: Tensor,
  b: Tensor,
  parameters: Parameters = [],
): Tensor {
  const { file } = shader;
  const shape = broadcastShapes(file, a.shape, b.shape);
  const repeats = !sameShape(a.shape, b.shape);
  const axes = repeats
    ? walk(
        shape,
        [a, b].map((operand) => repeatedStrides(file, operand.shape, shape)),
      )
    : [];
  const fields = axisFields(file, axes);
  const y = Tensor.empty(gpu, 'f32', shape);
  gpu.dispatch({
    shader,
    constants: { BROADCAST: Number(repeats) },
    bindings: [a, b, y].map((tensor) => tensor.binding),
    uniforms: [u32(y.size), PADDING, ...parameterFields(parameters), ...fields],
    workgroups: gridOfFours(y.size),
    ...(repeats ? {} : { elementwise: { count: y.size, parameters } }),
  });
  return y;
}

/**
 * A launcher of y = f(x), and its gradient as a function of x and dy; `numbers` are those that both
 * kernels take.
 */
export function unaryLauncher<Given extends object, Params extends object>(
  signature: Unary<Given, Params>,
  forward: Shader,
  backward: Shader,
  numbers: (params: Params) => Parameters = () => [],
): Launcher<Unary<Given, Params>> {
  return launcher(signature, {
    variants: { vec4: { kernels: [forward.file, backward.file] } },
    forward: (gpu, { x }, params) => ({ y: unary(gpu, forward, x, numbers(params)) }),
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
 * its shape.
 */
export function binaryLauncher(
  signature: Binary,
  shader: Shader,
  gradients: {
    readonly a: (context: BinaryContext) => Tensor;
    readonly b: (context: BinaryContext) => Tensor;
  },
  kernels: readonly Shader[] = [],
): Launcher<Binary> {
  return launcher(signature, {
    variants: {
      vec4: {
        kernels: [shader, ...kernels, sumShader].map(({ file }) => file),
        depth: chunkedDepth,
      },
    },
    forward: (gpu, { a, b }) => ({ y: binary(gpu, shader, a, b) }),
    backward: (gpu, { inputs: { a, b }, outputs: { y }, grads, wants }) => {
      const context = { gpu, a, b, y, dy: grads.y };
      return {
        ...(wants.has('a') ? { a: gradients.a(context) } : {}),
        ...(wants.has('b') ? { b: gradients.b(context) } : {}),
      };
    },
  });
}

/**
 * The gradient of an operand that f multiplies by b, or divides by it: f(dy, b), summed over the
 * axes along which `operand` repeats.
 */
export function scaledGradient(
  shader: Shader,
  { gpu, dy }: BinaryContext,
  factor: Tensor,
  operand: Tensor,
): Tensor {
  using all = binary(gpu, shader, dy, factor);
  return sumToSize(gpu, all, operand.shape);
}
