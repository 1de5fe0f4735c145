import shader from '../../../shaders/shape/pad.wgsl';
import backwardShader from '../../../shaders/shape/pad_backward.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type PadMode,
  paddedShape,
  paddingMisfit,
  paddingOf,
  pad as signature,
} from '../../vocabulary/shape/pad.ts';
import { launcher } from '../launcher.ts';
import { denseStrides, MAX_AXES } from '../math/axes.ts';
import { requireCopyable } from './copy.ts';
import { bitsOf } from './fill.ts';

/** As shaders/shape/padding.wesl has them. */
const MODES: Readonly<Record<PadMode, number>> = {
  constant: 0,
  reflect: 1,
  replicate: 2,
  circular: 3,
};

/**
 * y = x with a padding, as torch.nn.functional.pad: `pad` lists how many before and after, the last
 * dimension first; a negative constant padding crops. x: f32 or i32. The gradient adds what flows
 * into the places that repeat an element, the same bits every time. Throws ShapeError.
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
    const y = Tensor.empty(gpu, x.dtype, paddedShape(x.shape, params));
    const strides = denseStrides(x.shape);
    const axes = paddingOf(x.shape.length, params)
      .map(([before], d) => [y.shape[d], strides[d], before, x.shape[d]] as number[])
      .reverse();
    const unused = Array<number>(4 * (MAX_AXES - axes.length)).fill(0);
    gpu.dispatch({
      shader,
      bindings: [x.binding, y.binding],
      uniforms: [
        ...[y.size, MODES[params.mode], bitsOf(params.value, x.dtype), axes.length],
        ...[...axes.flat(), ...unused],
      ].map(u32),
      workgroups: linearGrid(y.size),
    });
    return { y };
  },
  backward: (gpu, { inputs: { x }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const sides = paddingOf(x.shape.length, params);
    const padded = sides.flatMap(([before, after], d) => (before || after ? [d] : []));
    let gradient = grads.y;
    // Without a padding the gradient is a copy all the same: the caller owns it.
    for (const d of padded.length > 0 ? padded : [0]) {
      const before = sides[d]?.[0] as number;
      const next = unpadded(gpu, gradient, d, x.shape[d] as number, before, params.mode);
      if (gradient !== grads.y) gradient[Symbol.dispose]();
      gradient = next;
    }
    return { x: gradient };
  },
});

/** The gradient of what was padded along one dimension. */
function unpadded(
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
