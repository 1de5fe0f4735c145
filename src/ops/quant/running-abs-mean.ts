import type { Gpu } from '../../gpu/gpu.ts';
import { seam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { absMean as signature } from '../../vocabulary/quant/abs_mean.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import { add } from '../math/add.ts';
import { mul } from '../math/mul.ts';
import { sub } from '../math/sub.ts';
import { absMean } from './abs_mean.ts';

/** A mean magnitude, and of how many elements it is; of channels, of how many of each. */
export interface RunningMean {
  /** f32 [1], or one number a channel. */
  readonly mean: Tensor;
  readonly count: number;
}

/**
 * factor * mean |x| of a batch and of the batches `before` it, as {@link absMean} has it of one; the
 * factor must be the same for all. Batches may differ in size, and none is kept; nothing is read
 * back. x: f32, f16 or bf16 with elements. The caller owns the mean, and that before. Throws
 * ShapeError where channels do not fit those before.
 */
export const runningAbsMean = seam(
  'quant.running_abs_mean',
  (
    gpu: Gpu,
    x: Tensor,
    params: GivenParams<typeof signature>,
    before?: RunningMean,
  ): RunningMean => {
    const { mean } = absMean.forward(gpu, { weight: x }, params);
    const own = x.size / mean.size;
    if (!before) return { mean, count: own };
    using batch = mean;
    const count = before.count + own;
    using share = Tensor.from(gpu, hostTensorFrom('f32', [1], [own / count]));
    using apart = sub.forward(gpu, { a: batch, b: before.mean }, {}).y;
    using step = mul.forward(gpu, { a: apart, b: share }, {}).y;
    return { mean: add.forward(gpu, { a: before.mean, b: step }, {}).y, count };
  },
);
