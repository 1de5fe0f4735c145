import shader from '../../../shaders/conv/depthwise.wgsl';
import weightShader from '../../../shaders/conv/depthwise_weight.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, type UniformField, u32 } from '../../gpu/shader.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { sumToSize } from '../math/sum.ts';
import type { Convolution, Plan } from './convolution.ts';

/** The kernels of depthwise convolutions. */
export const DEPTHWISE_KERNELS = [shader.file, weightShader.file];

/** Whether every channel has a kernel of its own. */
export function isDepthwise({ groups, weight: [channels, terms] }: Plan): boolean {
  return channels === groups && terms === 1;
}

/** Rows that an invocation goes down: of each piece two more are read than are stored. */
const ROWS = 8;

/** target = the depthwise convolution of source, or the transposed one. */
export function convolveDepthwise(
  gpu: Gpu,
  { source, weight, bias, target }: Convolution,
  plan: Plan,
  transposed: boolean,
): void {
  const { count, uniforms } = launchOf(plan, transposed);
  gpu.dispatch({
    shader,
    constants: {
      ...constantsOf(plan, transposed),
      TURNED: Number(transposed),
      HAS_BIAS: Number(bias !== undefined),
    },
    bindings: [source, weight, bias ?? weight, target].map((tensor) => tensor.binding),
    uniforms,
    workgroups: linearGrid(count),
    flops: 2 * sizeOf(plan.y) * sizeOf(plan.window.kernel),
  });
}

/**
 * Gradient of a depthwise convolution's weight, as a tensor of `shape`: of pieces by themselves,
 * then their sum. The caller owns it.
 */
export function weightGradientDepthwise(
  gpu: Gpu,
  x: Tensor,
  dy: Tensor,
  plan: Plan,
  shape: Shape,
): Tensor {
  const { count, uniforms } = launchOf(plan, false);
  const parts = count / plan.groups;
  using partial = Tensor.empty(gpu, 'f32', [parts, sizeOf(shape)]);
  gpu.dispatch({
    shader: weightShader,
    constants: constantsOf(plan, false),
    bindings: [x, dy, partial].map((tensor) => tensor.binding),
    uniforms,
    workgroups: linearGrid(count),
    flops: 2 * sizeOf(plan.y) * sizeOf(plan.window.kernel),
  });
  return sumToSize(gpu, partial, [1, sizeOf(shape)], shape);
}

/** How lines are read (shaders/conv/lines.wesl). */
function constantsOf({ window: { kernel, stride, dilation } }: Plan, transposed: boolean) {
  const step = (d: 0 | 1) => {
    const shares = dilation[d] === 1 && stride[d] <= (transposed ? 1 : 2);
    return shares ? stride[d] : 0;
  };
  return {
    COL_STEP: step(1),
    ROW_STEP: kernel[0] % 3 === 0 ? step(0) : 0,
    TRANSPOSED: Number(transposed && stride.some((n) => n > 1)),
  };
}

/** The struct of conv/lines. */
function launchOf(
  { x, y, window: { kernel, stride, padding, dilation }, groups }: Plan,
  transposed: boolean,
): { readonly count: number; readonly uniforms: readonly UniformField[] } {
  const [from, to] = transposed ? [y, x] : [x, y];
  const strips = Math.ceil(to[3] / 4);
  const pieces = Math.ceil(to[2] / ROWS);
  const count = strips * pieces * to[0] * groups;
  const origin = ([0, 1] as const).map((d) =>
    transposed ? padding[d] - (kernel[d] - 1) * dilation[d] : -padding[d],
  );
  const numbers = [
    ...[from[2], from[3], to[2], to[3], ...kernel, ...stride, ...origin, ...dilation],
    ...[groups, strips, pieces, ROWS, count],
  ];
  return { count, uniforms: numbers.map(u32) };
}
