import shader from '../../../shaders/math/quantile.wgsl';
import countShader from '../../../shaders/math/quantile_count.wgsl';
import descendShader from '../../../shaders/math/quantile_descend.wgsl';
import nextShader from '../../../shaders/math/quantile_next.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { hostTensor, ShapeError } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantile as signature } from '../../vocabulary/math/quantile.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import { launcher } from '../launcher.ts';

/** Elements of a row that a workgroup takes. */
const GROUP = 256 * 16;

/** From which bit on a round looks at 8 bits of the keys. */
const ROUNDS = [24, 16, 8, 0];

/** Channels that one dimension of a grid takes. */
const MAX_CHANNELS = 65_535;

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
      kernels: [
        'math/quantile_count',
        'math/quantile_descend',
        'math/quantile_next',
        'math/quantile',
      ],
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
    using bins = repeated(gpu, rows, new Array<number>(256).fill(0));
    using found = repeated(gpu, rows, [0, rank, 0]);
    using next = repeated(gpu, rows, [0xffffffff]);
    const constants = { ABSOLUTE: Number(absolute) };
    const workgroups = [Math.ceil(width / GROUP), rows, 1] as const;
    for (const shift of ROUNDS) {
      gpu.dispatch({
        shader: countShader,
        constants,
        bindings: [x.binding, found.binding, bins.binding],
        uniforms: [u32(width), u32(shift)],
        workgroups,
      });
      gpu.dispatch({
        shader: descendShader,
        bindings: [bins.binding, found.binding],
        uniforms: [u32(rows), u32(shift)],
        workgroups: linearGrid(rows),
      });
    }
    gpu.dispatch({
      shader: nextShader,
      constants,
      bindings: [x.binding, found.binding, next.binding],
      uniforms: [u32(width)],
      workgroups,
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

/** The same words for every row. */
function repeated(gpu: Gpu, rows: number, words: readonly number[]): Tensor {
  const data = new Uint32Array(rows * words.length);
  for (let row = 0; row < rows; row++) data.set(words, row * words.length);
  return Tensor.from(gpu, hostTensor('u32', [data.length], data));
}
