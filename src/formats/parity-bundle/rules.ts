import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import type { StoredDType } from '../safetensors/stored.ts';

/** What a shape rule may look at: sizes and shapes of the tensors that were checked before, and the parameters. */
export interface Known<Params> {
  readonly params: Params;
  /** Size bound to a name of a pattern; of `*name` the product. */
  readonly size: (dimension: string) => number;
  /** Shape of an input. */
  readonly shape: (input: string) => Shape;
}

/**
 * The shape that a tensor must have: a pattern such as `[*t, in]`, in which `*t` stands for any number of dimensions and a name that
 * occurred before must have the same size again; or a function of what is known, which may throw FormatError when that does not fit.
 */
export type ShapeRule<Params> = string | ((known: Known<Params>, actual: Shape) => Shape);

/** What the vocabulary says of one tensor of an op. */
export interface TensorRule<Params> {
  readonly dtypes: readonly StoredDType[];
  readonly shape: ShapeRule<Params>;
  /** Must an input be there? An output may always be absent. Default `true`. */
  readonly required?: boolean | ((params: Params) => boolean);
  /** Parameters with which the tensor may be there at all. Default always. */
  readonly when?: (params: Params) => boolean;
  /** Values that its elements may have. Default any. */
  readonly range?: (known: Known<Params>) => Range;
  /** Whether its elements are finite and none is less than the one before it. */
  readonly ascending?: boolean;
}

/** Integers from `low` to `high`, both included, and `also`. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly also?: number;
}

/** The rules of one side, by name. `x#` stands for x0, x1, ...; `base.*` for any name that begins so. Order matters for patterns. */
export type TensorRules<Params> = Readonly<Record<string, TensorRule<Params>>>;

/** What the vocabulary says of one op. */
export interface OpRule<Params = never> {
  readonly params: v.GenericSchema<unknown, Params>;
  readonly inputs: TensorRules<Params>;
  readonly outputs: TensorRules<Params>;
  /** Inputs that may have a gradient. Default none: the op has no backward part. */
  readonly gradients?: readonly string[];
}

/** Declares an op; its parameters type the rules. */
export function op<Params>(params: v.GenericSchema<unknown, Params>, rule: Omit<OpRule<Params>, 'params'>): OpRule {
  return { ...rule, params } as unknown as OpRule;
}

export const FLOAT = ['F32', 'F16', 'BF16', 'F64'] as const;
export const REAL = ['F32', 'F16', 'BF16', 'F64', 'I32', 'I8', 'U8'] as const;
const INDEX = ['I32'] as const;
export const CODES = ['U8'] as const;
const SIGNED_CODES = ['I8'] as const;

/** A tensor of floats. */
export const float = <P>(shape: ShapeRule<P>): TensorRule<P> => ({ dtypes: FLOAT, shape });
/** A tensor of floats that a quantizer takes: those of float32 or less. */
export const weight = <P>(shape: ShapeRule<P>): TensorRule<P> => ({ dtypes: ['F32', 'F16', 'BF16'], shape });
/** A tensor of bytes that hold codes. */
export const codes = <P>(shape: ShapeRule<P>): TensorRule<P> => ({ dtypes: CODES, shape });
/** A tensor of signed bytes. */
export const signedCodes = <P>(shape: ShapeRule<P>): TensorRule<P> => ({ dtypes: SIGNED_CODES, shape });
/** A tensor of indices that lie in `range`. */
export const index = <P>(shape: ShapeRule<P>, range?: TensorRule<P>['range']): TensorRule<P> => ({
  dtypes: INDEX,
  shape,
  ...(range ? { range } : {}),
});
/** A tensor of any element type of bundles. */
export const real = <P>(shape: ShapeRule<P>): TensorRule<P> => ({ dtypes: REAL, shape });
/** The same rule for a tensor that may be absent. */
export const optional = <P>(rule: TensorRule<P>): TensorRule<P> => ({ ...rule, required: false });
/** The same rule for a tensor that is there exactly with some parameters. */
export const onlyWhen = <P>(when: (params: P) => boolean, rule: TensorRule<P>): TensorRule<P> => ({ ...rule, required: when, when });

/** Parameter types. */
export const number = v.pipe(v.number(), v.finite());
export const positive = v.pipe(number, v.gtValue(0));
export const notNegative = v.pipe(number, v.minValue(0));
export const fraction = v.pipe(number, v.minValue(0), v.maxValue(1));
export const integer = v.pipe(v.number(), v.safeInteger());
export const size = v.pipe(integer, v.minValue(1));
const count = v.pipe(integer, v.minValue(0));
/** JSON's true and false, or ONNX's 1 and 0. */
export const flag = v.union([
  v.boolean(),
  v.pipe(
    v.picklist([0, 1]),
    v.transform((bit) => bit === 1),
  ),
]);
export const off = v.optional(flag, false);
export const on = v.optional(flag, true);
/** Either one number for both directions or [vertical, horizontal]. */
export const pair = v.union([
  v.tuple([size, size]),
  v.pipe(
    size,
    v.transform((n): [number, number] => [n, n]),
  ),
]);
/** [top, left, bottom, right]. */
export const padding = v.tuple([count, count, count, count]);
/** No parameters. */
export const none = v.strictObject({});
