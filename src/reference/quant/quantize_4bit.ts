import { EPS, FLUSH, storageStep } from '../bounds.ts';
import type { Acceptance, Acceptances, Arithmetic, OpRecord, Value, Values } from '../record.ts';
import { wrongParams } from '../wrong-value.ts';
import { blockAbsmax, blockCount, unsupportedBlock } from './blocks.ts';
import { quantize4bitSamples } from './four-bit-samples.ts';
import {
  type Nested,
  type NestedBounds,
  type NestedParams,
  nest,
  nestedBounds,
  nestedOutputs,
  type Quantize4bitParams,
  restorable,
} from './nested.ts';
import { acceptsByte, fourBitRanks, inBand, packedCodes, type Ranks, valueOfRank } from './ranks.ts';

const weightOf = (inputs: Values): Value => inputs['weight'] as Value;

function forward(inputs: Values, { quant_type, blocksize, compress_statistics, ...params }: Quantize4bitParams): Values {
  const { shape, data } = weightOf(inputs);
  const absmax = blockAbsmax(data, blocksize);
  const ranks = fourBitRanks(data, absmax, blocksize, quant_type, true);
  const packed = packedCodes(ranks, quant_type);
  const nested = compress_statistics ? nest(absmax, params) : undefined;
  const scales = nested?.restored ?? absmax;
  const dequant = data.map((_, i) => valueOfRank(ranks.rank[i] as number, quant_type) * (scales[Math.floor(i / blocksize)] as number));
  return {
    packed: { shape: [packed.length, 1], data: packed },
    absmax: { shape: [absmax.length], data: absmax },
    dequant: { shape, data: dequant },
    ...(nested ? nestedOutputs(nested) : {}),
  };
}

function acceptance(inputs: Values, outputs: Values, params: Quantize4bitParams, arithmetic: Arithmetic): Acceptances {
  const { quant_type, blocksize } = params;
  const { data } = weightOf(inputs);
  const raw = blockAbsmax(data, blocksize);
  const ranks = fourBitRanks(data, raw, blocksize, quant_type, arithmetic.ieee);
  const packed: Acceptance = {
    kind: 'codes',
    accepts: (k, byte) => acceptsByte(byte, k, ranks, quant_type),
    inBand: inBand(ranks, quant_type),
  };
  if (!params.compress_statistics) {
    return { packed, absmax: rawAbsmax(raw, data.length, blocksize), dequant: withinProducts(ranks, (j) => [raw[j] as number]) };
  }
  const nested = nest(raw, params);
  const bounds = nestedBounds(nested, params, arithmetic);
  return {
    packed,
    ...nestedAcceptances(nested, bounds, params),
    dequant: withinProducts(ranks, (j) => restorable(nested, bounds, j, params), bounds.restored),
  };

  /** Right values of an element are its right codes times the right scales of its block. */
  function withinProducts({ low, high }: Ranks, scalesOf: (block: number) => readonly number[], scaleBounds?: Float64Array): Acceptance {
    const oracle = (outputs['dequant'] as Value).data;
    const scales = Array.from({ length: blockCount(data.length, blocksize) }, (_, j) => scalesOf(j));
    const bound = oracle.map((_, i) => {
      const j = Math.floor(i / blocksize);
      const [first, last] = [valueOfRank(low[i] as number, quant_type), valueOfRank(high[i] as number, quant_type)];
      const largest = Math.max(Math.abs(first), Math.abs(last));
      const y = largest * Math.max(...(scales[j] as number[]).map(Math.abs));
      return largest * (scaleBounds?.[j] ?? 0) + EPS * y + FLUSH + storageStep(y, weightOf(inputs).dtype) / 2;
    });
    return { kind: 'within', bound, nearest };

    function nearest(i: number, actual: number): number {
      let best = oracle[i] as number;
      for (let rank = low[i] as number; rank <= (high[i] as number); rank++) {
        for (const scale of scales[Math.floor(i / blocksize)] as number[]) {
          const candidate = valueOfRank(rank, quant_type) * scale;
          if (Math.abs(actual - candidate) < Math.abs(actual - best)) best = candidate;
        }
      }
      return best;
    }
  }
}

/** Exact; for a short last block of zeros or denormals bitsandbytes' CPU code stores 1e-38, what it divided by. */
function rawAbsmax(raw: Float64Array, n: number, blocksize: number): Acceptance {
  const shortBlock = n % blocksize === 0 ? -1 : raw.length - 1;
  const smallest = Math.fround(1e-38);
  const accepts = (j: number, actual: number) =>
    actual === raw[j] || (j === shortBlock && (raw[j] as number) < smallest && actual === smallest);
  return { kind: 'codes', accepts, inBand: 0 };
}

function nestedAcceptances(nested: Nested, bounds: NestedBounds, params: NestedParams): Acceptances {
  const nearest = (j: number, actual: number) =>
    restorable(nested, bounds, j, params).reduce((best, x) => (Math.abs(x - actual) < Math.abs(best - actual) ? x : best));
  return {
    absmax: { kind: 'within', bound: bounds.restored, nearest },
    absmax_q: {
      kind: 'codes',
      accepts: (j, code) => Number.isInteger(code) && code >= (bounds.low[j] as number) && code <= (bounds.high[j] as number),
      inBand: bounds.low.reduce((count, low, j) => count + Number(low !== bounds.high[j]), 0),
    },
    nested_absmax: { kind: 'within', bound: bounds.absmax },
    nested_offset: { kind: 'within', bound: Float64Array.of(bounds.offset) },
  };
}

const withWeight = (inputs: Values, change: (data: Float64Array) => Float64Array): Values => ({
  ...inputs,
  weight: { ...weightOf(inputs), data: change(weightOf(inputs).data) },
});

/** bitsandbytes.functional.quantize_4bit, with dequantize_4bit of what it returns. */
export const record: OpRecord<Quantize4bitParams> = {
  name: 'quantize_4bit',
  family: 'quant',
  summary: '4-bit codes of blocks relative to their largest absolute value (NF4, FP4), and what they decode to',
  inputs: { weight: { dtypes: ['f32', 'f16', 'bf16'] } },
  outputs: {
    packed: { dtypes: ['u8'] },
    absmax: { dtypes: ['f32'] },
    dequant: { dtypes: ['f32', 'f16', 'bf16'] },
    absmax_q: { dtypes: ['u8'], optional: true },
    nested_absmax: { dtypes: ['f32'], optional: true },
    nested_offset: { dtypes: ['f32'], optional: true },
  },
  unsupported: (_inputs, params) => (params.compress_statistics ? unsupportedBlock(params.nested_blocksize ?? 256) : undefined),
  forward,
  acceptance,
  samples: quantize4bitSamples,
  faults: [
    {
      name: 'nibbles swapped',
      shader: { file: 'quant/quantize_4bit', from: '((i & 7u) ^ 1u) * 4u', to: '(i & 7u) * 4u' },
    },
  ],
  wrongValues: [
    wrongParams('the other 4-bit type', (params) => ({ ...params, quant_type: params.quant_type === 'nf4' ? 'fp4' : 'nf4' })),
    wrongParams('block size doubled', (params) => ({ ...params, blocksize: 2 * params.blocksize })),
    {
      name: 'last element dropped',
      apply: (inputs, params) => ({ inputs: withWeight(inputs, (w) => w.map((x, i) => (i === w.length - 1 ? 0 : x))), params }),
    },
    {
      name: "neighbour's elements swapped",
      apply: (inputs, params) => ({ inputs: withWeight(inputs, (w) => w.map((x, i) => w[i ^ 1] ?? x)), params }),
    },
    {
      name: 'scale wrong by 2e-5',
      apply: (inputs, params) => ({ inputs: withWeight(inputs, (w) => w.map((x) => x * (1 + 2e-5))), params }),
    },
    wrongParams('statistics not compressed', (params) => ({ ...params, compress_statistics: false })),
    wrongParams('nested block size doubled', (params) => ({ ...params, nested_blocksize: 2 * (params.nested_blocksize ?? 256) })),
    {
      name: 'other nested rounding',
      apply: (inputs, params) => ({
        inputs,
        params: { ...params, nested_rounding: params.nested_rounding === 'lut16' ? 'nearest' : 'lut16' },
      }),
    },
  ],
};
