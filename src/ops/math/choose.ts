import shader from '../../../shaders/math/where.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, PADDING, u32 } from '../../gpu/shader.ts';
import { computedAs } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { axisFields, repetitionOf } from './axes.ts';

/** What is chosen between: two tensors, or a tensor and a number. */
type Choice = readonly [Tensor, Tensor] | readonly [number, Tensor] | readonly [Tensor, number];

/**
 * y = the first of `choice` where the condition (u8) is not 0, else the second, of their type (f32 or
 * i32) and `shape`, to which all broadcast. The caller owns y. Throws ShapeError.
 */
export function choose(gpu: Gpu, condition: Tensor, choice: Choice, shape: Shape): Tensor {
  const [first, second] = choice;
  // A number is in the uniform struct, and what is bound in its place is not looked at.
  const a = typeof first === 'number' ? (second as Tensor) : first;
  const b = typeof second === 'number' ? a : second;
  const filled = choice.findIndex((each) => typeof each === 'number');
  const value = (choice[filled] as number | undefined) ?? 0;
  const shapes = [condition, a, b].map((each) => each.shape);
  const { axes, broadcast } = repetitionOf(shader.file, shapes, shape);
  const y = Tensor.empty(gpu, computedAs(a.dtype), shape);
  gpu.dispatch({
    shader,
    constants: { FILLED: filled + 1, BROADCAST: broadcast },
    bindings: [condition, a, b, y].map((tensor) => tensor.binding),
    uniforms: [
      u32(y.size),
      u32(a.dtype === 'i32' ? value >>> 0 : bitsOf(value)),
      PADDING,
      PADDING,
      ...axisFields(shader.file, axes),
    ],
    workgroups: gridOfFours(y.size),
  });
  return y;
}

/** The bits of a number in float32. */
const bitsOf = (value: number): number =>
  new Uint32Array(Float32Array.of(value).buffer)[0] as number;
