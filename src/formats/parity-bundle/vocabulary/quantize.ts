import * as v from 'valibot';
import { FOUR_BIT_BLOCK_SIZES } from '../../../quant/four-bit-tables.ts';
import { FormatError } from '../../format-error.ts';
import { codes, float, index, off, onlyWhen, op, optional, positive, signedCodes, size, weight } from '../rules.ts';
import { blocks, like } from '../shape-rules.ts';

const ROUNDING = v.picklist(['nearest', 'lut16']);

const fourBit = v.pipe(
  v.strictObject({
    quant_type: v.picklist(['nf4', 'fp4']),
    blocksize: v.optional(v.picklist(FOUR_BIT_BLOCK_SIZES), 64),
    compress_statistics: off,
    nested_blocksize: v.optional(size, 256),
    nested_rounding: v.optional(ROUNDING),
  }),
  v.check((p) => !p.compress_statistics || p.nested_rounding !== undefined, 'compress_statistics needs nested_rounding'),
);
type FourBit = v.InferOutput<typeof fourBit>;
const nested = ({ compress_statistics }: FourBit) => compress_statistics;

/** Formats of bitsandbytes, and the ternary ones. */
export const quantize = {
  quantize_4bit: op(fourBit, {
    inputs: { weight: weight('[*w]') },
    outputs: {
      packed: codes(({ size: n }) => [Math.ceil(n('w') / 2), 1]),
      absmax: float(({ size: n, params }) => [blocks(n('w'), params.blocksize)]),
      dequant: float('[*w]'),
      absmax_q: onlyWhen(
        nested,
        codes(({ size: n, params }) => [blocks(n('w'), params.blocksize)]),
      ),
      nested_absmax: onlyWhen(
        nested,
        float(({ size: n, params }) => [blocks(blocks(n('w'), params.blocksize), params.nested_blocksize)]),
      ),
      nested_offset: onlyWhen(nested, float('[1]')),
    },
  }),
  quantize_blockwise: op(v.strictObject({ blocksize: v.optional(size, 4096), signed: v.optional(v.boolean(), true), rounding: ROUNDING }), {
    inputs: { x: weight('[*x]'), code: { ...float('[256]'), ascending: true } },
    outputs: { q: codes('[*x]'), absmax: float(({ size: n, params }) => [blocks(n('x'), params.blocksize)]), dequant: float('[*x]') },
  }),
  dynamic_map: op(
    v.strictObject({
      signed: v.optional(v.boolean(), true),
      max_exponent_bits: v.optional(v.pipe(size, v.maxValue(8)), 7),
      total_bits: v.optional(v.pipe(size, v.minValue(2), v.maxValue(8)), 8),
    }),
    {
      inputs: {},
      outputs: { code: float('[256]') },
    },
  ),
  int8_vectorwise_quant: op(v.strictObject({ threshold: v.optional(v.pipe(v.number(), v.minValue(0)), 0) }), {
    inputs: { x: float('[*rows, cols]') },
    outputs: {
      q: signedCodes('[*rows, cols]'),
      row_stats: float(({ size: n }) => [n('rows')]),
      outlier_cols: index(outliers),
      dequant: float('[*rows, cols]'),
    },
  }),
  linear_8bit_lt: op(v.strictObject({ threshold: v.optional(v.pipe(v.number(), v.minValue(0)), 0) }), {
    inputs: { x: float('[*rows, cols]'), weight: float('[out, cols]'), bias: optional(float('[out]')) },
    outputs: {
      q_weight: signedCodes('[out, cols]'),
      weight_stats: float('[out]'),
      q_x: signedCodes(({ size: n }) => [n('rows'), n('cols')]),
      row_stats: float(({ size: n }) => [n('rows')]),
      outlier_cols: index(outliers),
      acc: index(({ size: n }) => [n('rows'), n('out')]),
      y: float('[*rows, out]'),
    },
  }),
  ternary_quantize: op(v.strictObject({ threshold_factor: v.optional(positive, 0.7) }), {
    inputs: { weight: float('[*w]') },
    outputs: {
      trits: signedCodes(like('weight')),
      packed: codes(({ size: n }) => [Math.ceil(n('w') / 4)]),
      threshold: float('[1]'),
      scale: float('[1]'),
      dequant: float('[*w]'),
    },
  }),
  bitnet_quantize: op(v.strictObject({ eps: v.optional(positive, 1e-5) }), {
    inputs: { weight: float('[*w]') },
    outputs: { trits: signedCodes('[*w]'), scale: float('[1]'), dequant: float('[*w]') },
  }),
};

/** A list of columns, no longer than there are columns. */
function outliers({ size: n }: { size: (name: string) => number }, actual: readonly number[]): readonly number[] {
  const [columns = 0] = actual;
  if (actual.length !== 1 || columns > n('cols')) throw new FormatError(`there are only ${n('cols')} columns`);
  return actual;
}
