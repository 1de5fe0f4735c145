import { type AdamElement, adamScalars } from '../../optim/adam.ts';
import { adamParams, type OptimizerParams } from '../../optim/optimizer_steps.ts';
import type { Value } from '../../record.ts';
import type { Simulation } from '../simulation.ts';
import { simulatedAdam } from './adam.ts';

/** Step after step from the simulated GPU's own results. */
export const simulation: Simulation<OptimizerParams> = {
  op: 'optimizer_steps',
  forward: (gpu, inputs, params) => {
    const [param, grads] = [inputs['param'] as Value, inputs['grads'] as Value];
    const n = param.data.length;
    const scalars = Array.from({ length: grads.data.length / n }, (_, t) => adamScalars(adamParams(params), t + 1));
    const trajectory = new Float64Array(grads.data.length);
    const last = Array.from(param.data, (start, i) => {
      const exp_avg = inputs['state.exp_avg']?.data[i] ?? 0;
      const exp_avg_sq = inputs['state.exp_avg_sq']?.data[i] ?? 0;
      return scalars.reduce<AdamElement>(
        (state, s, t) => {
          const next = simulatedAdam(gpu, state, grads.data[t * n + i] as number, s);
          trajectory[t * n + i] = next.param;
          return next;
        },
        { param: start, exp_avg, exp_avg_sq },
      );
    });
    const { shape } = param;
    return {
      trajectory: { shape: grads.shape, data: trajectory },
      'state.exp_avg': { shape, data: Float64Array.from(last, ({ exp_avg }) => exp_avg) },
      'state.exp_avg_sq': { shape, data: Float64Array.from(last, ({ exp_avg_sq }) => exp_avg_sq) },
    };
  },
};
