import { mapped } from '../../graph/call.ts';
import { lrSchedule } from '../../vocabulary/optim/lr_schedule.ts';
import { completed } from '../../vocabulary/signature.ts';
import { record as ampUnscale } from '../optim/amp_unscale.ts';
import { record as ampUpdateScale } from '../optim/amp_update_scale.ts';
import { record as clipGradNorm } from '../optim/clip_grad_norm.ts';
import { rateAt } from '../optim/lr_schedule.ts';
import { type Element, ruleOf } from '../optim/optimizers.ts';
import type { Parameter } from '../optim/parameter-rule.ts';
import { parameterRuleOf } from '../optim/parameter-rule-of.ts';
import type { Value, Values } from '../record.ts';
import { single } from '../values.ts';
import type { Recipe, StepState } from './state.ts';

/** A step between its backward pass and its end. */
export interface Work {
  readonly recipe: Recipe;
  readonly state: StepState;
  readonly gradients: Values;
  /** Whether a gradient was not finite: the step is left out. */
  readonly found: boolean;
  /** Of all gradients together, before they are clipped. */
  readonly norm: number;
  /** How a parameter is stored. Default as it is. */
  readonly stored?: ((x: number) => number) | undefined;
}

/** A part of a step after its backward pass. */
export type Stage = (work: Work) => Work;

/** GradScaler.unscale_. */
export const unscale: Stage = (work) => {
  const { state, gradients } = work;
  const unscaled = mapped(gradients, (grad) =>
    ampUnscale.forward({ grad, scale: single(state.scale) }, {}),
  );
  return {
    ...work,
    gradients: mapped(unscaled, ({ grad }) => grad),
    found: Object.values(unscaled).some(({ found_inf }) => found_inf.data[0] !== 0),
  };
};

/** torch.nn.utils.clip_grad_norm_. */
export const clip: Stage = (work) => {
  const { norm, ...gradients }: Values = clipGradNorm.forward(work.gradients, {
    max_norm: work.recipe.clip,
  });
  return { ...work, gradients, norm: numberOf(norm) };
};

/** Optimizer.step with the rate of the schedule, by GradScaler left out where one was found. */
export const update: Stage = (work) => {
  const { recipe, state, gradients, found, stored } = work;
  if (found) return work;
  const { trained, kept, taken } = state;
  const after = afterStep(recipe, state, gradients);
  const collected = (part: string, values: Values) =>
    mapped(values, ({ shape }, name) => ({ shape, data: after[name]?.[part] as Float64Array }));
  return {
    ...work,
    state: {
      ...state,
      trained: mapped(collected('param', trained), ({ shape, data }) => ({
        shape,
        data: stored ? data.map((x) => stored(x)) : data,
      })),
      kept: mapped(kept, (values, name) => collected(name, values)),
      taken: taken + 1,
    },
  };
};

/** Every parameter with what is kept of it, as a step leaves them. */
function afterStep(
  recipe: Recipe,
  { trained, kept, taken, ...state }: StepState,
  gradients: Values,
): Readonly<Record<string, Parameter>> {
  const lr = rateOf(recipe, { trained, kept, taken, ...state });
  const gradientOf = (name: string) => (gradients[name] as Value).data;
  if (recipe.optimizer.optimizer === 'adamw8bit')
    return mapped(trained, (value, name) =>
      parameterRuleOf({ ...optimizerOf(recipe, name), lr }, value.shape).step(
        partsOf(value, keptOf(kept, name)),
        gradientOf(name),
        taken + 1,
      ),
    );
  return mapped(trained, (value, name) => {
    const rule = ruleOf({ ...optimizerOf(recipe, name), lr });
    return movedBy(value, keptOf(kept, name), (before, i) =>
      rule.step(before, gradientOf(name)[i] as number, taken + 1),
    );
  });
}

/** The optimizer of the group of a parameter. */
const optimizerOf = ({ optimizer, decays }: Recipe, name: string): Recipe['optimizer'] =>
  decays && !decays(name) ? { ...optimizer, weight_decay: 0 } : optimizer;

/** GradScaler.update. */
export const growScale: Stage = (work) => {
  const { recipe, state, found } = work;
  const { scale, growth_tracker } = ampUpdateScale.forward(
    {
      scale: single(state.scale),
      growth_tracker: single(state.growth_tracker),
      steps: single(state.taken),
      found_inf: single(Number(found)),
    },
    growthOf(recipe),
  );
  return {
    ...work,
    state: { ...state, scale: numberOf(scale), growth_tracker: numberOf(growth_tracker) },
  };
};

/** LRScheduler.step, which transformers leaves out with the optimizer's. */
export const schedule: Stage = (work) => {
  const { state, found } = work;
  return found ? work : { ...work, state: { ...state, scheduled: state.scheduled + 1 } };
};

/**
 * The stages in their order: that of torch's examples of automatic mixed precision, "Working with
 * unscaled gradients".
 */
export function stagesOf({ scaler }: Recipe): readonly Stage[] {
  return scaler ? [unscale, clip, update, growScale, schedule] : [clip, update, schedule];
}

/** What `stages` make of the gradients that backward gave. */
export function updated(
  recipe: Recipe,
  state: StepState,
  gradients: Values,
  {
    stages = stagesOf(recipe),
    stored,
  }: { readonly stages?: readonly Stage[]; readonly stored?: Work['stored'] } = {},
): Work {
  const begun: Work = { recipe, state, gradients, found: false, norm: Number.NaN, stored };
  return stages.reduce((work, stage) => stage(work), begun);
}

/** The rate of the next step. */
export function rateOf({ optimizer, schedule: given }: Recipe, { scheduled }: StepState): number {
  return rateAt(completed(lrSchedule, { ...given, base_lr: optimizer.lr }), scheduled);
}

/** What the optimizer keeps of one parameter, by its own names. */
export function keptOf(kept: StepState['kept'], parameter: string): Values {
  return Object.fromEntries(
    Object.entries(kept).flatMap(([name, values]) => {
      const value = values[parameter];
      return value ? [[name, value] as const] : [];
    }),
  );
}

/** Every element of a parameter with what is kept of it. */
export function elementsOf(param: Value, kept: Values): readonly Element[] {
  const parts = partsOf(param, kept);
  return Array.from(param.data, (_, i) => elementAt(parts, i));
}

/** A parameter and what is kept of it, by the names of an element. */
export const partsOf = (param: Value, kept: Values): Parameter =>
  mapped({ ...kept, param }, ({ data }) => data);

function elementAt(parts: Readonly<Record<string, Float64Array>>, i: number): Element {
  const element: Record<string, number> = {};
  for (const name in parts) element[name] = parts[name]?.[i] as number;
  return element;
}

/** What `move` makes of every element: models have too many to keep each as an object. */
function movedBy(
  param: Value,
  kept: Values,
  move: (before: Element, i: number) => Element,
): Readonly<Record<string, Float64Array>> {
  const before = partsOf(param, kept);
  const after = mapped(before, ({ length }) => new Float64Array(length));
  for (let i = 0; i < param.data.length; i++) {
    const now = move(elementAt(before, i), i);
    for (const name in after) (after[name] as Float64Array)[i] = now[name] as number;
  }
  return after;
}

function growthOf({ scaler }: Recipe) {
  const { growth_factor, backoff_factor, growth_interval } = scaler as NonNullable<typeof scaler>;
  return { growth_factor, backoff_factor, growth_interval };
}

const numberOf = (value: Value | undefined): number => value?.data[0] as number;
