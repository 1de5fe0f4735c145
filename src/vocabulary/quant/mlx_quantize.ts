import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';
import { FLOAT, float, type Known, onlyWhen, optional } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** What MLX has of each mode. */
const MODES = {
  affine: { bits: [2, 3, 4, 5, 6, 8], groups: [32, 64, 128] },
  mxfp4: { bits: [4], groups: [32] },
  mxfp8: { bits: [8], groups: [32] },
  nvfp4: { bits: [4], groups: [16] },
} as const;

/** Whether the widths and groups of a mode have these. */
export function isOfMode({ mode, bits, group_size }: MlxParams): boolean {
  const { bits: widths, groups }: Record<'bits' | 'groups', readonly number[]> = MODES[mode];
  return widths.includes(bits) && groups.includes(group_size);
}

/** Parameters of MLX's formats, with what they are by default. */
export const mlxEntries = {
  mode: v.optional(v.picklist(['affine', 'mxfp4', 'mxfp8', 'nvfp4']), 'affine'),
  bits: v.optional(v.picklist([2, 3, 4, 5, 6, 8]), 4),
  group_size: v.optional(v.picklist([16, 32, 64, 128]), 64),
};
const params = v.strictObject(mlxEntries);
/** Mode, bits of a code, and elements that share a scale. */
export type MlxParams = v.InferOutput<typeof params>;

/** What is said where {@link isOfMode} is false. */
export const NOT_OF_MODE = 'the mode has no codes of these bits and groups';
const mlx = v.pipe(params, v.check(isOfMode, NOT_OF_MODE));

/** Whether a weight has biases. */
export const isAffine = ({ mode }: MlxParams): boolean => mode === 'affine';

function mlxScales({ shape, params: { group_size } }: Known<MlxParams>): Shape {
  const weight = shape('weight');
  return [
    ...weight.slice(0, -1),
    exactly(weight.at(-1) as number, group_size, 'the last dimension'),
  ];
}

/** Rows of x times the transpose of a matrix. */
function mlxProduct({ shape }: Known<MlxParams>): Shape {
  const [rows, ...others] = shape('weight');
  if (rows === undefined || others.length !== 1)
    throw new SignatureError('a product needs a weight of two dimensions');
  return [...shape('x').slice(0, -1), rows];
}

/** MLX's quantization of rows in groups, and the product with a weight so stored. */
export const mlxQuantize = signature({ family: 'quant', name: 'mlx_quantize' }, mlx, {
  inputs: { weight: float('[*rows, cols]'), x: optional(float('[*t, cols]')) },
  outputs: {
    packed: {
      dtypes: ['I32'],
      native: ['i32'],
      shape: ({ shape, params: { bits } }) => [
        ...shape('weight').slice(0, -1),
        exactly((shape('weight').at(-1) as number) * bits, 32, 'the bits of a row'),
      ],
    },
    scales: { dtypes: [...FLOAT, 'U8'], native: ['f32', 'u8'], shape: mlxScales },
    biases: onlyWhen(isAffine, float(mlxScales)),
    dequant: float('[*rows, cols]'),
    y: optional(float(mlxProduct)),
  },
});
