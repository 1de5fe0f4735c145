import { EPS } from '../bounds.ts';
import type { Acceptance, Value, Values } from '../record.ts';
import { limitBy } from '../step/spread.ts';
import type { LlamaRan } from './run.ts';

/**
 * As the format has it for products in float32: of each step's number, and of a tensor's largest
 * element.
 */
const RELATIVE = 1e-4;
const SHARE = 1e-3;
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

/** What a run gave, by the vocabulary's names of outputs. */
export function outputsOf(
  { grad0, final, logits_step0, losses, grad_norms, lrs, scale }: LlamaRan,
  mode: string,
): Values {
  return {
    losses,
    ...(grad_norms ? { grad_norms } : {}),
    lrs,
    ...(scale ? { scale } : {}),
    logits_step0,
    ...prefixed('grad0.', grad0),
    ...prefixed(mode === 'full' ? 'final.' : 'lora.', final),
  };
}

/** How far an output of a run may be from `truth`. */
export function limitOf(name: string, { data }: Value): Within {
  const largest = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const isOfSteps = isCurve(name) || name === 'lrs' || name === 'scale';
  return {
    kind: 'within',
    bound: data.map((x) => (isOfSteps ? RELATIVE * Math.abs(x) : SHARE * largest) + ABSOLUTE),
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
