import type { Covered } from '../catalog/ids.ts';
import type { Results } from '../graph/call.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensors } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import { matchesName } from '../vocabulary/signature.ts';
import type { Foreseen, Steps } from './foreseen.ts';

/** A tensor in float64, as the oracle sees it. */
export interface Value {
  readonly shape: Shape;
  /** How the tensor is stored that the value was read from; absent of what an oracle computed. */
  readonly dtype?: DType;
  readonly data: Float64Array;
}

/** Values by the names of the parity-bundle vocabulary. */
export type Values = Readonly<Record<string, Value>>;

/** What one kernel variant declares: the c of a sum of `terms` products (bounds: gamma_c). */
export type Depth = (terms: number) => number;

/**
 * When is an actual output right?
 * - exact: equal to the oracle, sign of zero ignored (level L0, codes that have no band, gathers);
 * - within: |actual - oracle| <= bound (level L1); `typical` is the advisory L2 size of the error;
 *   `nearest(index, actual)` takes the oracle's place where several values are right, as below a
 *   code in its band: it returns the right one nearest to the actual;
 * - codes: `accepts(index, actual)` decides, and `inBand` of `codes` codes, by default one an
 *   element, had more than one right answer.
 */
export type Acceptance =
  | { readonly kind: 'exact' }
  | {
      readonly kind: 'within';
      readonly bound: Float64Array;
      readonly typical?: Float64Array;
      /** The half format whose roundings are counted already, where a library computed in it. */
      readonly computedIn?: 'f16' | 'bf16';
      /** What the half format in which a library computes may lose of what stands between. */
      readonly underflow?: Float64Array;
      readonly nearest?: (index: number, actual: number) => number;
      /** Why a pass tells little of what was computed, in words, where it does not tell much. */
      readonly loose?: string;
    }
  | {
      readonly kind: 'codes';
      readonly accepts: (index: number, actual: number) => boolean;
      readonly inBand: number;
      readonly codes?: number;
    };

/** Acceptances by output, or by input for gradients. */
export type Acceptances = Readonly<Record<string, Acceptance>>;

/**
 * A division that rounds to nearest; where one divisor is that of all, `or-reciprocal` may multiply
 * by its reciprocal, both rounded to nearest.
 */
export type Division = 'nearest' | 'nearest-or-reciprocal';

/**
 * What is known of the float arithmetic that is judged. `ieee`: the probe shows round-to-nearest
 * and exact division.
 */
export interface Arithmetic {
  readonly depth: Depth;
  readonly ieee: boolean;
  /** How a library divides, where that is known. */
  readonly division?: Division;
  /**
   * Whether other formulas than our kernels' are allowed for: products of sums multiplied out, w (x
   * - m) + b as w x + (b - m w), and functions as they are defined, x / 2 (1 + erf): both cancel.
   */
  readonly otherFormulas?: boolean;
  /** The half format that a library may keep every number in. */
  readonly halves?: 'f16' | 'bf16';
  /**
   * The half format in which a library that adds up in float32 keeps what stands between two sums:
   * the weights of attention, a product before its bias.
   */
  readonly between?: 'f16' | 'bf16';
}

/** What stands between in the formulas of libraries, element by element of what they give. */
export interface Intermediates {
  /** How large it is at most. */
  readonly largest: Float64Array;
  /** How far an error of 1 in it moves the result, at most. Default 0. */
  readonly carried?: Float64Array;
}

/** An input, output or gradient of an op. */
export interface TensorSpec {
  readonly dtypes: readonly DType[];
  readonly optional?: boolean;
  /** Whether the backward pass gives a gradient for it. */
  readonly differentiable?: boolean;
}

/** The tensor `name` of one side of a record; `x#` in `specs` stands for x0, x1, ... */
export function specOf(
  specs: Readonly<Record<string, TensorSpec>>,
  name: string,
): TensorSpec | undefined {
  return Object.entries(specs).find(([pattern]) => matchesName(pattern, name))?.[1];
}

/** What derived cases assert of the catalog, by direction. */
export interface Covers {
  readonly forward?: readonly Covered[];
  readonly backward?: readonly Covered[];
}

/** Concrete inputs of one case derived from a record. */
export interface Sample<Params> {
  /** `exact`: integers whose every sum is exact (L0). `legal`: floats judged by the bound (L1). */
  readonly level: 'exact' | 'legal';
  /** Parameters of the case id, for example `{ a: '37x53', b: '53x29' }`. */
  readonly label: Readonly<Record<string, string | number | boolean>>;
  /** Default quick. */
  readonly tier?: 'quick' | 'full' | 'slow';
  /** Tier of its gradients, where they need kernels of their own that a quick run can do without. */
  readonly gradientTier?: 'full';
  readonly params: Params;
  readonly inputs: (random: Random) => HostTensors;
  /** Gradients of the outputs; present when the case also runs the backward pass. */
  readonly grads?: (random: Random) => HostTensors;
  /** Variants to run; default all. */
  readonly variants?: readonly string[];
  /** Whether the op computes integers of it. Default `false`. */
  readonly integers?: boolean;
  readonly covers?: Covers;
}

// biome-ignore lint/suspicious/noExplicitAny: the type of a wrapped function is the record's business.
type HostFunction = (...args: any[]) => any;

/**
 * Replaces a fragment that occurs exactly once in the linked WGSL of `file`, a path in shaders/
 * without extension.
 */
export interface ShaderFault {
  readonly shader: { readonly file: string; readonly from: string; readonly to: string };
}

/** Wraps the named function of the host. */
export interface HostFault {
  readonly host: {
    readonly seam: string;
    readonly wrap: (original: HostFunction) => HostFunction;
  };
}

/**
 * A named fault that turns the op's derived cases red, the `control` of those cases: a fragment of
 * a shader that is replaced, or, of an op that has no kernel, a seam that is wrapped.
 */
export type RecordFault = {
  readonly name: string;
  /** Which derived cases it must turn red; default forward. */
  readonly direction?: 'forward' | 'backward';
  /** The variants whose shader holds the fragment; default all. */
  readonly variants?: readonly string[];
  /** Whether it turns samples of integers red, or those of floats alone; default both. */
  readonly integers?: boolean;
  /** Fragments of kernels that some shapes run in place of its own. */
  readonly also?: readonly ShaderFault[];
} & (ShaderFault | HostFault);

/**
 * A plausible bug of one parameter or input; some sample must tell it from the right one by
 * ten bounds.
 */
export interface PlausibleBug<Params, Inputs = Values> {
  readonly name: string;
  readonly apply: (
    inputs: Inputs,
    params: Params,
  ) => { readonly inputs: Inputs; readonly params: Params };
}

/**
 * The truth about an op, in float64 and without a GPU: what it computes, its vector-Jacobian
 * product, how far a legal GPU may be off, inputs that show its errors. Shares no code with the
 * WGSL path.
 */
export interface OpRecord<Params = object> {
  /** Name in the parity-bundle vocabulary, or torch's. */
  readonly name: string;
  /** Folder in shaders/, src/ops/ and here. */
  readonly family: string;
  readonly summary: string;
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
  /**
   * What of the vocabulary this version does not compute, in words: a bundle for which it returns
   * something is skipped. Anything else that a launcher refuses is a defect.
   */
  unsupported?(inputs: Values, params: Params): string | undefined;
  /**
   * Parameters of the op that the vocabulary lacks, since the shapes of recorded outputs tell them:
   * each from those shapes, by name; undefined leaves the op's default.
   */
  readonly paramsOfShapes?: Readonly<
    Record<string, (outputs: Readonly<Record<string, Shape>>) => number | undefined>
  >;
  /** Outputs in float64 from the very inputs that the GPU gets. */
  forward(inputs: Values, params: Params): Values;
  /**
   * For trajectories: outputs where each step starts from the judged party's own step before, found
   * in `actual`. Where it is there, results are judged against it in place of `forward`. It may
   * return more values than outputs, for `acceptance` to use.
   */
  forwardFrom?(inputs: Values, actual: Values, params: Params): Values;
  /**
   * Where the op leaves a choice, as which of equal elements comes first: outputs by that of the
   * judged party, found in `actual`, as far as it can be right. Its results are judged against these
   * in place of `forward`, where there are any. It may return more values too.
   */
  forwardChosen?(inputs: Values, actual: Values, params: Params): Values | undefined;
  /**
   * The function that `vjp` differentiates, where it is not `forward`: what a library detaches from
   * its graph is taken from `at`, and does not move with the inputs.
   */
  forwardDetached?(inputs: Values, params: Params, at: Values): Values;
  acceptance(inputs: Values, outputs: Values, params: Params, arithmetic: Arithmetic): Acceptances;
  /**
   * Whether the libraries that record it compute by the very formula that `acceptance` has for IEEE
   * arithmetic: on processors, which round to nearest, there are no other codes.
   */
  readonly asWritten?: boolean;
  /**
   * What stands between in the formulas of libraries, by output or, where `grads` flow, by input. A
   * half format may not hold it. Absent where it is neither larger nor smaller than the terms.
   */
  intermediates?(
    inputs: Values,
    params: Params,
    grads?: Values,
  ): Readonly<Record<string, Intermediates>>;
  /**
   * What libraries' own formulas give in a half format, step by step, by output or, where `grads`
   * flow, by input: one for each formula that is known. Absent of what is one step. Steps of a
   * trajectory start from those before in `actual`, where it is given.
   */
  foreseen?(
    steps: Steps,
    inputs: Values,
    params: Params,
    grads?: Values,
    actual?: Values,
  ): Readonly<Record<string, readonly Foreseen[]>>;
  vjp?(inputs: Values, params: Params, grads: Values): Values;
  /** Gradients by the choice of the judged party, as its own outputs or gradients tell it. */
  vjpChosen?(inputs: Values, params: Params, grads: Values, actual: Results<Value>): Values;
  vjpAcceptance?(
    inputs: Values,
    gradients: Values,
    params: Params,
    grads: Values,
    arithmetic: Arithmetic,
  ): Acceptances;
  readonly samples: readonly Sample<Params>[];
  readonly faults: readonly RecordFault[];
  readonly plausibleBugs: readonly PlausibleBug<Params>[];
}
