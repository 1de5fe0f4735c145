import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { FLOAT, float, type Known, onlyWhen, optional } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

const mlx = v.pipe(
  v.strictObject({
    mode: v.optional(v.picklist(['affine', 'mxfp4', 'mxfp8', 'nvfp4']), 'affine'),
    bits: v.optional(v.picklist([2, 3, 4, 5, 6, 8]), 4),
    group_size: v.optional(v.picklist([16, 32, 64, 128]), 64),
  }),
);
type Mlx = v.InferOutput<typeof mlx>;
const affine = ({ mode }: Mlx) => mode === 'affine';

function mlxScales({ shape, params }: Known<Mlx>): Shape {
  const weight = shape('weight');
  return [
    ...weight.slice(0, -1),
    exactly(weight.at(-1) as number, params.group_size, 'the last dimension'),
  ];
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
    biases: onlyWhen(affine, float(mlxScales)),
    dequant: float('[*rows, cols]'),
    y: float(({ shape }) => [...shape('x').slice(0, -1), shape('weight')[0] as number]),
  },
});
