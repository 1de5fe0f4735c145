import * as v from 'valibot';
import { float, fraction, integer, type Known, size } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';
import { qparams } from './calculate_qparams.ts';

const { qscheme, reduce_range, eps } = qparams.entries;

const params = v.strictObject({
  qscheme,
  reduce_range,
  eps,
  /** Axis along which ranges differ; absent, the tensor has one range. */
  ch_axis: v.optional(integer),
  /** Steps of the search in the whole range; the share `maxshrink` of them is tried. */
  grid: v.optional(size, 100),
  maxshrink: v.optional(fraction, 0.8),
});

const ranges = ({ shape, params: { ch_axis } }: Known<v.InferOutput<typeof params>>) =>
  ch_axis === undefined ? [1] : [shape('x')[axisIn(ch_axis, shape('x'))] as number];

/**
 * The range of a tensor, or of each channel, shrunk so that the squared error of its 8-bit codes is
 * least: the search of GPTQ's quantizer, with squares. Signed and unsigned codes have one result.
 */
export const mseObserver = signature({ family: 'quant', name: 'mse_observer' }, params, {
  inputs: { x: float('[*x]') },
  outputs: { min_val: float(ranges), max_val: float(ranges) },
});

/** What ends of a range are multiplied by, in the order in which they are tried: one at least. */
export function sharesOf({ grid, maxshrink }: v.InferOutput<typeof params>): readonly number[] {
  const tried = Math.max(1, Math.floor(maxshrink * grid));
  return Array.from({ length: tried }, (_, i) => Math.fround(1 - i / grid));
}
