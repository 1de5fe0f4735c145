import { hostTensorFrom } from '../../tensor/host.ts';
import { EPS, FLUSH, LARGEST } from '../bounds.ts';
import type { OpRecord, Sample, Value, Values } from '../record.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { wrongInput, wrongParams } from '../wrong-value.ts';

/** The vocabulary's names of grad_scaler. */
interface Params {
  readonly growth_factor?: number;
  readonly backoff_factor?: number;
  readonly growth_interval?: number;
}

interface State {
  readonly scale: number;
  readonly growth_tracker: number;
  readonly steps: number;
}

function next(inputs: Values, params: Params, multiply: (a: number, b: number) => number): Values {
  const { growth_factor = 2, backoff_factor = 0.5, growth_interval = 2000 } = params;
  const of = (name: string) => (inputs[name] as Value).data[0] as number;
  const [scale, tracker, steps] = [of('scale'), of('growth_tracker'), of('steps')];
  const [growth, backoff] = [Math.fround(growth_factor), Math.fround(backoff_factor)];
  const state = (): State => {
    if (of('found_inf') !== 0) return { scale: multiply(scale, backoff), growth_tracker: 0, steps };
    if (tracker + 1 < growth_interval) return { scale, growth_tracker: tracker + 1, steps: steps + 1 };
    const grows = scale <= Math.fround(LARGEST / growth);
    return { scale: grows ? multiply(scale, growth) : scale, growth_tracker: 0, steps: steps + 1 };
  };
  return Object.fromEntries(Object.entries(state()).map(([name, x]) => [name, { shape: [1], data: Float64Array.of(x) }]));
}

function sample(found_inf: number, { scale, growth_tracker, steps }: State, params: Params): Sample<Params> {
  return {
    layer: 'legal',
    label: { found_inf, scale, growth_tracker, ...params },
    params,
    inputs: () => ({
      found_inf: hostTensorFrom('f32', [1], [found_inf]),
      scale: hostTensorFrom('f32', [1], [scale]),
      growth_tracker: hostTensorFrom('i32', [1], [growth_tracker]),
      steps: hostTensorFrom('i32', [1], [steps]),
    }),
  };
}

/** torch's _amp_update_scale_, and the count of steps that were taken. */
export const record: OpRecord<Params> = {
  name: 'amp_update_scale',
  family: 'optim',
  summary: 'scale of the loss, tracker of its growth and count of steps after a step with or without an infinite gradient',
  inputs: { scale: { dtypes: ['f32'] }, growth_tracker: { dtypes: ['i32'] }, steps: { dtypes: ['i32'] }, found_inf: { dtypes: ['f32'] } },
  outputs: { scale: { dtypes: ['f32'] }, growth_tracker: { dtypes: ['i32'] }, steps: { dtypes: ['i32'] } },
  forward: (inputs, params) => next(inputs, params, (a, b) => a * b),
  acceptance: (_inputs, { scale }) => ({
    scale: { kind: 'within', bound: (scale as Value).data.map((x) => EPS * x + FLUSH) },
    growth_tracker: { kind: 'exact' },
    steps: { kind: 'exact' },
  }),
  samples: [
    sample(0, { scale: 65_536, growth_tracker: 0, steps: 0 }, {}),
    sample(1, { scale: 65_536, growth_tracker: 7, steps: 7 }, {}),
    sample(0, { scale: 3.1, growth_tracker: 4, steps: 40_000 }, { growth_factor: 1.7, growth_interval: 5 }),
    sample(0, { scale: 3.1, growth_tracker: 3, steps: 11 }, { growth_interval: 5 }),
    sample(1, { scale: 3.1, growth_tracker: 4, steps: 5 }, { backoff_factor: 0.3, growth_interval: 5 }),
    sample(0, { scale: 2 ** 127, growth_tracker: 0, steps: 1 }, { growth_interval: 1 }),
    sample(0, { scale: 3.4028234663852886e38 / 2, growth_tracker: 0, steps: 1 }, { growth_interval: 1 }),
  ],
  faults: [
    {
      name: 'half the scale',
      shader: { file: 'optim/amp_update_scale', from: 'scale[0] = after.scale', to: 'scale[0] = 0.5 * after.scale' },
    },
  ],
  wrongValues: [
    wrongParams('another growth', (p) => ({ ...p, growth_factor: 1.01 * (p.growth_factor ?? 2) })),
    wrongParams('another backoff', (p) => ({ ...p, backoff_factor: 1.01 * (p.backoff_factor ?? 0.5) })),
    wrongParams('growth a step later', (p) => ({ ...p, growth_interval: 1 + (p.growth_interval ?? 2000) })),
    wrongInput('infinities not found', 'found_inf', () => 0),
    wrongInput('scale wrong by 2e-5', 'scale', (x) => x * (1 + 2e-5)),
    wrongInput('tracker one behind', 'growth_tracker', (x) => x - 1),
    wrongInput('count of steps one behind', 'steps', (x) => x - 1),
  ],
};

export const simulation: Simulation<Params> = {
  op: 'amp_update_scale',
  forward: (gpu, inputs, params) => next(inputs, params, (a, b) => gpu.mul(a, b)),
};
