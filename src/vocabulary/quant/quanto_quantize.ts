import * as v from 'valibot';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';
import { codes, FLOAT, float, type Known, onlyWhen, size } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

const BITS = {
  qint2: 2,
  qint4: 4,
  qint8: 8,
  qfloat8: 8,
  qfloat8_e4m3fn: 8,
  qfloat8_e4m3fnuz: 8,
  qfloat8_e5m2: 8,
} as const;

const params = v.strictObject({
  qtype: v.picklist(Object.keys(BITS) as (keyof typeof BITS)[]),
  axis: v.optional(v.picklist([0, -1]), 0),
  group_size: v.optional(size),
});
/** Type of the codes, the axis along which scales differ, and elements that share one. */
export type QuantoParams = v.InferOutput<typeof params>;

/** Bits of a code: below 8 it is affine, several a byte. */
export const quantoBits = ({ qtype }: Pick<QuantoParams, 'qtype'>): number => BITS[qtype];

const isAffine = (p: QuantoParams) => quantoBits(p) < 8;

const quanto = v.pipe(
  params,
  v.check((p) => isAffine(p) || p.group_size === undefined, 'codes of 8 bits have no groups'),
);

/** How Quanto cuts a weight into groups. */
export interface QuantoGroups {
  /**
   * Of the matrix of groups, in which a group is a row (axis 0) or a column (axis -1); without groups
   * the weight itself.
   */
  readonly shape: Shape;
  readonly scale: Shape;
  /** How many elements a group has. */
  readonly length: number;
  /** Whether a group is a column. */
  readonly inColumns: boolean;
  /** How far its elements are apart in the weight. */
  readonly apart: number;
}

/**
 * The groups of a weight. Throws SignatureError where it has fewer than two dimensions, or not one or
 * more whole groups for each index of the axis.
 */
export function quantoGroups(weight: Shape, params: QuantoParams): QuantoGroups {
  const { axis, group_size } = params;
  const [first, ...rest] = weight;
  if (first === undefined || rest.length === 0)
    throw new SignatureError('scales along an axis need a weight of two dimensions or more');
  const count = sizeOf(weight);
  const along = axis === 0 ? first : (weight.at(-1) as number);
  const others = along === 0 ? 0 : count / along;
  if (along > 0 && others === 0) throw new SignatureError('a scale needs elements');
  if (group_size === undefined) return uncut(weight, params);
  const groups = along * exactly(others, group_size, 'the number of weights along the other axes');
  if (axis === 0 && groups === 1) return uncut([1, group_size], params);
  const length = group_size;
  return axis === 0
    ? { shape: [groups, length], scale: [groups, 1], length, inColumns: false, apart: 1 }
    : { shape: [length, groups], scale: [1, groups], length, inColumns: true, apart: along };
}

/**
 * The groups of a weight where each index of the axis is one. An axis of one index is none to
 * Quanto's optimizers: codes of 8 bits then have one scale for all, and affine codes groups along the
 * last axis.
 */
function uncut(weight: Shape, params: QuantoParams): QuantoGroups {
  const count = sizeOf(weight);
  const last = weight.length - 1;
  const asked = params.axis === 0 ? 0 : last;
  const isOne = weight[asked] === 1;
  if (isOne && !isAffine(params))
    return { shape: weight, scale: [1], length: count, inColumns: false, apart: 1 };
  const along = isOne ? last : asked;
  const groups = weight[along] as number;
  const inColumns = along === last;
  return {
    shape: weight,
    scale: weight.map((n, d) => (d === along ? n : 1)),
    length: groups === 0 ? 0 : count / groups,
    inColumns,
    apart: inColumns ? groups : 1,
  };
}

const of = ({ shape, params: p }: Known<QuantoParams>) => quantoGroups(shape('weight'), p);
const quantoScale = (known: Known<QuantoParams>) => of(known).scale;

/** Rows of the matrix side by side in a byte. */
function quantoPacked(known: Known<QuantoParams>): Shape {
  const [rows = 0, ...rest] = of(known).shape;
  return [Math.ceil((rows * quantoBits(known.params)) / 8), ...rest];
}

/** Quanto's quantization per axis or in groups. */
export const quantoQuantize = signature({ family: 'quant', name: 'quanto_quantize' }, quanto, {
  inputs: { weight: float('[*w]') },
  outputs: {
    packed: onlyWhen(isAffine, codes(quantoPacked)),
    q: onlyWhen((p) => !isAffine(p), {
      dtypes: ['I8', 'U8'],
      native: ['i8', 'u8'],
      shape: (known) => of(known).shape,
      storedAs: (_, { qtype }) => [qtype === 'qint8' ? 'I8' : 'U8'],
    }),
    unpacked: onlyWhen(
      isAffine,
      codes((known) => of(known).shape),
    ),
    scale: float(quantoScale),
    shift: onlyWhen(isAffine, {
      dtypes: [...FLOAT, 'U8'],
      native: ['f32', 'u8'],
      shape: quantoScale,
    }),
    dequant: float('[*w]'),
  },
});
