import * as v from 'valibot';
import type { Shape } from '../../../tensor/shape.ts';
import { FLOAT, float, integer, type Known, onlyWhen, op, optional, positive, size, type TensorRule } from '../rules.ts';
import { axisIn, blocks, exactly, like } from '../shape-rules.ts';

const hqq = v.strictObject({
  nbits: v.optional(v.picklist([8, 6, 5, 4, 3, 2, 1.58, 1]), 4),
  axis: v.optional(v.picklist([0, 1]), 0),
  group_size: v.optional(size, 64),
  optimize: v.optional(v.boolean(), true),
  round_zero: v.optional(v.boolean(), false),
  lp_norm: v.optional(positive, 0.7),
  beta: v.optional(positive, 10),
  kappa: v.optional(positive, 1.01),
  iters: v.optional(size, 20),
  packing: v.optional(v.string()),
});
type Hqq = v.InferOutput<typeof hqq>;

/** Rows of the packed matrix for each row of codes that goes into one. */
const HQQ_ROWS_PER_WORD: Readonly<Record<Hqq['nbits'], number>> = { 8: 1, 6: 1, 5: 1, 4: 2, 3: 10, 2: 4, 1.58: 4, 1: 8 };

/** The matrix of groups: a group is a row (axis 1) or a column (axis 0). */
function hqqGroups({ size: n, params }: Known<Hqq>): [number, number] {
  const groups = exactly(n('w'), params.group_size, 'the number of weights');
  return params.axis === 1 ? [groups, params.group_size] : [params.group_size, groups];
}

function hqqScale(known: Known<Hqq>): Shape {
  const [rows, columns] = hqqGroups(known);
  return known.params.axis === 1 ? [rows, 1] : [1, columns];
}

function hqqPacked(known: Known<Hqq>): Shape {
  const [rows, columns] = hqqGroups(known);
  return [Math.ceil(rows / HQQ_ROWS_PER_WORD[known.params.nbits]), columns];
}

const QUANTO_BITS = { qint2: 2, qint4: 4, qint8: 8, qfloat8: 8, qfloat8_e4m3fn: 8, qfloat8_e5m2: 8 } as const;
const quanto = v.strictObject({
  qtype: v.picklist(Object.keys(QUANTO_BITS) as (keyof typeof QUANTO_BITS)[]),
  axis: v.optional(v.picklist([0, -1]), 0),
  group_size: v.optional(size),
});
type Quanto = v.InferOutput<typeof quanto>;

/** The matrix that is quantized, in which a group is a row (axis 0) or a column (axis -1); without groups the weight itself. */
function quantoGroups({ size: n, shape, params: { axis, group_size: group } }: Known<Quanto>): Shape {
  if (group === undefined) return shape('weight');
  const groups = exactly(n('w'), group, 'the number of weights');
  return axis === 0 ? [groups, group] : [group, groups];
}

function quantoScale(known: Known<Quanto>): Shape {
  const along = axisIn(known.params.axis, known.shape('weight'));
  const groups = quantoGroups(known);
  return groups.map((n, d) =>
    d === (known.params.group_size === undefined ? along : known.params.axis === 0 ? 0 : groups.length - 1) ? n : 1,
  );
}

function quantoPacked(known: Known<Quanto>): Shape {
  const [rows = 1, ...rest] = quantoGroups(known);
  return [Math.ceil((rows * QUANTO_BITS[known.params.qtype]) / 8), ...rest];
}

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
  return [...weight.slice(0, -1), exactly(weight.at(-1) as number, params.group_size, 'the last dimension')];
}

const onnx = v.strictObject({
  axis: v.optional(integer),
  block_size: v.optional(size),
  dtype: v.optional(v.picklist(['int4', 'uint4', 'int8', 'uint8'])),
});
type Onnx = v.InferOutput<typeof onnx>;

/** One scale, one for each index of the axis, or one for each block along the axis. */
const onnxScale =
  (name: string) =>
  ({ shape, params: { axis, block_size: block } }: Known<Onnx>): Shape => {
    if (axis === undefined) return [1];
    const x = shape(name);
    const along = axisIn(axis, x);
    if (block === undefined) return [x[along] as number];
    return x.map((n, d) => (d === along ? blocks(n, block) : n));
  };
const zeroPoint = (dtypes: TensorRule<Onnx>['dtypes']): TensorRule<Onnx> => optional({ dtypes, shape: like('scale') });

/** Formats of HQQ, Quanto, MLX and ONNX. */
export const formats = {
  hqq_quantize: op(hqq, {
    inputs: { weight: float('[*w]') },
    outputs: {
      packed: { dtypes: ['U8', 'I32'], shape: hqqPacked },
      unpacked: { dtypes: ['U8'], shape: hqqGroups },
      scale: float(hqqScale),
      zero: float(hqqScale),
      dequant: float('[*w]'),
    },
  }),
  quanto_quantize: op(quanto, {
    inputs: { weight: float('[*w]') },
    outputs: {
      packed: { dtypes: ['U8'], shape: quantoPacked },
      q: { dtypes: ['I8', 'U8'], shape: quantoGroups },
      unpacked: { dtypes: ['U8', 'I8'], shape: quantoGroups },
      scale: float(quantoScale),
      shift: { dtypes: [...FLOAT, 'U8'], shape: quantoScale },
      dequant: float('[*w]'),
    },
  }),
  mlx_quantize: op(mlx, {
    inputs: { weight: float('[*rows, cols]'), x: optional(float('[*t, cols]')) },
    outputs: {
      packed: {
        dtypes: ['I32'],
        shape: ({ shape, params: { bits } }) => [
          ...shape('weight').slice(0, -1),
          exactly((shape('weight').at(-1) as number) * bits, 32, 'the bits of a row'),
        ],
      },
      scales: { dtypes: [...FLOAT, 'U8'], shape: mlxScales },
      biases: onlyWhen(affine, float(mlxScales)),
      dequant: float('[*rows, cols]'),
      y: float(({ shape }) => [...shape('x').slice(0, -1), shape('weight')[0] as number]),
    },
  }),
  quantize_linear: op(onnx, {
    inputs: { x: float('[*x]'), scale: float(onnxScale('x')), zero_point: zeroPoint(['I8', 'U8']) },
    outputs: { q: { dtypes: ['I8', 'U8'], shape: '[*x]' } },
  }),
  dequantize_linear: op(onnx, {
    inputs: { q: { dtypes: ['I8', 'U8', 'I32'], shape: '[*x]' }, scale: float(onnxScale('q')), zero_point: zeroPoint(['I8', 'U8', 'I32']) },
    outputs: { y: float('[*x]') },
  }),
};
