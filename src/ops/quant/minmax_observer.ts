import shader from '../../../shaders/quant/observe.wgsl';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { minmaxObserver as signature } from '../../vocabulary/quant/minmax_observer.ts';
import { launcher } from '../launcher.ts';
import { axisOf } from '../math/axes.ts';
import { reductionOf } from '../math/reduction.ts';
import { MIN_MAX_KERNEL, minMax } from './min_max.ts';

/**
 * The range of a batch joined with that of the batches before it, as torch.ao's MinMaxObserver and
 * PerChannelMinMaxObserver (ch_axis) do it, and with `averaging_constant` c as their moving averages:
 * min_val + c (min x - min_val). What it gives is what it takes with the next batch; without
 * min_val and max_val the batch is the first. x: floats; min_val, max_val: f32 [1], or one for each
 * index of ch_axis; exact without an average. Throws ShapeError for no elements and for ranges that
 * do not fit.
 */
export const minmaxObserver = launcher(signature, {
  variants: { passes: { kernels: [MIN_MAX_KERNEL, shader.file] } },
  storage: { keeps: ['min_val', 'max_val'] },
  forward: (gpu, { x, min_val, max_val }, { ch_axis, averaging_constant }) => {
    const axis = ch_axis === undefined ? undefined : axisOf('minmax_observer', ch_axis, x.shape);
    const shape = axis === undefined ? [1] : [x.shape[axis] as number];
    for (const [name, range] of Object.entries({ min_val, max_val })) {
      if ((range !== undefined) !== (min_val !== undefined))
        throw new ShapeError('minmax_observer: give both of min_val and max_val, or neither');
      if (range && !sameShape(range.shape, shape))
        throw new ShapeError(
          `${name} ${formatShape(range.shape)} does not fit ${formatShape(x.shape)}; give ${formatShape(shape)}`,
        );
    }
    using pairs = minMax(
      gpu,
      x,
      reductionOf(x.shape, (d) => d !== axis),
    );
    const low = Tensor.empty(gpu, 'f32', shape);
    const high = Tensor.empty(gpu, 'f32', shape);
    gpu.dispatch({
      shader,
      constants: {
        RUNNING: Number(min_val !== undefined),
        AVERAGED: Number(averaging_constant !== undefined),
      },
      // Of a first batch the kernel reads no range before it; a binding must be there all the same.
      bindings: [pairs, min_val ?? pairs, max_val ?? pairs, low, high].map(
        (tensor) => tensor.binding,
      ),
      uniforms: [u32(low.size), f32(averaging_constant ?? 0)],
      workgroups: linearGrid(low.size),
    });
    return { min_val: low, max_val: high };
  },
});
