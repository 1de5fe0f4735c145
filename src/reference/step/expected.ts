import { mapped } from '../../graph/call.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { record as ampUnscale } from '../optim/amp_unscale.ts';
import { record as clipGradNorm } from '../optim/clip_grad_norm.ts';
import { ruleOf } from '../optim/optimizers.ts';
import type { Acceptance, Acceptances, Depth, Value, Values } from '../record.ts';
import { single } from '../values.ts';
import { elementsOf, keptOf, rateOf, update, updated } from './stages.ts';
import type { Recipe, StepState } from './state.ts';

/** Gradients of a step, of the party that is judged. */
export interface SeenGradients {
  /** As backward gave them, of the scaled loss. */
  readonly given: Values;
  /** As the optimizer took them. */
  readonly taken: Values;
}

/** What the stages of a step must leave, and how far a legal GPU may be off. */
export interface ExpectedStep {
  /** Whether a gradient was not finite, so that the step is left out. */
  readonly isSkipped: boolean;
  /** Gradients as they are taken, `norm`, and what {@link namedState} names but statistics. */
  readonly truth: Values;
  readonly acceptances: Acceptances;
}

type Within = Extract<Acceptance, { readonly kind: 'within' }>;

/** Sums in any order. */
const ANY_ORDER: Depth = (terms) => terms;

/**
 * What the stages of a step must leave that begins at `before`: unscaling and clipping of the
 * gradients as they came, the update by those that the party itself took. A step that overflowed
 * leaves parameters and what is kept bit by bit; its gradients are not judged.
 */
export function expectedStep(
  recipe: Recipe,
  before: StepState,
  { given, taken }: SeenGradients,
): ExpectedStep {
  const whole = updated(recipe, before, given);
  const counted = namedUpdate(whole.state);
  const scale = recipe.scaler ? EPS * whole.state.scale : 0;
  const exact = mapped(counted, (): Acceptance => ({ kind: 'exact' }));
  const acceptances = {
    ...exact,
    scale: { kind: 'within', bound: Float64Array.of(scale) } as const,
  };
  if (whole.found) return { isSkipped: true, truth: counted, acceptances };
  const { state } = update({ ...whole, state: before, gradients: taken });
  return {
    isSkipped: false,
    truth: {
      ...prefixed('gradient', whole.gradients),
      norm: single(whole.norm),
      ...namedUpdate({ ...whole.state, trained: state.trained, kept: state.kept }),
    },
    acceptances: {
      ...acceptances,
      ...boundsOfClipping(recipe, before, given),
      ...boundsOfUpdate(recipe, before, taken),
    },
  };
}

/** A state as values by name: `param of fc1.weight`, `exp_avg of fc1.weight`, `scale`, ... */
export function namedState(state: StepState): Values {
  return { ...namedUpdate(state), ...prefixed('statistic', state.statistics) };
}

/** What of a state the stages of an update change. */
function namedUpdate({ trained, kept, taken, scale, growth_tracker }: StepState): Values {
  return {
    ...prefixed('param', trained),
    ...Object.assign({}, ...Object.entries(kept).map(([name, values]) => prefixed(name, values))),
    scale: single(scale),
    growth_tracker: single(growth_tracker),
    steps: single(taken),
  };
}

/** The same values by the names that judgements use. */
export function prefixed<T>(part: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${part} of ${name}`, value]),
  );
}

/**
 * Of what unscaling leaves off by 2.5 units: the norm takes the norm of that, a clipped gradient its
 * own share and that of the norm.
 */
function boundsOfClipping(
  recipe: Recipe,
  before: StepState,
  given: Values,
): Readonly<Record<string, Within>> {
  const scale = single(before.scale);
  const exact = mapped(given, (grad) => ampUnscale.forward({ grad, scale }, {}).grad);
  const off = mapped(exact, ({ data }) =>
    data.map((y) => (recipe.scaler ? 2.5 * EPS * Math.abs(y) + 2 * FLUSH : 0)),
  );
  const params = { max_norm: recipe.clip };
  const outputs = clipGradNorm.forward(exact, params);
  const arithmetic = { depth: ANY_ORDER, ieee: false };
  const own = clipGradNorm.acceptance(exact, outputs, params, arithmetic);
  const norm = (outputs.norm.data[0] as number) + FLUSH;
  const offNorm = Math.hypot(...Object.values(off).flatMap((data) => [...data]));
  const within = (bound: Float64Array): Within => ({ kind: 'within', bound });
  const boundOf = (name: string) => (own as Acceptances)[name] as Within;
  const factor = Math.min(1, recipe.clip / norm);
  const gradients = mapped(exact, ({ data }, name) =>
    within(
      data.map((u, i) => {
        const own = (off[name] as Float64Array)[i] as number;
        const carried = factor * (own + (Math.abs(u) * offNorm) / norm);
        return (boundOf(name).bound[i] as number) + carried * SECOND_ORDER;
      }),
    ),
  );
  return {
    ...prefixed('gradient', gradients),
    norm: within(Float64Array.of((boundOf('norm').bound[0] as number) + offNorm * SECOND_ORDER)),
  };
}

function boundsOfUpdate(
  recipe: Recipe,
  before: StepState,
  gradients: Values,
): Readonly<Record<string, Within>> {
  const { trained, kept, taken } = before;
  const rule = ruleOf({ ...recipe.optimizer, lr: rateOf(recipe, before) });
  const carried = Object.fromEntries(rule.state.map((name) => [name, 0]));
  const bounds = mapped(trained, (value, name) =>
    elementsOf(value, keptOf(kept, name)).map((element, i) =>
      rule.bound(element, (gradients[name] as Value).data[i] as number, taken + 1, carried),
    ),
  );
  return Object.assign(
    {},
    ...['param', ...rule.state].map((part) =>
      prefixed(
        part,
        mapped(bounds, (each): Within => {
          const bound = Float64Array.from(each, (element) => element[part] as number);
          return { kind: 'within', bound };
        }),
      ),
    ),
  );
}
