import * as v from 'valibot';
import {
  isAffine,
  isOfMode,
  type MlxParams,
  mlxEntries,
  NOT_OF_MODE,
} from '../quant/mlx_quantize.ts';
import { FLOAT, float, type Known, on, onlyWhen, size } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

const params = v.pipe(
  v.strictObject({
    ...mlxEntries,
    out_features: size,
    in_features: size,
    /** True for y = x W^T, false for y = x W. */
    transpose_weight: on,
  }),
  v.check((p) => isOfMode(p), NOT_OF_MODE),
);

/** The format of a weight [out_features, in_features], and which way it lies. */
export type MlxProductParams = MlxParams &
  Readonly<{ out_features: number; in_features: number; transpose_weight: boolean }>;

const scales = ({ params: p }: Known<MlxProductParams>) => [
  p.out_features,
  exactly(p.in_features, p.group_size, 'in_features'),
];

/** mlx.core.quantized_matmul: a product with a weight that mlx_quantize made, decoded in registers. */
export const mlxMatmul = signature({ family: 'matmul', name: 'mlx_matmul' }, params, {
  inputs: {
    x: float(({ params: p }, actual) => [
      ...actual.slice(0, -1),
      p.transpose_weight ? p.in_features : p.out_features,
    ]),
    packed: {
      dtypes: ['I32'],
      native: ['i32'],
      shape: ({ params: p }) => [
        p.out_features,
        exactly(p.in_features * p.bits, 32, 'the bits of a row'),
      ],
    },
    scales: { dtypes: [...FLOAT, 'U8'], native: ['f32', 'u8'], shape: scales },
    biases: onlyWhen(isAffine, float(scales)),
  },
  outputs: {
    y: float(({ shape, params: p }) => [
      ...shape('x').slice(0, -1),
      p.transpose_weight ? p.out_features : p.in_features,
    ]),
  },
  gradients: ['x'],
});
