import { mapped } from '../../graph/call.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import {
  type StateName,
  optimizerStep as signature,
} from '../../vocabulary/optim/optimizer_step.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import type { Parameter, ParameterRule } from './parameter-rule.ts';
import { JUDGED, parameterRuleOf } from './parameter-rule-of.ts';
import { TAKEN_TWICE } from './taken-twice.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The parameter and what is kept of it, and back. */
export function parameterOf(inputs: Inputs, { state }: Pick<ParameterRule, 'state'>): Parameter {
  const { param } = inputs;
  const kept = state.map(
    (name) =>
      [name, inputs[name as StateName]?.data ?? new Float64Array(param.data.length)] as const,
  );
  return { param: param.data, ...Object.fromEntries(kept) };
}

/** See {@link parameterOf}. */
export function valuesOf(
  { param: { shape } }: Inputs,
  parameter: Parameter,
): OutputsOf<typeof signature, Value> {
  const values = Object.entries(parameter).map(([name, data]) => [name, { shape, data }] as const);
  return Object.fromEntries(values) as OutputsOf<typeof signature, Value>;
}

const SQUARES: ReadonlySet<StateName> = new Set([
  ...(['exp_avg_sq', 'max_exp_avg_sq', 'square_avg', 'acc_delta'] as const),
]);

/** In the middle of a run: what is kept is there, with variances that are positive. */
function sample(shape: Shape, params: Params): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { param: formatShape(shape), step: params.step, optimizer: params.optimizer },
    params,
    inputs: (random) => {
      const tensor = (draw: (random: Random) => number) =>
        filledTensor('f32', shape, () => draw(random));
      const kept = (name: StateName) =>
        SQUARES.has(name)
          ? tensor((r) => 1 + r.normal() ** 2)
          : tensor((r) => Math.max(-0.9, Math.min(0.9, r.normal(0.3))));
      return {
        param: tensor((r) => r.normal()),
        grad: tensor((r) => r.normal()),
        ...Object.fromEntries(
          parameterRuleOf(params, shape).state.map((name) => [name, kept(name as StateName)]),
        ),
      };
    },
  };
}

/** One step of any optimizer, as training takes it. */
export const record = defineRecord(signature, {
  summary: 'one step of an optimizer on a parameter',
  unsupported: (_inputs, { optimizer }) =>
    JUDGED.includes(optimizer) && optimizer !== 'adamw8bit'
      ? undefined
      : `the optimizer ${optimizer}`,
  forward: (inputs, params) => {
    const rule = parameterRuleOf(params, inputs.param.shape);
    const { grad } = inputs;
    return valuesOf(inputs, rule.step(parameterOf(inputs, rule), grad.data, params.step));
  },
  acceptance: (inputs, _outputs, params, arithmetic) => {
    const rule = parameterRuleOf(params, inputs.param.shape);
    const { grad } = inputs;
    const exact = Object.fromEntries(
      rule.state.map((name) => [name, new Float64Array(grad.data.length)]),
    );
    const before = parameterOf(inputs, rule);
    const bounds = rule.bound(before, grad.data, params.step, exact, arithmetic);
    return mapped(bounds, (bound) => ({ kind: 'within', bound }) as const);
  },
  samples: [
    sample([5, 7], { optimizer: 'adadelta', weight_decay: 0.1, step: 3 }),
    sample([65], { optimizer: 'rmsprop', momentum: 0.9, centered: true, step: 2 }),
    sample([3], {
      ...{ optimizer: 'nadam', lr: 0.1, weight_decay: 0.5, decoupled_weight_decay: true },
      step: 7,
    }),
    sample([128], {
      ...{ optimizer: 'radam', lr: 0.1, weight_decay: 0.5, decoupled_weight_decay: true },
      step: 9,
    }),
    sample([33], { optimizer: 'adamw', amsgrad: true, step: 5 }),
    sample([4], { optimizer: 'sgd', lr: 0.1, momentum: 0.9, step: 2 }),
    sample([6], { optimizer: 'adam', lr: 0.1, maximize: true, step: 1 }),
    sample([2, 3], { optimizer: 'muon', lr: 0.1, step: 3 }),
    sample([13, 9], { optimizer: 'muon', lr: 0.1, nesterov: false, step: 1 }),
  ],
  faults: [{ name: 'the step taken twice', host: TAKEN_TWICE }],
  plausibleBugs: [
    paramsBug('lr wrong by 2e-5', (p) => ({ ...p, ...(p.lr && { lr: p.lr * (1 + 2e-5) }) })),
    paramsBug('NAdam for RAdam', (p) => ({
      ...p,
      ...(p.optimizer === 'radam' ? { optimizer: 'nadam' } : {}),
    })),
    paramsBug('the step before', (p) => ({ ...p, step: Math.max(1, p.step - 1) })),
    paramsBug('no weight decay', (p) => ({ ...p, weight_decay: 0 })),
    paramsBug('the decay in the gradient', ({ decoupled_weight_decay: _, ...p }) => p),
    paramsBug('no momentum', ({ momentum: _, ...p }) => p),
    paramsBug('not centered', ({ centered: _, ...p }) => p),
    paramsBug("no step of Nesterov's", (p) => ({ ...p, nesterov: false })),
    paramsBug('no amsgrad', ({ amsgrad: _, ...p }) => p),
    paramsBug('downhill for uphill', ({ maximize: _, ...p }) => p),
    inputBug('gradient wrong by 2e-5', 'grad', (x) => x * (1 + 2e-5)),
    inputBug('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
    inputBug('average of squares dropped', 'square_avg', () => 0),
    inputBug('average of steps dropped', 'acc_delta', () => 0),
    inputBug('first moment dropped', 'exp_avg', () => 0),
    inputBug('second moment dropped', 'exp_avg_sq', () => 0),
    inputBug('buffer dropped', 'momentum_buffer', () => 0),
    inputBug('average gradient dropped', 'grad_avg', () => 0),
    inputBug('largest second moment dropped', 'max_exp_avg_sq', () => 0),
  ],
});
