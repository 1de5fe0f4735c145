import clampShader from '../../../shaders/math/clamp.wgsl';
import shareShader from '../../../shaders/math/clamp_share.wgsl';
import integerMaximumShader from '../../../shaders/math/integer_maximum.wgsl';
import integerMinimumShader from '../../../shaders/math/integer_minimum.wgsl';
import maximumShader from '../../../shaders/math/maximum.wgsl';
import minimumShader from '../../../shaders/math/minimum.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, linearGrid, PADDING, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { clamp as signature } from '../../vocabulary/math/clamp.ts';
import { launcher } from '../launcher.ts';
import { axisFields, broadcastShapes, repeatedStrides, repetitionOf, walk } from './axes.ts';
import { binary } from './elementwise.ts';
import { chunkedDepth } from './reduction.ts';
import { sumToSize } from './sum.ts';

interface Bounds {
  readonly min?: Tensor | undefined;
  readonly max?: Tensor | undefined;
}

const NAMES = ['x', 'min', 'max'] as const;

/** dy times the share of what is wanted. */
function share(gpu: Gpu, x: Tensor, bounds: Bounds, dy: Tensor, wanted: number): Tensor {
  // What is bound in the place of a bound that is absent is not looked at.
  const { min = x, max = x } = bounds;
  const { file } = shareShader;
  const strides = [x, min, max].map(({ shape }) => repeatedStrides(file, shape, dy.shape));
  const y = Tensor.empty(gpu, 'f32', dy.shape);
  gpu.dispatch({
    shader: shareShader,
    constants: {
      HAS_LOW: Number(bounds.min !== undefined),
      HAS_HIGH: Number(bounds.max !== undefined),
      WANTED: wanted,
    },
    bindings: [x, min, max, dy, y].map((tensor) => tensor.binding),
    uniforms: [
      u32(y.size),
      PADDING,
      PADDING,
      PADDING,
      ...axisFields(file, walk(dy.shape, strides)),
    ],
    workgroups: linearGrid(y.size),
  });
  return y;
}

/** y = x between two bounds in one pass, all f32; none where they repeat, but not by whole fours. */
function inOnePass(gpu: Gpu, x: Tensor, min: Tensor, max: Tensor): Tensor | undefined {
  const operands = [x, min, max];
  const { file } = clampShader;
  const shapes = operands.map((each) => each.shape);
  const shape = shapes.reduce((a, b) => broadcastShapes(file, a, b));
  const { axes, broadcast } = repetitionOf(file, shapes, shape);
  if (broadcast === 1) return undefined;
  const y = Tensor.empty(gpu, 'f32', shape);
  gpu.dispatch({
    shader: clampShader,
    constants: { REPEAT: Number(broadcast !== 0) },
    bindings: [...operands, y].map((tensor) => tensor.binding),
    uniforms: [u32(y.size), PADDING, PADDING, PADDING, ...axisFields(file, axes)],
    workgroups: gridOfFours(y.size),
  });
  return y;
}

/** y = x between its bounds. */
function clamped(gpu: Gpu, x: Tensor, { min, max }: Bounds): Tensor {
  const [larger, smaller] =
    x.dtype === 'i32'
      ? [integerMaximumShader, integerMinimumShader]
      : [maximumShader, minimumShader];
  if (min && max) {
    const y = x.dtype === 'i32' ? undefined : inOnePass(gpu, x, min, max);
    if (y) return y;
    using raised = binary(gpu, larger, x, min);
    return binary(gpu, smaller, raised, max);
  }
  if (min) return binary(gpu, larger, x, min);
  if (max) return binary(gpu, smaller, x, max);
  throw new GradproofError('bad-params', 'clamp: there is no bound; give min, max or both');
}

/**
 * y = x between the tensors `min` and `max`, as torch.clamp: where they cross, `max`. Of an x that
 * is equal to one bound each has half of the gradient. x, min, max, y: f32 or integers, with
 * broadcasting. Throws ShapeError where they do not fit, GradproofError `bad-params` without a bound.
 */
export const clamp = launcher(signature, {
  variants: {
    vec4: {
      kernels: [
        maximumShader,
        minimumShader,
        integerMaximumShader,
        integerMinimumShader,
        clampShader,
        shareShader,
      ].map(({ file }) => file),
      depth: chunkedDepth,
    },
  },
  forward: (gpu, { x, ...bounds }) => ({ y: clamped(gpu, x, bounds) }),
  backward: (gpu, { inputs: { x, ...bounds }, grads: { y: dy }, wants }) => {
    const tensors = { x, ...bounds };
    return Object.fromEntries(
      NAMES.flatMap((name, i) => {
        const tensor = tensors[name];
        if (!tensor || !wants.has(name)) return [];
        using all = share(gpu, x, bounds, dy, i);
        return [[name, sumToSize(gpu, all, tensor.shape)]];
      }),
    );
  },
});
