import type { StateName } from '../../vocabulary/optim/optimizer_step.ts';
import type { Rounding } from '../rounding.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type Calculation, IN_FLOAT64, onGpu, withBounds } from './calculation.ts';

/** One element of a parameter with what the optimizer keeps of it, by name. */
export type Element = Readonly<Record<string, number>>;

/** How an optimizer moves one element. */
export interface Rule {
  /** Names of what it keeps. */
  readonly state: readonly StateName[];
  /** The element after step `step`, which counts from 1. */
  readonly step: (before: Element, grad: number, step: number) => Element;
  /**
   * How far it may be off, where what was kept may already be off by `carried`; numbers are rounded
   * as float32 or as given.
   */
  readonly bound: (
    before: Element,
    grad: number,
    step: number,
    carried: Element,
    rounding?: Rounding,
  ) => Element;
  /** What a GPU computes, where the rule is made of a {@link Movement}. */
  readonly computed?: (gpu: SimulatedGpu, before: Element, grad: number, step: number) => Element;
  /** What torch keeps of the parameter as a whole, and what follows from the steps taken. */
  readonly counted?: (steps: number) => Element;
}

/** A step as one formula, from which truth, bound and simulation follow. */
export interface Movement<Kept extends StateName, Scalar extends string> {
  readonly state: readonly Kept[];
  /** What of it is not kept with these hyperparameters. */
  readonly unused?: readonly Kept[];
  /** Scalars of a step; a GPU gets them as float32. */
  readonly scalars: (step: number) => Readonly<Record<Scalar, number>>;
  /** The element after a step, in the order of operations of the kernel. */
  readonly move: <T>(
    calculation: Calculation<T>,
    before: Readonly<Record<Kept | 'param', T>>,
    grad: T,
    scalars: Readonly<Record<Scalar, T>>,
    numbers: Readonly<Record<Scalar, number>>,
  ) => Readonly<Record<Kept | 'param', T>>;
}

/** The rule of a movement. */
export function ruleOfMovement<Kept extends StateName, Scalar extends string>({
  state,
  unused = [],
  scalars,
  move,
}: Movement<Kept, Scalar>): Rule {
  const at = ofStep((step) => mapOf(scalars(step), Math.fround));
  type State = Readonly<Record<Kept | 'param', number>>;
  const none = Object.fromEntries(unused.map((name) => [name, 0]));
  const whole = (before: Element) => ({ ...before, ...none }) as State;
  const moved = <T>(
    calculation: Calculation<T>,
    before: Readonly<Record<Kept | 'param', T>>,
    grad: number,
    step: number,
  ) => {
    const { exactly } = calculation;
    const numbers = at(step);
    return move(calculation, before, exactly(grad), mapOf(numbers, exactly), numbers);
  };
  return {
    state: state.filter((name) => !unused.includes(name)),
    step: (before, grad, step) => moved(IN_FLOAT64, whole(before), grad, step),
    bound: (before, grad, step, carried, rounding) => {
      const known = mapOf(whole(before), (value, name) => ({ value, error: carried[name] ?? 0 }));
      return mapOf(moved(withBounds(rounding), known, grad, step), ({ error }) => error);
    },
    computed: (gpu, before, grad, step) => moved(onGpu(gpu), whole(before), grad, step),
  };
}

function mapOf<Name extends string, A, B>(
  record: Readonly<Record<Name, A>>,
  f: (value: A, name: string) => B,
): Readonly<Record<Name, B>> {
  return Object.fromEntries(
    Object.entries<A>(record).map(([name, value]) => [name, f(value, name)]),
  ) as Record<Name, B>;
}

/** `make` for one step after the other, each of many elements. */
export function ofStep<T>(make: (step: number) => T): (step: number) => T {
  let made: { readonly step: number; readonly value: T } | undefined;
  return (step) => {
    if (made?.step !== step) made = { step, value: make(step) };
    return made.value;
  };
}
