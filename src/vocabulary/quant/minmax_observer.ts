import * as v from 'valibot';
import { float, fraction, integer, type Known, optional } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';

const params = v.strictObject({
  /** Axis along which ranges differ; absent, the tensor has one range. */
  ch_axis: v.optional(integer),
  /** Share by which the batch moves the range before it; absent, the range only widens. */
  averaging_constant: v.optional(fraction),
});

const ranges = ({ shape, params: { ch_axis } }: Known<v.InferOutput<typeof params>>) =>
  ch_axis === undefined ? [1] : [shape('x')[axisIn(ch_axis, shape('x'))] as number];

/**
 * torch.ao's MinMaxObserver, PerChannelMinMaxObserver and their moving averages: the range of a
 * batch, joined with that of the batches before it, which the inputs min_val and max_val hold.
 */
export const minmaxObserver = signature({ family: 'quant', name: 'minmax_observer' }, params, {
  inputs: {
    x: float('[*x]'),
    min_val: optional(float(ranges)),
    max_val: optional(float(ranges)),
  },
  outputs: { min_val: float(ranges), max_val: float(ranges) },
});
