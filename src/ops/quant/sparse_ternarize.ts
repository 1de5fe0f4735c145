import shader from '../../../shaders/quant/sparse_encode.wgsl';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { hostTensor, ShapeError } from '../../tensor/host.ts';
import { rint } from '../../tensor/rint.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { sparseTernarize as signature } from '../../vocabulary/quant/sparse_ternarize.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import { launcher } from '../launcher.ts';
import { MAX_CHANNELS } from '../math/quantile.ts';
import { SELECT_KERNELS, selectRank, selectTie } from '../math/select-rank.ts';
import { ternarize } from './ternarize.ts';

/**
 * Trits with exactly round(amount * n) zeros, ties to even, besides elements that are 0: the smallest
 * magnitudes, of equal ones the first in memory; the others are the signs of their weights. threshold
 * is the largest magnitude that became 0, 0 where none did; the mean of the kept ones is
 * {@link absMean} with it as the limit, but for magnitudes that are equal to it. weight: f32 without
 * NaN; trits: i8; threshold: f32 [1], or with `per_channel` one for each index of the first dimension,
 * each with as many zeros. Nothing is read back. Throws ShapeError for no elements and for more than
 * 65,535 channels.
 */
export const sparseTernarize = launcher(signature, {
  variants: {
    radix: {
      kernels: [...SELECT_KERNELS, shader.file, 'quant/ternary_encode'],
    },
  },
  storage: { keeps: ['threshold'] },
  forward: (gpu, { weight }, { amount, per_channel }) => {
    const shape = per_channel ? channelShape(weight.shape) : [1];
    const rows = sizeOf(shape);
    if (weight.shape.includes(0)) throw new ShapeError('sparse_ternarize: there are no elements');
    if (rows > MAX_CHANNELS)
      throw new ShapeError(`sparse_ternarize: ${rows} channels are more than ${MAX_CHANNELS}`);
    const width = weight.size / rows;
    const zeros = rint(amount * width);
    if (zeros === 0) {
      const threshold = Tensor.from(gpu, hostTensor('f32', shape, new Float32Array(rows)));
      return { ...ternarize.forward(gpu, { weight, threshold }, {}), threshold };
    }
    const all = { rows, width, absolute: true };
    using found = selectRank(gpu, weight, all, zeros - 1);
    using last = selectTie(gpu, weight, all, found);
    const trits = Tensor.empty(gpu, 'i8', weight.shape);
    const threshold = Tensor.empty(gpu, 'f32', shape);
    gpu.dispatch({
      shader,
      bindings: [weight, found, last, trits, threshold].map((tensor) => tensor.binding),
      uniforms: [u32(weight.size), u32(width)],
      workgroups: gridOfFours(weight.size),
    });
    return { trits, threshold };
  },
});
