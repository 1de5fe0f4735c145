import shader from '../../../shaders/math/quantile.wgsl';
import nextShader from '../../../shaders/math/quantile_next.wgsl';
import { GradproofError } from '../../errors.ts';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantile as signature } from '../../vocabulary/math/quantile.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import { launcher } from '../launcher.ts';
import { filled } from '../shape/fill.ts';
import { groupsOfRows, SELECT_KERNELS, selectRank } from './select-rank.ts';

/** Channels that one dimension of a grid takes. */
export const MAX_CHANNELS = 65_535;

/**
 * y = the quantile q of x, or of |x|, as torch.quantile: the element at place q (n - 1) of the
 * sorted ones, linear between two. Elements are found exactly and nothing is read back. x: f32
 * without NaN; y: f32 [1], or with `per_channel` one for each index of the first dimension. Throws
 * ShapeError for no elements and for more than 65,535 channels, GradproofError `bad-params` for a q
 * outside of 0 to 1.
 */
export const quantile = launcher(signature, {
  variants: {
    radix: {
      kernels: [...SELECT_KERNELS, 'math/quantile_next', 'math/quantile'],
    },
  },
  forward: (gpu, { x }, { q, absolute, per_channel }) => {
    const shape = per_channel ? channelShape(x.shape) : [1];
    const rows = sizeOf(shape);
    if (x.shape.includes(0)) throw new ShapeError('quantile: there is no quantile of no elements');
    if (rows > MAX_CHANNELS)
      throw new ShapeError(`quantile: ${rows} channels are more than ${MAX_CHANNELS}`);
    if (!(q >= 0 && q <= 1))
      throw new GradproofError('bad-params', `quantile: q is ${q}; give a share from 0 to 1`);
    const width = x.size / rows;
    const place = q * (width - 1);
    const rank = Math.floor(place);
    const all = { rows, width, absolute };
    using found = selectRank(gpu, x, all, rank);
    using next = filled(gpu, 'u32', [rows], 0xffffffff);
    gpu.dispatch({
      shader: nextShader,
      constants: { ABSOLUTE: Number(absolute) },
      bindings: [x.binding, found.binding, next.binding],
      uniforms: [u32(width)],
      workgroups: groupsOfRows(gpu, all),
    });
    const y = Tensor.empty(gpu, 'f32', shape);
    gpu.dispatch({
      shader,
      bindings: [found.binding, next.binding, y.binding],
      uniforms: [u32(rows), f32(place - rank)],
      workgroups: linearGrid(rows),
    });
    return { y };
  },
});
