import type { StateName } from '../../vocabulary/optim/optimizer_step.ts';
import type { Arithmetic, Value } from '../record.ts';
import { IN_FLOAT32, IN_HALVES } from '../rounding.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type Element, OPTIMIZERS, type OptimizerParams, type Rule, ruleOf } from './optimizers.ts';
import { simulatedStep } from './simulated-step.ts';
import { muon } from './torch/muon.ts';

/** Optimizers that are judged. */
export const JUDGED: readonly string[] = [...OPTIMIZERS, 'muon'];

/** A parameter with what its optimizer keeps of it: `param` and the states, element by element. */
export type Parameter = Readonly<Record<string, Float64Array>>;

/** How an optimizer moves a parameter as a whole. */
export interface ParameterRule {
  /** Names of what it keeps. */
  readonly state: readonly StateName[];
  /** The parameter after step `step`, which counts from 1. */
  readonly step: (before: Parameter, grad: Float64Array, step: number) => Parameter;
  /** How far it may be off, where what was kept may already be off by `carried`. */
  readonly bound: (
    before: Parameter,
    grad: Float64Array,
    step: number,
    carried: Parameter,
    arithmetic: Arithmetic,
  ) => Parameter;
  /** What a GPU computes. */
  readonly computed: (
    gpu: SimulatedGpu,
    before: Parameter,
    grad: Float64Array,
    step: number,
  ) => Parameter;
  /**
   * Of optimizers whose libraries keep what stands between in bfloat16: the parameter as it is then,
   * where each sum is rounded once, and how far off it may be by what is computed in float32 after.
   * A sum beside the middle of two numbers may be rounded to either, and what follows from the other
   * has no bound.
   */
  readonly library?: (
    before: Parameter,
    grad: Float64Array,
  ) => { readonly param: Float64Array; readonly error: Float64Array };
  /** What torch keeps of the parameter as a whole, and what follows from the steps taken. */
  readonly counted?: Rule['counted'];
}

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
    bound: (before, grad, t, carried, { halves }) => {
      // A library steps in the format of the parameter, and keeps in it what it needs again.
      const rounding = halves ? IN_HALVES[halves] : IN_FLOAT32;
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
