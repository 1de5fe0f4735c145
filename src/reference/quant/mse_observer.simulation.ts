import { rint } from '../../tensor/rint.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { sharesOf, mseObserver as signature } from '../../vocabulary/quant/mse_observer.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { defineSimulation } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { codesOf, simulation as qparams } from './calculate_qparams.ts';
import { rangesOf } from './minmax_observer.ts';
import { membersOf } from './mse_observer.ts';

type Params = ParamsOf<typeof signature>;

/** The sum of squares that a range leaves, term after term, in steps of the first range. */
function errorOf(
  gpu: SimulatedGpu,
  members: readonly number[],
  { scale, zeroPoint, unit }: { scale: number; zeroPoint: number; unit: number },
  params: Params,
): number {
  const [first, last] = codesOf({ ...params, dtype: 'qint8' });
  return members.reduce((sum, x) => {
    const code = Math.min(Math.max(rint(gpu.div(x, scale)) + zeroPoint, first), last);
    const off = gpu.mul(gpu.mulAdd(-(code - zeroPoint), scale, x), unit);
    return gpu.mulAdd(off, off, sum);
  }, 0);
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }, params) => {
    const { shape, low, high } = rangesOf(x, params.ch_axis);
    const { qscheme, reduce_range, eps } = params;
    const found = membersOf(x, params.ch_axis, sizeOf(shape)).map((members, c) => {
      const shares = sharesOf(params);
      const ends = (of: number) => ({
        shape: [shares.length],
        data: Float64Array.from(shares, (share) => gpu.mul(share, of)),
      });
      const min_val = ends(low[c] as number);
      const max_val = ends(high[c] as number);
      const { scale, zero_point } = qparams.forward(
        gpu,
        { min_val, max_val },
        { dtype: 'qint8', qscheme, reduce_range, eps },
        'fours',
      ) as Record<'scale' | 'zero_point', typeof min_val>;
      const unit = gpu.div(1, scale.data[0] as number);
      const errors = shares.map((_, i) =>
        errorOf(
          gpu,
          members,
          { scale: scale.data[i] as number, zeroPoint: zero_point.data[i] as number, unit },
          params,
        ),
      );
      const best = errors.indexOf(Math.min(...errors));
      return { low: min_val.data[best] as number, high: max_val.data[best] as number };
    });
    return {
      min_val: { shape, data: Float64Array.from(found, ({ low }) => low) },
      max_val: { shape, data: Float64Array.from(found, ({ high }) => high) },
    };
  },
});
