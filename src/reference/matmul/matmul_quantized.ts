import { type BlockFormat, blockSizesOf, takesBlocks } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { decoded, type QuantizedWeight } from '../../quant/weight.ts';
import {
  type QuantizedProduct,
  quantizedProducts,
} from '../../vocabulary/matmul/matmul_quantized.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type RecordOf, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { boundRecords, codesOf, otherFormatBug } from '../quant/bound-records.ts';
import { swappedCodes } from '../quant/swapped-codes.ts';
import type { RecordFault, Value } from '../record.ts';
import { samplesOfFormat } from './matmul_quantized.samples.ts';
import { product, productBound } from './product.ts';

type Inputs = InputsOf<QuantizedProduct, Value>;
type Params = ParamsOf<QuantizedProduct>;

/** The weight among the inputs. */
export const quantizedWeight = (
  { packed, absmax }: Inputs,
  { quant_type, blocksize, out_features, in_features }: Params,
): QuantizedWeight<Value> => ({
  format: blockFormatOf(quant_type),
  blocksize,
  shape: [out_features, in_features],
  parts: { packed, absmax },
});

/** The weight in float64. */
function weightOf(inputs: Inputs, params: Params): Value {
  const weight = quantizedWeight(inputs, params);
  return { shape: weight.shape, data: decoded(weight) };
}

/** A decoded weight has been rounded once, which counts as one more operation in every product. */
const withDecoding = (depth: (terms: number) => number) => (terms: number) => depth(terms) + 1;

function swapped(variant: string, file: string, direction: 'forward' | 'backward'): RecordFault {
  return {
    name: 'neighbouring codes swapped',
    direction,
    variants: [variant],
    ...swappedCodes(file),
  };
}

/** The product of bitsandbytes' matmul_4bit in float32 compute, in any block format. */
const recordOf = (
  signature: QuantizedProduct,
  formats: readonly BlockFormat[],
  samples: readonly SampleOf<QuantizedProduct>[],
): RecordOf<QuantizedProduct> =>
  defineRecord(signature, {
    summary: `y = x W^T with W decoded in registers, from ${codesOf(formats)}`,
    unsupported: (inputs, params) => {
      const { format, blocksize, shape } = quantizedWeight(inputs, params);
      return takesBlocks(format, blocksize, shape)
        ? undefined
        : `blocks of ${blocksize}: give ${blockSizesOf(format)}`;
    },
    forward: (inputs, params) => ({
      y: product(inputs.x, weightOf(inputs, params), false, params.transpose_weight),
    }),
    acceptance: (inputs, _outputs, params, { depth }) => ({
      y: productBound(
        inputs.x,
        weightOf(inputs, params),
        false,
        params.transpose_weight,
        withDecoding(depth),
      ),
    }),
    vjp: (inputs, params, grads) => ({
      x: product(grads.y, weightOf(inputs, params), false, !params.transpose_weight),
    }),
    vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => ({
      x: productBound(
        grads.y,
        weightOf(inputs, params),
        false,
        !params.transpose_weight,
        withDecoding(depth),
      ),
    }),
    samples,
    faults: [
      ...(['forward', 'backward'] as const).flatMap((direction) => [
        swapped('register', 'matmul/register', direction),
        swapped('subgroup', 'matmul/quad', direction),
        swapped('tiled', 'matmul/split', direction),
      ]),
    ],
    plausibleBugs: [
      paramsBug('blocks twice as long', (params) => ({
        ...params,
        blocksize: params.blocksize * 2,
      })),
      otherFormatBug<Params, Inputs>(formats),
      inputBug('nibbles swapped', 'packed', (x) => (x % 16) * 16 + Math.floor(x / 16)),
      inputBug('a code one too high', 'packed', (x, i) => (i === 0 ? x ^ 16 : x)),
      inputBug('absmax of the next block', 'absmax', (_, i, { data }) =>
        Number(data[(i + 1) % data.length]),
      ),
      inputBug('absmax wrong by 2e-5', 'absmax', (x) => x * (1 + 2e-5)),
      inputBug('last term dropped', 'x', (x, i, { shape }) => {
        const terms = shape.at(-1) as number;
        return i % terms === terms - 1 ? 0 : x;
      }),
    ],
  });

export const records = boundRecords(
  'multiply',
  quantizedProducts,
  import.meta.glob<{ readonly samples: readonly SampleOf<QuantizedProduct>[] }>(
    './matmul_*.samples.ts',
    { eager: true },
  ),
  samplesOfFormat,
  recordOf,
);
