import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import {
  type StateName,
  optimizerStep as signature,
} from '../../vocabulary/optim/optimizer_step.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { type Element, OPTIMIZERS, type Rule, ruleOf } from './optimizers.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** Applies `f` to every element with what is kept of it, and its gradient. */
export function mapElements(
  inputs: Inputs,
  { state }: Rule,
  f: (before: Element, grad: number) => Element,
): OutputsOf<typeof signature, Value> {
  const { param, grad } = inputs;
  const names = ['param', ...state] as const;
  const all = Array.from(param.data, (_, i) =>
    f(
      Object.fromEntries(names.map((name) => [name, inputs[name]?.data[i] ?? 0])),
      grad.data[i] as number,
    ),
  );
  const collect = (name: string): Value => ({
    shape: param.shape,
    data: Float64Array.from(all, (element) => element[name] as number),
  });
  return {
    param: collect('param'),
    ...Object.fromEntries(state.map((name) => [name, collect(name)])),
  };
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
        hostTensorFrom(
          'f32',
          shape,
          random.fill(sizeOf(shape), () => draw(random)),
        );
      const kept = (name: StateName) =>
        SQUARES.has(name)
          ? tensor((r) => 1 + r.normal() ** 2)
          : tensor((r) => Math.max(-0.9, Math.min(0.9, r.normal(0.3))));
      return {
        param: tensor((r) => r.normal()),
        grad: tensor((r) => r.normal()),
        ...Object.fromEntries(ruleOf(params).state.map((name) => [name, kept(name)])),
      };
    },
  };
}

/** One step of any optimizer, as training takes it. */
export const record = defineRecord(signature, {
  summary: 'one step of an optimizer on a parameter',
  unsupported: (_inputs, { optimizer }) =>
    OPTIMIZERS.includes(optimizer) ? undefined : `the optimizer ${optimizer}`,
  forward: (inputs, params) => {
    const rule = ruleOf(params);
    return mapElements(inputs, rule, (before, grad) => rule.step(before, grad, params.step));
  },
  acceptance: (inputs, _outputs, params) => {
    const rule = ruleOf(params);
    const exact = Object.fromEntries(rule.state.map((name) => [name, 0]));
    const bounds = mapElements(inputs, rule, (before, grad) =>
      rule.bound(before, grad, params.step, exact),
    );
    return Object.fromEntries(
      Object.entries(bounds).map(([name, value]) => [
        name,
        { kind: 'within', bound: (value as Value).data } as const,
      ]),
    );
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
  ],
  faults: [
    {
      name: 'the step taken twice',
      host: {
        seam: 'optimizer_steps.optimizerOf',
        wrap:
          (original) =>
          (...args) => {
            const { step, ...rest } = original(...args);
            const twice = (...given: unknown[]) => {
              step(...given);
              step(...given);
            };
            return { ...rest, step: twice };
          },
      },
    },
  ],
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
