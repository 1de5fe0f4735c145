import sumShader from '../../../shaders/quant/masked_abs_sum.wgsl';
import meanShader from '../../../shaders/quant/mean_of_partials.wgsl';
import { f32, linearGrid, spread, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { absMean as signature } from '../../vocabulary/quant/abs_mean.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import { LANES, laneDepth } from '../lanes.ts';
import { launcher } from '../launcher.ts';
import { storageOf } from './blocks.ts';

/** Lanes of the sum of n elements: one for 16 of them, up to 4096. */
const lanesOf = (n: number): number => Math.min(4096, Math.ceil(n / 16));

/** What a lane adds, then what a lane of the second kernel adds, then six levels of its tree. */
const absMeanDepth = (n: number, lanes: number): number =>
  Math.ceil(n / lanesOf(n)) + laneDepth(lanesOf(n), lanes);

/** How the two kernels of a mean share out its sum. */
export const ABS_MEAN_VARIANT = {
  kernels: ['quant/masked_abs_sum', 'quant/mean_of_partials'],
  lanes: LANES,
  depth: absMeanDepth,
};

/**
 * factor * mean |w| over the elements above `limit`, or over all, and 0 where there is none: f32
 * [1], or with `per_channel` one for each index of the first dimension. weight: f32, f16 or bf16;
 * limit: f32 of the shape of the mean. Throws ShapeError for another limit.
 */
export const absMean = launcher(signature, {
  variants: { lanes: ABS_MEAN_VARIANT },
  storage: { keeps: ['mean'] },
  forward: (gpu, { weight, limit }, { factor, per_channel }) => {
    const shape = per_channel ? channelShape(weight.shape) : [1];
    if (limit && !sameShape(limit.shape, shape)) {
      throw new ShapeError(
        `limit ${formatShape(limit.shape)} of a mean of ${formatShape(weight.shape)} must be ${formatShape(shape)}`,
      );
    }
    const mean = Tensor.empty(gpu, 'f32', shape);
    const width = weight.size / Math.max(1, mean.size);
    const lanes = lanesOf(width);
    using partial = Tensor.empty(gpu, 'u32', [2 * mean.size * lanes]);
    gpu.dispatch({
      shader: sumShader,
      constants: { STORAGE: storageOf(weight.dtype), ALL: Number(limit === undefined) },
      bindings: [weight.words(), (limit ?? weight).binding, partial.binding],
      uniforms: [u32(mean.size), u32(width), u32(lanes)],
      workgroups: linearGrid(mean.size * lanes),
    });
    gpu.dispatch({
      shader: meanShader,
      bindings: [partial.binding, mean.binding],
      uniforms: [u32(mean.size), u32(lanes), f32(factor)],
      workgroups: spread(mean.size),
    });
    return { mean };
  },
});
