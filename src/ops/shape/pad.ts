import shader from '../../../shaders/shape/pad.wgsl';
import backwardShader from '../../../shaders/shape/pad_backward.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { computedAs } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type PadMode,
  paddedShape,
  paddingMisfit,
  paddingOf,
  pad as signature,
} from '../../vocabulary/shape/pad.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { denseStrides, MAX_AXES } from '../math/axes.ts';
import { requireCopyable } from './copy.ts';
import { bitsOf } from './fill.ts';

type Params = ParamsOf<typeof signature>;

/** As shaders/shape/padding.wesl has them. */
const MODES: Readonly<Record<PadMode, number>> = {
  constant: 0,
  reflect: 1,
  replicate: 2,
  circular: 3,
};

/**
 * y = x with a padding, as torch.nn.functional.pad: `pad` lists how many before and after, the last
 * dimension first; a negative padding crops. x: f32 or i32. The gradient adds what flows into the
 * places that repeat an element, the same bits every time. Throws ShapeError.
 */
export const pad = launcher(signature, {
  variants: {
    gather: {
      kernels: ['shape/pad', 'shape/pad_backward'],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { x }, params) => {
    requireCopyable('pad', x);
    const misfit = paddingMisfit(x.shape, params);
    if (misfit) throw new ShapeError(`pad: ${misfit} in ${formatShape(x.shape)}`);
    const [first, then] = stepsOf(params);
    const y = padded(gpu, x, first);
    if (!then) return { y };
    using cropped = y;
    return { y: padded(gpu, cropped, then) };
  },
  backward: (gpu, { inputs: { x }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const [first, then] = stepsOf(params);
    if (!then) return { x: unpadded(gpu, grads.y, x.shape, first) };
    using cropped = unpadded(gpu, grads.y, paddedShape(x.shape, first), then);
    return { x: unpadded(gpu, cropped, x.shape, first) };
  },
});

/** A circular padding repeats what another leaves that crops. */
function stepsOf(params: Params): readonly [Params, Params?] {
  const { pad: around, mode } = params;
  if (mode !== 'circular' || around.every((n) => n >= 0)) return [params];
  return [
    { ...params, mode: 'constant', pad: around.map((n) => Math.min(n, 0)) },
    { ...params, pad: around.map((n) => Math.max(n, 0)) },
  ];
}

function padded(gpu: Gpu, x: Tensor, params: Params): Tensor {
  const y = Tensor.empty(gpu, computedAs(x.dtype), paddedShape(x.shape, params));
  const strides = denseStrides(x.shape);
  const axes = paddingOf(x.shape.length, params)
    .map(([before], d) => [y.shape[d], strides[d], before, x.shape[d]] as number[])
    .reverse();
  const unused = Array<number>(4 * (MAX_AXES - axes.length)).fill(0);
  gpu.dispatch({
    shader,
    bindings: [x.binding, y.binding],
    uniforms: [
      ...[y.size, MODES[params.mode], bitsOf(params.value, y.dtype), axes.length],
      ...[...axes.flat(), ...unused],
    ].map(u32),
    workgroups: linearGrid(y.size),
  });
  return y;
}

/** The gradient of a tensor of shape `x` that was padded, from that of what came out. */
function unpadded(gpu: Gpu, dy: Tensor, x: Shape, params: Params): Tensor {
  const sides = paddingOf(x.length, params);
  const dimensions = sides.flatMap(([before, after], d) => (before || after ? [d] : []));
  let gradient = dy;
  // Without a padding the gradient is a copy all the same: the caller owns it.
  for (const d of dimensions.length > 0 ? dimensions : [0]) {
    const before = sides[d]?.[0] as number;
    const next = unpaddedAlong(gpu, gradient, d, x[d] as number, before, params.mode);
    if (gradient !== dy) gradient[Symbol.dispose]();
    gradient = next;
  }
  return gradient;
}

/** The gradient of what was padded along one dimension. */
function unpaddedAlong(
  gpu: Gpu,
  dy: Tensor,
  d: number,
  size: number,
  before: number,
  mode: PadMode,
): Tensor {
  const dx = Tensor.empty(gpu, 'f32', dy.shape.with(d, size));
  const inner = sizeOf(dy.shape.slice(d + 1));
  gpu.dispatch({
    shader: backwardShader,
    bindings: [dy.binding, dx.binding],
    uniforms: [dx.size, inner, size, dy.shape[d] as number, before, MODES[mode]].map(u32),
    workgroups: linearGrid(dx.size),
  });
  return dx;
}
