import { sizeOf } from '../../tensor/shape.ts';
import { adamw8bitHyperparameters, isIn8bit } from '../../vocabulary/optim/adamw8bit.ts';
import type { Value } from '../record.ts';
import { IN_FLOAT32, IN_HALVES } from '../rounding.ts';
import { adamw8bit } from './adamw8bit.ts';
import { type Element, OPTIMIZERS, type OptimizerParams, ruleOf } from './optimizers.ts';
import type { Parameter, ParameterRule } from './parameter-rule.ts';
import { simulatedStep } from './simulated-step.ts';
import { muon } from './torch/muon.ts';

/** Optimizers that are judged. */
export const JUDGED: readonly string[] = [...OPTIMIZERS, 'muon', 'adamw8bit'];

/**
 * The rule of `params` for parameters of `shape`; `continues` says whether a buffer was given.
 * Throws GradproofError `not-implemented` for an optimizer that is not here.
 */
export function parameterRuleOf(
  params: OptimizerParams,
  shape: Value['shape'],
  continues = false,
): ParameterRule {
  if (params.optimizer === 'muon') return muon(params, shape);
  if (params.optimizer === 'adamw8bit' && isIn8bit(sizeOf(shape), params))
    return adamw8bit(adamw8bitHyperparameters(params), shape);
  const { state, step, bound, counted } = ruleOf(params, continues);
  const names = ['param', ...state];
  const each = (length: number, f: (i: number) => Element): Parameter => {
    const all = Object.fromEntries(names.map((name) => [name, new Float64Array(length)]));
    for (let i = 0; i < length; i++) {
      const element = f(i);
      for (const [name, data] of Object.entries(all)) data[i] = element[name] as number;
    }
    return all;
  };
  const at = (parameter: Parameter, i: number): Element =>
    Object.fromEntries(names.map((name) => [name, parameter[name]?.[i] ?? 0]));
  return {
    state,
    step: (before, grad, t) => each(grad.length, (i) => step(at(before, i), grad[i] as number, t)),
    bound: (before, grad, t, carried, { halves, otherFormulas: fastPowers = false }) => {
      // A library steps in the format of the parameter, and keeps in it what it needs again.
      const rounding = { ...(halves ? IN_HALVES[halves] : IN_FLOAT32), fastPowers };
      return each(grad.length, (i) =>
        bound(at(before, i), grad[i] as number, t, at(carried, i), rounding),
      );
    },
    computed: (gpu, before, grad, t) => {
      const move = simulatedStep(gpu, params, continues);
      return each(grad.length, (i) => ({ ...move(at(before, i), grad[i] as number, t) }));
    },
    ...(counted && { counted }),
  };
}
