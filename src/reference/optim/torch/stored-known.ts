import type { optimizerSteps } from '../../../vocabulary/optim/optimizer_steps.ts';
import type { ParamsOf } from '../../../vocabulary/signature.ts';
import type { Range, Steps } from '../../foreseen.ts';

/** What is asked of an optimizer. */
export type Params = ParamsOf<typeof optimizerSteps>;

/** A number of the parameter with what its optimizer keeps of it, by its names. */
export type StoredElement = Readonly<Record<string, Range>>;

/** Which step it is, counted from 1, and whether it is the first of all. */
interface Turn {
  readonly step: number;
  readonly isFirst: boolean;
}

/** What a step makes of a number by the gradient, before it is stored. */
export type StoredMove = (before: StoredElement, grad: Range, turn: Turn) => StoredElement;

/**
 * Kernel by kernel, each storing what it gives; the same for several tensors together, where mul
 * rounds a number to the format first; or all of a step in one kernel.
 */
export const WAYS = ['forloop', 'foreach', 'fused'] as const;
/** One of them. */
export type Way = (typeof WAYS)[number];

/** What several optimizers do with a state. */
export function knownOf(steps: Steps, way: Way) {
  const kept = (x: Range) => x;
  const between = way === 'fused' ? kept : steps.stored;
  const ofFactor = way === 'foreach' ? steps.stored : kept;
  const { exactly, add, sub, mul } = steps;
  const scalar = (x: number) => exactly(Math.fround(x));
  /** state.mul_(x). */
  const times = (x: number, state: Range) => between(mul(ofFactor(scalar(x)), state));
  /** What add takes: a number, or alpha, which it rounds to the format first. */
  const factor = (x: number) => between(scalar(x));
  /** x.add(y, alpha=alpha), whose product what a vector leaves over stores. */
  const added = (x: Range, alpha: number, y: Range) => {
    const product = mul(factor(alpha), y);
    return steps.either(add(x, product), add(x, between(product)));
  };
  /** state.mul_(keep).addcmul_(x, x, value=1 - keep). */
  const squares = (state: Range, keep: number, x: Range) =>
    between(add(times(keep, state), mul(mul(scalar(1 - keep), x), x)));
  /** state.lerp_(x, rest), which torch takes from the nearer end. */
  const average = (state: Range, rest: number, x: Range) => {
    const apart = sub(x, state);
    return between(
      rest < 0.5 ? add(state, mul(scalar(rest), apart)) : sub(x, mul(apart, scalar(1 - rest))),
    );
  };
  return { steps, way, between, scalar, times, factor, added, squares, average };
}

/** What {@link knownOf} gives. */
export type Known = ReturnType<typeof knownOf>;
/** How an optimizer makes its move. */
export type Made = (known: Known, params: Params) => StoredMove;

/** One of the numbers of an element. */
export const at = (element: StoredElement, name: string): Range => element[name] as Range;
