import { hostTensorFrom } from '../../tensor/host.ts';
import { EPS, FLUSH, LARGEST, SECOND_ORDER } from '../bounds.ts';
import type { OpRecord, Sample, Value, Values } from '../record.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { wrongParams } from '../wrong-value.ts';

/** The vocabulary's parameters of grad_scaler. */
interface GradScalerParams {
  readonly init_scale?: number;
  readonly growth_factor?: number;
  readonly backoff_factor?: number;
  readonly growth_interval?: number;
  readonly lr?: number;
}

/** Products and differences, exact or as a GPU makes them. */
interface Arithmetic {
  mul(a: number, b: number): number;
  sub(a: number, b: number): number;
}

const EXACT: Arithmetic = { mul: (a, b) => a * b, sub: (a, b) => a - b };

/** The scale and the parameter after each step. */
function steps(inputs: Values, params: GradScalerParams, gpu: Arithmetic): Values {
  const { init_scale = 65_536, growth_factor = 2, backoff_factor = 0.5, growth_interval = 2000, lr = 0 } = params;
  const [growth, backoff, rate] = [growth_factor, backoff_factor, lr].map(Math.fround) as [number, number, number];
  const largest = Math.fround(LARGEST / growth); // what stays finite when it grows
  const found = (inputs['found_inf'] as Value).data;
  const shape = [found.length];
  let [now, at, since] = [Math.fround(init_scale), 0, 0];
  const [scale, param] = [new Float64Array(found.length), new Float64Array(found.length)];
  found.forEach((isInfinite, step) => {
    if (isInfinite) [now, since] = [gpu.mul(now, backoff), 0];
    else {
      [at, since] = [gpu.sub(at, rate), since + 1];
      if (since === growth_interval) {
        [now, since] = [now <= largest ? gpu.mul(now, growth) : now, 0];
      }
    }
    scale[step] = now;
    param[step] = at;
  });
  return { scale: { shape, data: scale }, param: { shape, data: param } };
}

function sample(found: readonly number[], params: GradScalerParams): Sample<GradScalerParams> {
  return {
    layer: 'legal',
    label: { steps: found.length, ...params },
    params,
    inputs: () => ({ found_inf: hostTensorFrom('f32', [found.length], found) }),
  };
}

/** torch.amp.GradScaler. */
export const record: OpRecord<GradScalerParams> = {
  name: 'grad_scaler',
  family: 'optim',
  summary: 'loss scale and parameter after each step, steps with infinite gradients left out; torch.amp.GradScaler',
  inputs: { found_inf: { dtypes: ['f32'] } },
  outputs: { scale: { dtypes: ['f32'] }, param: { dtypes: ['f32'] } },
  forward: (inputs, params) => steps(inputs, params, EXACT),
  // A rounding for each change of the scale and each step so far.
  acceptance: (inputs, outputs) => {
    const { scale, param } = outputs as { readonly scale: Value; readonly param: Value };
    let [changes, roundings] = [0, 0];
    const ofScale = scale.data.map((now, step) => {
      if (now !== scale.data[step - 1]) changes++;
      return changes * EPS * now * SECOND_ORDER + FLUSH;
    });
    const ofParam = param.data.map((now, step) => {
      if (!(inputs['found_inf'] as Value).data[step]) roundings += EPS * Math.abs(now) * SECOND_ORDER + FLUSH;
      return roundings;
    });
    return { scale: { kind: 'within', bound: ofScale }, param: { kind: 'within', bound: ofParam } };
  },
  samples: [
    sample([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0], { init_scale: 1024, growth_interval: 3, lr: 0.5 }),
    sample([0, 1, 0, 0, 1, 0, 0, 0, 0], { init_scale: 3.1, growth_factor: 1.7, backoff_factor: 0.3, growth_interval: 2, lr: 0.1 }),
    sample([0, 0, 0, 0], { init_scale: 2 ** 126, growth_interval: 1, lr: 0.25 }),
    sample([0, 0], { init_scale: 3.4028234663852886e38 / 2, growth_interval: 1, lr: 0.25 }),
    sample([1], { lr: 1 }),
    sample([0], { growth_interval: 1, lr: 1 }),
    sample(
      Array.from({ length: 2003 }, (_, step) => Number(step === 2)),
      { lr: 2 ** -10 },
    ),
  ],
  faults: [
    {
      name: 'twice the scale',
      shader: { file: 'optim/grad_scaler', from: 'scale[step] = now.scale', to: 'scale[step] = 2.0 * now.scale' },
    },
  ],
  wrongValues: [
    wrongParams('another scale at first', (p) => ({ ...p, init_scale: 1.01 * (p.init_scale ?? 65_536) })),
    wrongParams('another growth', (p) => ({ ...p, growth_factor: 1.01 * (p.growth_factor ?? 2) })),
    wrongParams('another backoff', (p) => ({ ...p, backoff_factor: 1.01 * (p.backoff_factor ?? 0.5) })),
    wrongParams('growth a step later', (p) => ({ ...p, growth_interval: 1 + (p.growth_interval ?? 2000) })),
    wrongParams('lr wrong by a part in a thousand', (p) => ({ ...p, lr: 1.001 * (p.lr ?? 0) })),
    {
      name: 'infinities not found',
      apply: ({ found_inf }, params) => ({
        inputs: { found_inf: { ...(found_inf as Value), data: (found_inf as Value).data.map(() => 0) } },
        params,
      }),
    },
  ],
};

export const simulation: Simulation<GradScalerParams> = {
  op: 'grad_scaler',
  forward: (gpu, inputs, params) => steps(inputs, params, gpu),
};
