import { GradproofError } from '../../errors.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { OpRecord, Sample, Value, Values } from '../record.ts';
import { type AdamElement, type AdamParams, adamBound, adamElement, adamScalars } from './adam.ts';

/** The vocabulary of optimizer_steps. */
export interface OptimizerParams extends Partial<Omit<AdamParams, 'mode'>> {
  readonly optimizer: string;
}

/** torch's defaults where the params are silent. */
export function adamParams({ optimizer, ...given }: OptimizerParams): AdamParams {
  if (optimizer !== 'adamw' && optimizer !== 'adam') {
    throw new GradproofError('not-implemented', `this version judges the optimizers adam and adamw, not "${optimizer}"`);
  }
  return { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: optimizer === 'adamw' ? 1e-2 : 0, ...given, mode: optimizer };
}

/**
 * Walks every element through all steps. The parameter before step t is `previous[t]`; the moments are accumulated in float64.
 * `visit` is called with the element before the step and its gradient, and returns the element after it.
 */
function walk(inputs: Values, visit: (at: number, step: number, before: AdamElement, grad: number) => AdamElement): void {
  const [param, grads] = [inputs['param'] as Value, inputs['grads'] as Value];
  const n = param.data.length;
  for (let i = 0; i < n; i++) {
    let state: AdamElement = {
      param: param.data[i] as number,
      exp_avg: inputs['state.exp_avg']?.data[i] ?? 0,
      exp_avg_sq: inputs['state.exp_avg_sq']?.data[i] ?? 0,
    };
    for (let t = 0; t * n < grads.data.length; t++) state = visit(t * n + i, t + 1, state, grads.data[t * n + i] as number);
  }
}

/** Outputs, with the parameter before each step as `previous`. From `actual` comes where each later step starts, if it is given. */
function trajectoryOf(inputs: Values, params: OptimizerParams, actual?: Value): Values {
  const adam = adamParams(params);
  const [param, grads] = [inputs['param'] as Value, inputs['grads'] as Value];
  const n = param.data.length;
  const [after, previous] = [new Float64Array(grads.data.length), new Float64Array(grads.data.length)];
  const [exp_avg, exp_avg_sq] = [new Float64Array(n), new Float64Array(n)];
  const scalars = Array.from({ length: grads.data.length / n }, (_, t) => adamScalars(adam, t + 1));
  walk(inputs, (at, step, before, grad) => {
    const next = adamElement(before, grad, scalars[step - 1] as ReturnType<typeof adamScalars>);
    previous[at] = before.param;
    after[at] = next.param;
    exp_avg[at % n] = next.exp_avg;
    exp_avg_sq[at % n] = next.exp_avg_sq;
    return actual ? { ...next, param: actual.data[at] as number } : next;
  });
  return {
    trajectory: { shape: grads.shape, data: after },
    previous: { shape: grads.shape, data: previous },
    'state.exp_avg': { shape: param.shape, data: exp_avg },
    'state.exp_avg_sq': { shape: param.shape, data: exp_avg_sq },
  };
}

function sample(
  shape: Shape,
  steps: number,
  params: OptimizerParams,
  draw: (random: Random) => number,
  withState = false,
): Sample<OptimizerParams> {
  return {
    layer: 'legal',
    label: { param: formatShape(shape), steps, optimizer: params.optimizer, ...(withState ? { state: true } : {}) },
    params,
    inputs: (random) => {
      const tensor = (of: Shape, f: () => number) => hostTensorFrom('f32', of, random.fill(sizeOf(of), f));
      return {
        param: tensor(shape, () => random.normal()),
        grads: tensor([steps, ...shape], () => draw(random)),
        ...(withState
          ? { 'state.exp_avg': tensor(shape, () => draw(random) / 3), 'state.exp_avg_sq': tensor(shape, () => draw(random) ** 2) }
          : {}),
      };
    },
  };
}

const normal = (random: Random): number => random.normal();
/** A third of the gradients is 0, and small ones let eps show. */
const sparse = (random: Random): number => (random.integer(0, 2) === 0 ? 0 : random.normal(1e-7));

/** Steps of torch.optim.Adam and AdamW with given gradients, each judged from the party's own step before. */
export const record: OpRecord<OptimizerParams> = {
  name: 'optimizer_steps',
  family: 'optim',
  summary: 'a parameter after each of several steps of Adam or AdamW',
  inputs: {
    param: { dtypes: ['f32'] },
    grads: { dtypes: ['f32'] },
    'state.exp_avg': { dtypes: ['f32'], optional: true },
    'state.exp_avg_sq': { dtypes: ['f32'], optional: true },
  },
  outputs: { trajectory: { dtypes: ['f32'] }, 'state.exp_avg': { dtypes: ['f32'] }, 'state.exp_avg_sq': { dtypes: ['f32'] } },
  forward: (inputs, params) => trajectoryOf(inputs, params),
  forwardFrom: (inputs, actual, params) => trajectoryOf(inputs, params, actual['trajectory'] as Value),
  acceptance: (inputs, outputs, params) => {
    const adam = adamParams(params);
    const previous = outputs['previous'] as Value;
    const n = (inputs['param'] as Value).data.length;
    const bound = new Float64Array(previous.data.length);
    const [exp_avg, exp_avg_sq] = [new Float64Array(n), new Float64Array(n)];
    walk(inputs, (at, step, { exp_avg: m, exp_avg_sq: v }, grad) => {
      const [i, scalars] = [at % n, adamScalars(adam, step)];
      const before = { param: previous.data[at] as number, exp_avg: m, exp_avg_sq: v };
      // The moments are never given again after step one, so their errors add up over the steps.
      const error = adamBound(before, grad, scalars, { exp_avg: exp_avg[i] as number, exp_avg_sq: exp_avg_sq[i] as number });
      bound[at] = error.param;
      exp_avg[i] = error.exp_avg;
      exp_avg_sq[i] = error.exp_avg_sq;
      return adamElement(before, grad, scalars);
    });
    return {
      trajectory: { kind: 'within', bound },
      'state.exp_avg': { kind: 'within', bound: exp_avg },
      'state.exp_avg_sq': { kind: 'within', bound: exp_avg_sq },
    };
  },
  samples: [
    sample([1], 1, { optimizer: 'adamw' }, normal),
    sample([9, 37], 10, { optimizer: 'adamw', lr: 0.01, weight_decay: 0.1 }, normal),
    sample([130], 5, { optimizer: 'adam', lr: 0.01, weight_decay: 0.1 }, normal),
    sample([7, 5], 4, { optimizer: 'adamw', lr: 0.1, weight_decay: 0.5 }, sparse),
    sample([33], 3, { optimizer: 'adamw', lr: 0.1, eps: 1e-6 }, normal, true),
  ],
  faults: [{ name: 'step taken uphill', shader: { file: 'optim/adamw_step', from: '- step.step_size', to: '+ step.step_size' } }],
  wrongValues: [
    wrongParams('lr wrong by a part in a thousand', (p) => ({ ...p, lr: (p.lr ?? 1e-3) * 1.001 })),
    wrongParams('beta1 0.8 for 0.9', (p) => ({ ...p, betas: [0.8, 0.999] })),
    wrongParams('beta2 0.99 for 0.999', (p) => ({ ...p, betas: [0.9, 0.99] })),
    wrongParams('eps ten times too large', (p) => ({ ...p, eps: 10 * (p.eps ?? 1e-8) })),
    wrongParams('no bias correction', (p) => ({ ...p, bias_correction: false })),
    wrongParams('no weight decay', (p) => ({ ...p, weight_decay: 0 })),
    wrongParams('Adam for AdamW', (p) => ({ ...p, optimizer: p.optimizer === 'adam' ? 'adamw' : 'adam' })),
    wrongInput('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
    wrongInput('gradients wrong by 2e-5', 'grads', (x) => x * (1 + 2e-5)),
    wrongInput('gradients negated', 'grads', (x) => -x),
    {
      name: 'moments not kept between steps',
      apply: (inputs, params) => ({ inputs, params: { ...params, betas: [0, 0] } }),
    },
    {
      name: 'state of before ignored',
      apply: ({ param, grads }, params) => ({ inputs: { param: param as Value, grads: grads as Value }, params }),
    },
  ],
};

function wrongParams(name: string, change: (params: OptimizerParams) => OptimizerParams): (typeof record.wrongValues)[number] {
  return { name, apply: (inputs, params) => ({ inputs, params: change(params) }) };
}

function wrongInput(name: string, input: string, change: (x: number) => number): (typeof record.wrongValues)[number] {
  return {
    name,
    apply: (inputs, params) => {
      const value = inputs[input] as Value;
      return { inputs: { ...inputs, [input]: { ...value, data: value.data.map(change) } }, params };
    },
  };
}
