import type { Shape } from '../../tensor/shape.ts';
import type { KeptName } from '../../vocabulary/optim/optimizer_steps.ts';
import type { Acceptance, Arithmetic } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Rule } from './movement.ts';

/**
 * A parameter with what its optimizer keeps of it: `param` and the states, element by element as a
 * rule.
 */
export type Parameter = Readonly<Record<string, Float64Array>>;

/** How an optimizer moves a parameter as a whole. */
export interface ParameterRule {
  /** Names of what it keeps. */
  readonly state: readonly KeptName[];
  /** How it is kept, by name, where not as floats of the parameter's shape. */
  readonly storage?: Readonly<
    Record<string, { readonly dtype: 'u8' | 'f32'; readonly shape: Shape }>
  >;
  /** The parameter after step `step`, which counts from 1. */
  readonly step: (before: Parameter, grad: Float64Array, step: number) => Parameter;
  /**
   * How far it may be off, where what was kept may already be off by `carried`: zeros at first, then
   * what this gave.
   */
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
   * A sum beside the middle of two numbers may be rounded to either, and of what follows from the
   * other only `farthest` is known, how far from the truth an element may be; `isPossible` tells
   * whether the step as a whole can be one of such a library, as far as anything is known of it.
   */
  readonly library?: (
    before: Parameter,
    grad: Float64Array,
    carried: Parameter,
    arithmetic: Arithmetic,
  ) => {
    readonly param: Float64Array;
    readonly error: Float64Array;
    readonly farthest: Float64Array;
    readonly isPossible: (after: Float64Array) => boolean;
  };
  /** When what is kept is right, where that is not to be off by at most what `bound` gave. */
  readonly accepts?: (errors: Parameter) => Readonly<Record<string, Acceptance>>;
  /** What torch keeps of the parameter as a whole, and what follows from the steps taken. */
  readonly counted?: Rule['counted'];
}
