import { hostTensorFrom } from '../../tensor/host.ts';
import { gradScaler as signature } from '../../vocabulary/optim/grad_scaler.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, LARGEST, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { scaleGrowthBugs } from './scale-growth.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** Products and differences, exact or as a GPU makes them. */
interface Arithmetic {
  mul(a: number, b: number): number;
  sub(a: number, b: number): number;
}

const EXACT: Arithmetic = { mul: (a, b) => a * b, sub: (a, b) => a - b };

/** The scale and the parameter after each step. */
function steps(
  { found_inf: { data: found } }: Inputs,
  { init_scale, growth_factor, backoff_factor, growth_interval, lr }: Params,
  gpu: Arithmetic,
) {
  const [growth, backoff, rate] = [growth_factor, backoff_factor, lr].map(Math.fround) as [
    number,
    number,
    number,
  ];
  const largest = Math.fround(LARGEST / growth); // what stays finite when it grows
  const shape = [found.length];
  let now = Math.fround(init_scale);
  let at = 0;
  let since = 0;
  const scale = new Float64Array(found.length);
  const param = new Float64Array(found.length);
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

function sample(found: readonly number[], params: Partial<Params>): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { steps: found.length, ...params },
    params,
    inputs: () => ({ found_inf: hostTensorFrom('f32', [found.length], found) }),
  };
}

/** torch.amp.GradScaler. */
export const record = defineRecord(signature, {
  summary:
    'loss scale and parameter after each step, steps with infinite gradients left out; torch.amp.GradScaler',
  forward: (inputs, params) => steps(inputs, params, EXACT),
  // A rounding for each change of the scale and each step so far.
  acceptance: ({ found_inf }, { scale, param }) => {
    let changes = 0;
    let roundings = 0;
    const ofScale = scale.data.map((now, step) => {
      if (now !== scale.data[step - 1]) changes++;
      return changes * EPS * now * SECOND_ORDER + FLUSH;
    });
    const ofParam = param.data.map((now, step) => {
      if (!found_inf.data[step]) roundings += EPS * Math.abs(now) * SECOND_ORDER + FLUSH;
      return roundings;
    });
    return { scale: { kind: 'within', bound: ofScale }, param: { kind: 'within', bound: ofParam } };
  },
  samples: [
    sample([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0], {
      init_scale: 1024,
      growth_interval: 3,
      lr: 0.5,
    }),
    sample([0, 1, 0, 0, 1, 0, 0, 0, 0], {
      init_scale: 3.1,
      growth_factor: 1.7,
      backoff_factor: 0.3,
      growth_interval: 2,
      lr: 0.1,
    }),
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
      shader: {
        file: 'optim/grad_scaler',
        from: 'scale[step] = now.scale',
        to: 'scale[step] = 2.0 * now.scale',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('another scale at first', (p) => ({
      ...p,
      init_scale: 1.01 * p.init_scale,
    })),
    ...scaleGrowthBugs<Params, Inputs>(),
    paramsBug('lr wrong by a part in a thousand', (p) => ({ ...p, lr: 1.001 * p.lr })),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => steps(inputs, params, gpu),
});
