import * as v from 'valibot';
import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';

/** Element types of tensors in parity bundles. */
export type BundleDType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I32' | 'I8' | 'U8';

/**
 * What a shape rule may look at: sizes and shapes of the tensors checked before, and the
 * parameters.
 */
export interface Known<Params> {
  readonly params: Params;
  /** Size bound to a name of a pattern; of `*name` the product. */
  readonly size: (dimension: string) => number;
  /** Whether an input is there. */
  readonly has: (input: string) => boolean;
  /** Shape of an input. */
  readonly shape: (input: string) => Shape;
}

/**
 * The shape that a tensor must have: a pattern such as `[*t, in]`, in which `*t` stands for any
 * number of dimensions and a name that occurred before must have the same size again; or a function
 * of what is known, which throws SignatureError when that does not fit.
 */
export type ShapeRule<Params> = string | ((known: Known<Params>, actual: Shape) => Shape);

/** Integers from `low` to `high`, both included, and `also`. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly also?: number;
}

/** What a signature says of one tensor of an op. */
export interface TensorRule<Params> {
  /** Element types in parity bundles. */
  readonly dtypes: readonly BundleDType[];
  /** Element types that the op computes in, the first by default; float32 stands for halves too. */
  readonly native: readonly DType[];
  readonly shape: ShapeRule<Params>;
  /**
   * Whether it is one of the operands that torch's promotion brings to one type before the op
   * computes: `numbers` as float32 or int32, `floats` as float32 alone. Default neither.
   */
  readonly operand?: 'numbers' | 'floats';
  /** Those of `dtypes` that a result has, given the operands' and all inputs'; default all. */
  readonly storedAs?: (
    operands: readonly BundleDType[],
    params: Params,
    inputs: Readonly<Record<string, BundleDType>>,
  ) => readonly BundleDType[];
  /** May it be absent? Default `false`. */
  readonly optional?: boolean;
  /**
   * Parameters with which the tensor may be there at all, and must be unless it is optional.
   * Default all.
   */
  readonly when?: (params: Params) => boolean;
  /** Does no gradient flow into it, though it is an output? Default `false`. */
  readonly detached?: boolean;
  /**
   * The op that gives a detached output with its gradient, where torch has one: what needs that
   * gradient is refused, not left without it.
   */
  readonly instead?: string;
  /** Values that its elements may have. Default any. */
  readonly range?: (known: Known<Params>) => Range;
  /**
   * Dimensions over which -inf beside other elements means "masked", as in logits: the lowest
   * number. Default it means nothing.
   */
  readonly maskedOver?: (params: Params, shape: Shape) => readonly number[];
  /** Whether -inf is one of its values, and means that an element is not seen. */
  readonly hides?: boolean;
  /** Whether its elements are compared and copied, and nothing else: infinities are among them. */
  readonly ordered?: boolean;
  /** Whether its elements are finite and none is less than the one before it. */
  readonly ascending?: boolean;
}

/**
 * The rules of one side by name. `x#` stands for x0, x1, ...; `base.*` for any name that begins so.
 * Order matters for patterns.
 */
export type TensorRules<Params> = Readonly<Record<string, TensorRule<Params>>>;

export const FLOAT = ['F32', 'F16', 'BF16', 'F64'] as const;
const NUMBERS: readonly DType[] = ['f32', 'i32', 'u8', 'i8'];
export const REAL = ['F32', 'F16', 'BF16', 'F64', 'I32', 'I8', 'U8'] as const;

/** A tensor of floats, computed in float32. */
export const float = <P>(shape: ShapeRule<P>): TensorRule<P> => ({
  dtypes: FLOAT,
  native: ['f32'],
  shape,
});
/** A tensor of floats that a quantizer reads as they are stored: those of float32 or less. */
export const weight = <P>(shape: ShapeRule<P>): TensorRule<P> => ({
  dtypes: ['F32', 'F16', 'BF16'],
  native: ['f32', 'f16', 'bf16'],
  shape,
});
/** A tensor of bytes that hold codes. */
export const codes = <P>(shape: ShapeRule<P>): TensorRule<P> => ({
  dtypes: ['U8'],
  native: ['u8'],
  shape,
});
/** A tensor of signed bytes. */
export const signedCodes = <P>(shape: ShapeRule<P>): TensorRule<P> => ({
  dtypes: ['I8'],
  native: ['i8'],
  shape,
});
/** A tensor of indices that lie in `range`. */
export const index = <P>(shape: ShapeRule<P>, range?: TensorRule<P>['range']): TensorRule<P> => ({
  dtypes: ['I32'],
  native: ['i32'],
  shape,
  ...(range ? { range } : {}),
});
/** An operand of any element type of bundles, computed in float32. */
export const real = <P>(shape: ShapeRule<P>): TensorRule<P> => ({
  dtypes: REAL,
  native: NUMBERS,
  operand: 'floats',
  shape,
});
/** An operand of any element type of bundles, computed in float32 or int32 as it is stored. */
export const numeric = <P>(shape: ShapeRule<P>): TensorRule<P> => ({
  dtypes: REAL,
  native: NUMBERS,
  operand: 'numbers',
  shape,
});

/** Tensors of names that the bundle chooses, such as those of a state dict. */
export const anything: TensorRule<object> & { readonly optional: true } = {
  dtypes: REAL,
  native: ['f32'],
  shape: (_, actual) => actual,
  optional: true,
};

/** The same rule for a tensor that may be absent. */
export const optional = <P>(rule: TensorRule<P>): TensorRule<P> & { readonly optional: true } => ({
  ...rule,
  optional: true,
});
/** The same rule for an output that no gradient flows into. */
export const detached = <Rule extends TensorRule<never>>(
  rule: Rule,
  options: Pick<TensorRule<never>, 'instead'> = {},
): Rule & { readonly detached: true } => ({ ...rule, ...options, detached: true });
/** The same rule for logits, in which -inf means "masked" over some dimensions. */
export const masked = <P>(
  rule: TensorRule<P>,
  maskedOver: NonNullable<TensorRule<P>['maskedOver']>,
): TensorRule<P> => ({ ...rule, maskedOver });
/** The same rule for elements that are compared and copied, infinities like others. */
export const ordered = <P>(rule: TensorRule<P>): TensorRule<P> => ({ ...rule, ordered: true });
/** The same rule for a result whose element type follows from those of the inputs. */
export const stored = <P>(
  rule: TensorRule<P>,
  storedAs: NonNullable<TensorRule<P>['storedAs']>,
): TensorRule<P> => ({ ...rule, storedAs });
/** The same rule for a tensor that is there exactly with some parameters. */
export const onlyWhen = <P>(
  when: (params: P) => boolean,
  rule: TensorRule<P>,
): TensorRule<P> & { readonly when: (params: P) => boolean } => ({ ...rule, when });

/** Parameter types. */
export const number = v.pipe(v.number(), v.finite());
/** A number that may be none that JSON has, which is a string there. */
export const anyNumber = v.union([
  number,
  v.pipe(v.picklist(['-Infinity', 'Infinity', 'NaN']), v.transform(Number)),
]);
export const positive = v.pipe(number, v.gtValue(0));
export const notNegative = v.pipe(number, v.minValue(0));
export const fraction = v.pipe(number, v.minValue(0), v.maxValue(1));
export const integer = v.pipe(v.number(), v.safeInteger());
export const size = v.pipe(integer, v.minValue(1));
export const count = v.pipe(integer, v.minValue(0));
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
/** Two numbers from `least` on, which `names` tells, or one for both. */
function two(least: number, names: string) {
  const each = v.pipe(integer, v.minValue(least));
  return v.pipe(
    v.union(
      [
        v.strictTuple([each, each]),
        v.pipe(
          each,
          v.transform((n): [number, number] => [n, n]),
        ),
      ],
      `give one whole number from ${least} on, or ${names}`,
    ),
    v.readonly(),
  );
}
/** Either one number for both directions or [vertical, horizontal]. */
export const pair = two(1, '[vertical, horizontal]');
/** Two numbers from 0 on, which `names` tells, or one for both. */
export const counts = (names: string) => two(0, names);
/** [top, left, bottom, right], or as torch has it one number, or [vertical, horizontal]. */
export const padding = v.pipe(
  v.union(
    [
      v.strictTuple([count, count, count, count]),
      v.pipe(
        v.strictTuple([count, count]),
        v.transform(([y, x]): [number, number, number, number] => [y, x, y, x]),
      ),
      v.pipe(
        count,
        v.transform((n): [number, number, number, number] => [n, n, n, n]),
      ),
    ],
    'give one whole number from 0 on, [vertical, horizontal] or [top, left, bottom, right]',
  ),
  v.readonly(),
);
/** No parameters. */
export const none = v.strictObject({});
