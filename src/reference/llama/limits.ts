import { EPS, maxAbs } from '../bounds.ts';
import type { Acceptance, Value, Values } from '../record.ts';
import { limitBy } from '../step/spread.ts';
import type { LlamaRan } from './run.ts';

/**
 * As the format has it for products in float32: of each step's number, and of a tensor's largest
 * element.
 */
export const RELATIVE = 1e-4;
const SHARE = 1e-3;
/** Steps that are held to these, however long the run is. */
export const SHORT = 20;
/** What comes later may be off by this share at most. */
const FARTHEST = 0.02;
/** What a number near 0 may be off. */
export const ABSOLUTE = 1e-6;
/** Roundings that a number of a curve is granted, where the spread is no larger. */
const ROUNDINGS = 10;
/** Numbers of each step that roundings lead apart. */
const CURVES = ['losses', 'grad_norms'] as const;

export type Curve = (typeof CURVES)[number];
type Within = Acceptance & { readonly kind: 'within' };

/** Whether an output of a run is a curve. */
export function isCurve(name: string): name is Curve {
  return CURVES.some((curve) => curve === name);
}

/**
 * What a run gave, by the vocabulary's names of outputs; the outcome of an adapter too begins with
 * `final.`.
 */
export function outputsOf({
  grad0,
  final,
  logits_step0,
  losses,
  grad_norms,
  lrs,
  scale,
}: Omit<LlamaRan, 'kept'>): Values {
  return {
    losses,
    ...(grad_norms ? { grad_norms } : {}),
    lrs,
    ...(scale ? { scale } : {}),
    logits_step0,
    ...prefixed('grad0.', grad0),
    ...prefixed('final.', final),
  };
}

/** How far an output of a run may be from `truth`. */
export function limitOf(name: string, { data }: Value): Within {
  const largest = maxAbs(data);
  const isOfSteps = isCurve(name) || name === 'lrs' || name === 'scale';
  return {
    kind: 'within',
    bound: data.map((x) => (isOfSteps ? RELATIVE * Math.abs(x) : SHARE * largest) + ABSOLUTE),
  };
}

/**
 * How far an output of a run may be from `truth`: what comes after 20 steps, and trained weights, by
 * ten times the `spread` of right runs where that is more, at most 2 %. It is that of each step of a
 * curve, or one number of a tensor.
 */
export function lateLimitOf(name: string, truth: Value, spread: ArrayLike<number>): Within {
  const { bound } = limitOf(name, truth);
  if (!isCurve(name) && !name.startsWith('final.')) return { kind: 'within', bound };
  const largest = maxAbs(truth.data);
  return {
    kind: 'within',
    bound: bound.map((limit, i) => {
      if (isCurve(name) && i < SHORT) return limit;
      const size = isCurve(name) ? Math.abs(truth.data[i] as number) : largest;
      const apart = spread[isCurve(name) ? i : 0] as number;
      return Math.max(limit, Math.min(limitBy(apart, 0), FARTHEST * size));
    }),
  };
}

/**
 * The same for a curve of a GPU that rounds to nearest: no farther than ten times the spread of
 * float32 runs, or ten roundings, either.
 */
export function narrowLimitOf(name: Curve, truth: Value, spread?: Float64Array): Within {
  const { bound } = limitOf(name, truth);
  return {
    kind: 'within',
    bound: bound.map((limit, step) => {
      const roundings = ROUNDINGS * EPS * Math.abs(truth.data[step] as number);
      return Math.min(limit, limitBy(spread?.[step] ?? 0, roundings) + ABSOLUTE);
    }),
  };
}

function prefixed(prefix: string, values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}
