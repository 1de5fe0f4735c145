import { hostTensorFrom } from '../../tensor/host.ts';
import { ampUpdateScale as signature } from '../../vocabulary/optim/amp_update_scale.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, LARGEST } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { single } from '../values.ts';
import { scaleGrowthBugs } from './scale-growth.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

interface State {
  readonly scale: number;
  readonly growth_tracker: number;
  readonly steps: number;
}

const EXACTLY = { mul: (a: number, b: number) => a * b };

function next(
  inputs: Inputs,
  { growth_factor, backoff_factor, growth_interval }: Params,
  gpu: Pick<SimulatedGpu, 'mul'>,
): Record<keyof State, Value> {
  const of = (name: keyof typeof inputs) => inputs[name].data[0] as number;
  const scale = of('scale');
  const tracker = of('growth_tracker');
  const steps = of('steps');
  const growth = Math.fround(growth_factor);
  const backoff = Math.fround(backoff_factor);
  const state = (): State => {
    if (of('found_inf') !== 0) return { scale: gpu.mul(scale, backoff), growth_tracker: 0, steps };
    if (tracker + 1 < growth_interval)
      return { scale, growth_tracker: tracker + 1, steps: steps + 1 };
    const grows = scale <= Math.fround(LARGEST / growth);
    return { scale: grows ? gpu.mul(scale, growth) : scale, growth_tracker: 0, steps: steps + 1 };
  };
  const after = state();
  return {
    scale: single(after.scale),
    growth_tracker: single(after.growth_tracker),
    steps: single(after.steps),
  };
}

function sample(
  found_inf: number,
  { scale, growth_tracker, steps }: State,
  params: Partial<Params>,
): SampleOf<typeof signature> {
  return {
    level: 'legal',
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
export const record = defineRecord(signature, {
  summary:
    'scale of the loss, tracker of its growth and count of steps after a step with or without an infinite gradient',
  forward: (inputs, params) => next(inputs, params, EXACTLY),
  acceptance: (_inputs, { scale }) => ({
    scale: { kind: 'within', bound: scale.data.map((x) => EPS * x + FLUSH) },
    growth_tracker: { kind: 'exact' },
    steps: { kind: 'exact' },
  }),
  samples: [
    sample(0, { scale: 65_536, growth_tracker: 0, steps: 0 }, {}),
    sample(1, { scale: 65_536, growth_tracker: 7, steps: 7 }, {}),
    sample(
      0,
      { scale: 3.1, growth_tracker: 4, steps: 40_000 },
      { growth_factor: 1.7, growth_interval: 5 },
    ),
    sample(0, { scale: 3.1, growth_tracker: 3, steps: 11 }, { growth_interval: 5 }),
    sample(
      1,
      { scale: 3.1, growth_tracker: 4, steps: 5 },
      { backoff_factor: 0.3, growth_interval: 5 },
    ),
    sample(0, { scale: 2 ** 127, growth_tracker: 0, steps: 1 }, { growth_interval: 1 }),
    sample(
      0,
      { scale: 3.4028234663852886e38 / 2, growth_tracker: 0, steps: 1 },
      { growth_interval: 1 },
    ),
  ],
  faults: [
    {
      name: 'half the scale',
      shader: {
        file: 'optim/amp_update_scale',
        from: 'scale[0] = after.scale',
        to: 'scale[0] = 0.5 * after.scale',
      },
    },
  ],
  plausibleBugs: [
    ...scaleGrowthBugs<Params, Inputs>(),
    inputBug('scale wrong by 2e-5', 'scale', (x) => x * (1 + 2e-5)),
    inputBug('tracker one behind', 'growth_tracker', (x) => x - 1),
    inputBug('count of steps one behind', 'steps', (x) => x - 1),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => next(inputs, params, gpu),
});
