import type { Tape } from '../../autograd/tape.ts';
import { absMean } from '../../ops/quant/abs_mean.ts';
import { bitnetLinear } from '../../ops/quant/bitnet_linear.ts';
import { bitnetQuantize } from '../../ops/quant/bitnet_quantize.ts';
import { ternarize } from '../../ops/quant/ternarize.ts';
import { ternaryMatmul } from '../../ops/quant/ternary_matmul.ts';
import { ternaryPack } from '../../ops/quant/ternary_pack.ts';
import { format } from '../../quant/ternary/format.ts';
import { bytesOfTrits, type TritPacking, tritsOfByte } from '../../quant/ternary/trit-packing.ts';
import { matrixView, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Coding, decodedTrits, type Parts } from '../coding.ts';
import { type Choice, type Method, type Scheme, widthOf } from '../method.ts';

/** The threshold in means of |w| (Li and Liu, "Ternary Weight Networks", 2016). */
const THRESHOLD_FACTOR = 0.7;

/** Bits of a trit where a byte holds five. */
const BASE3_BITS = 8 / tritsOfByte('base3');

/** Trits, four a byte or five, with a scale for each output or for all. */
export const methods: readonly Method[] = [
  {
    name: 'ternary',
    library: 'gradproof',
    bits: [2],
    groups: ['channel', 'tensor'],
    make: ({ group }: Choice) => scheme(group, BY_THRESHOLD, byThreshold(group)),
  },
  {
    name: 'ternary_base3',
    library: 'gradproof',
    bits: [BASE3_BITS],
    groups: ['channel', 'tensor'],
    make: ({ group }: Choice) => ({
      ...scheme(group, BY_THRESHOLD, byThreshold(group), 'base3'),
      // Else a byte holds trits of two rows.
      rowsApart: (shape) => group === 'channel' && widthOf(shape) % tritsOfByte('base3') === 0,
      weight: (parts, shape) => ({ format: fiveAByte, shape, parts }),
    }),
  },
  {
    name: 'bitnet',
    library: 'BitNet b1.58',
    bits: [2],
    groups: ['tensor'],
    make: ({ group }: Choice) => scheme(group, ['bitnet_quantize'], bitnet),
  },
  {
    name: 'bitnet_int8',
    library: 'BitNet b1.58',
    bits: [2],
    groups: ['tensor'],
    make: ({ group }: Choice) => ({
      ...scheme(group, ['bitnet_quantize'], bitnet),
      ops: ['bitnet_quantize', 'ternary_pack', 'ternary_unpack', 'bitnet_linear'],
      product: 'bitnet_linear: trits times codes of x of 8 bits, in integers',
      weight: (parts, shape) => ({ format: eightBits, shape, parts }),
    }),
  },
];

type Ternarize = (
  tape: Tape,
  weight: Tensor,
  layer: string,
) => { readonly trits: Tensor; readonly scale: Tensor };

const BY_THRESHOLD = ['abs_mean', 'ternarize'];

/** Zero below a share of the mean of |w|; the scale is the mean of the others. */
const byThreshold =
  (group: Choice['group']): Ternarize =>
  (tape, weight, layer) => {
    const per_channel = group === 'channel';
    const params = { per_channel, factor: THRESHOLD_FACTOR };
    const { mean: threshold } = tape.apply(absMean, { weight }, params, `${layer}.threshold`);
    const kept = { weight, limit: threshold };
    const { mean: scale } = tape.apply(absMean, kept, { per_channel }, `${layer}.scale`);
    const { trits } = tape.apply(ternarize, { weight, threshold }, {}, layer);
    return { trits, scale };
  };

const bitnet: Ternarize = (tape, weight, layer) =>
  tape.apply(bitnetQuantize, { weight }, {}, layer);

/** The trits of `bitnet`, which rows of x meet in 8 bits, as BitNet b1.58 infers. */
const eightBits: Coding = {
  name: 'bitnet_int8',
  decode: decodedTrits,
  multiply: (tape, { shape, parts }, x, layer) => {
    const { packed, scale } = parts as Parts<'packed' | 'scale'>;
    const [out_features] = matrixView(shape);
    return tape.apply(bitnetLinear, { x, packed, scale }, { out_features }, layer).y;
  },
  takesCodes: true,
};

/** Trits as digits to base 3, which a product decodes in registers. */
const fiveAByte: Coding = {
  name: 'ternary_base3',
  decode: (tape, weight, layer) => decodedTrits(tape, weight, layer, 'base3'),
  multiply: (tape, { shape, parts }, x, layer) => {
    const { packed, scale } = parts as Parts<'packed' | 'scale'>;
    const [out_features] = matrixView(shape);
    const params = { out_features, order: 'base3' } as const;
    return tape.apply(ternaryMatmul, { x, packed, scale }, params, layer).y;
  },
};

function scheme(
  group: Choice['group'],
  ops: readonly string[],
  ternarizing: Ternarize,
  order: TritPacking = 'low',
): Scheme {
  const scales = (shape: Shape) => (group === 'channel' ? matrixView(shape)[0] : 1);
  return {
    ops: [...ops, 'ternary_pack', 'ternary_unpack', 'ternary_matmul'],
    product: 'ternary_matmul, decoded in registers',
    rowsApart: () => group === 'channel',
    parts: (shape) => ({
      packed: { dtype: 'u8', shape: [bytesOfTrits(sizeOf(shape), order)] },
      scale: { dtype: 'f32', shape: [scales(shape)] },
    }),
    stored: { packed: 'weight', scale: 'weight_scale' },
    quantize: (tape, weight, layer) => {
      const { trits, scale } = ternarizing(tape, weight, layer);
      const { packed } = tape.apply(ternaryPack, { trits }, { order }, `${layer}.pack`);
      return { packed, scale };
    },
    weight: (parts, shape) => ({
      format,
      ...(group === 'channel' ? { blocksize: matrixView(shape)[1] } : {}),
      shape,
      parts,
    }),
  };
}
