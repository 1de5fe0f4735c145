import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { type Quantize, quantizations } from '../../vocabulary/quant/quantize.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, storageStep } from '../bounds.ts';
import { defineRecord, type RecordOf, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Acceptances, Arithmetic, Value } from '../record.ts';
import { blockAbsmax, blockCount, blockScales, unsupportedBlock } from './blocks.ts';
import { boundRecords, codesOf, otherFormatBug } from './bound-records.ts';
import { nearestOf } from './nearest.ts';
import {
  type Nested,
  type NestedBounds,
  type NestedParams,
  nest,
  nestedBounds,
  nestedOutputs,
  type OwnScales,
  restorable,
} from './nested.ts';
import { samplesOfFormat } from './quantize.samples.ts';
import {
  acceptsByte,
  blockRanks,
  inBand,
  packedCodes,
  type Ranks,
  valueOfRank,
  valuesBetween,
} from './ranks.ts';

type Inputs = InputsOf<Quantize, Value>;
type Outputs<T> = OutputsOf<Quantize, T>;
type Params = ParamsOf<Quantize>;

function forward(
  { weight: { shape, data } }: Inputs,
  { quant_type, blocksize, compress_statistics, ...params }: Params,
): Outputs<Value> {
  const format = blockFormatOf(quant_type);
  const absmax = compress_statistics
    ? blockAbsmax(data, blocksize)
    : blockScales(data, blocksize, format);
  const ranks = blockRanks(data, absmax, blocksize, format, true);
  const packed = packedCodes(ranks, format);
  const nested = compress_statistics ? nest(absmax, params) : undefined;
  const scales = nested?.restored ?? absmax;
  const dequant = data.map(
    (_, i) =>
      valueOfRank(ranks.rank[i] as number, format) * (scales[Math.floor(i / blocksize)] as number),
  );
  return {
    packed: { shape: [packed.length, 1], data: packed },
    absmax: { shape: [absmax.length], data: absmax },
    dequant: { shape, data: dequant },
    ...(nested ? nestedOutputs(nested) : {}),
  };
}

/** Outputs, with the mean and the largest of blocks by which a party compressed its scales. */
type Chosen = Outputs<Value> & { readonly own_offset?: Value; readonly own_absmax?: Value };

function forwardChosen(
  inputs: Inputs,
  { nested_offset, nested_absmax }: Partial<Outputs<Value>>,
  params: Params,
): Chosen | undefined {
  if (!nested_offset || !nested_absmax) return undefined;
  return { ...forward(inputs, params), own_offset: nested_offset, own_absmax: nested_absmax };
}

/** What {@link nestedBounds} takes of them. */
function ownScalesOf({ own_offset, own_absmax }: Chosen): OwnScales | undefined {
  if (!own_offset || !own_absmax) return undefined;
  return { offset: own_offset.data[0] as number, absmax: own_absmax.data };
}

function acceptance(
  { weight }: Inputs,
  outputs: Outputs<Value>,
  params: Params,
  arithmetic: Arithmetic,
): Partial<Outputs<Acceptance>> {
  const { quant_type, blocksize } = params;
  const format = blockFormatOf(quant_type);
  const { data } = weight;
  const raw = params.compress_statistics
    ? blockAbsmax(data, blocksize)
    : blockScales(data, blocksize, format);
  const ranks = blockRanks(data, raw, blocksize, format, arithmetic.ieee);
  const packed: Acceptance = {
    kind: 'codes',
    accepts: (k, byte) => acceptsByte(byte, k, ranks, format),
    inBand: inBand(ranks, format),
    codes: data.length,
  };
  if (!params.compress_statistics) {
    return {
      packed,
      absmax: rawAbsmax(raw, data.length, blocksize),
      dequant: withinProducts(ranks, (j) => [raw[j] as number]),
    };
  }
  const nested = nest(raw, params);
  const bounds = nestedBounds(nested, params, arithmetic, ownScalesOf(outputs));
  return {
    packed,
    ...nestedAcceptances(nested, bounds, params),
    dequant: withinProducts(ranks, (j) => restorable(nested, bounds, j, params), bounds.restored),
  };

  /** Right values of an element are its right codes times the right scales of its block. */
  function withinProducts(
    { low, high }: Ranks,
    scalesOf: (block: number) => readonly number[],
    scaleBounds?: Float64Array,
  ): Acceptance {
    const oracle = outputs.dequant.data;
    const scales = Array.from({ length: blockCount(data.length, blocksize) }, (_, j) =>
      scalesOf(j),
    );
    const bound = oracle.map((_, i) => {
      const j = Math.floor(i / blocksize);
      const first = valueOfRank(low[i] as number, format);
      const last = valueOfRank(high[i] as number, format);
      const largest = Math.max(Math.abs(first), Math.abs(last));
      const y = largest * Math.max(...(scales[j] as number[]).map(Math.abs));
      return largest * (scaleBounds?.[j] ?? 0) + EPS * y + FLUSH + storageStep(y, weight.dtype) / 2;
    });
    return { kind: 'within', bound, nearest };

    function nearest(i: number, actual: number): number {
      const own = scales[Math.floor(i / blocksize)] as readonly number[];
      const right = valuesBetween(low[i] as number, high[i] as number, format);
      return nearestOf(
        right.flatMap((value) => own.map((scale) => value * scale)),
        actual,
      );
    }
  }
}

/**
 * Exact; for a short last block of zeros or denormals bitsandbytes' CPU code stores 1e-38, what it
 * divided by.
 */
function rawAbsmax(raw: Float64Array, n: number, blocksize: number): Acceptance {
  const isShort = (j: number) => n % blocksize !== 0 && j === raw.length - 1;
  const smallest = Math.fround(1e-38);
  const accepts = (j: number, actual: number) =>
    actual === raw[j] || (isShort(j) && (raw[j] as number) < smallest && actual === smallest);
  return { kind: 'codes', accepts, inBand: 0 };
}

function nestedAcceptances(
  nested: Nested,
  bounds: NestedBounds,
  params: NestedParams,
): Acceptances {
  const nearest = (j: number, actual: number) =>
    nearestOf(restorable(nested, bounds, j, params), actual);
  return {
    absmax: { kind: 'within', bound: bounds.restored, nearest },
    absmax_q: {
      kind: 'codes',
      accepts: (j, code) =>
        Number.isInteger(code) &&
        code >= (bounds.low[j] as number) &&
        code <= (bounds.high[j] as number),
      inBand: bounds.low.reduce((count, low, j) => count + Number(low !== bounds.high[j]), 0),
    },
    nested_absmax: { kind: 'within', bound: bounds.absmax },
    nested_offset: { kind: 'within', bound: Float64Array.of(bounds.offset) },
  };
}

/** bitsandbytes.functional.quantize_4bit, and what the codes decode to, in any block format. */
const recordOf = (
  signature: Quantize,
  formats: readonly BlockFormat[],
  samples: readonly SampleOf<Quantize>[],
): RecordOf<Quantize> =>
  defineRecord(signature, {
    summary: `${codesOf(formats)} of blocks relative to their largest absolute value, and what they decode to`,
    unsupported: (_inputs, params) =>
      params.compress_statistics ? unsupportedBlock(params.nested_blocksize) : undefined,
    forward,
    forwardChosen,
    acceptance,
    samples,
    faults: [
      {
        name: 'neighbouring codes swapped',
        shader: {
          file: 'quant/quantize',
          from: 'vec4u(encode(y.x), encode(y.y), encode(y.z), encode(y.w))',
          to: 'vec4u(encode(y.y), encode(y.x), encode(y.w), encode(y.z))',
        },
      },
    ],
    plausibleBugs: [
      otherFormatBug<Params, Inputs>(formats),
      paramsBug('block size doubled', (params) => ({ ...params, blocksize: 2 * params.blocksize })),
      inputBug('last element dropped', 'weight', (x, i, { data }) =>
        i === data.length - 1 ? 0 : x,
      ),
      inputBug("neighbour's elements swapped", 'weight', (x, i, { data }) => data[i ^ 1] ?? x),
      inputBug('scale wrong by 2e-5', 'weight', (x) => x * (1 + 2e-5)),
      paramsBug('statistics not compressed', (params) => ({
        ...params,
        compress_statistics: false,
      })),
      paramsBug('nested block size doubled', (params) => ({
        ...params,
        nested_blocksize: 2 * params.nested_blocksize,
      })),
      paramsBug('other nested rounding', (params) => ({
        ...params,
        nested_rounding: params.nested_rounding === 'lut16' ? 'nearest' : 'lut16',
      })),
    ],
  });

export const records = boundRecords(
  'quantize',
  quantizations,
  import.meta.glob<{ readonly samples: readonly SampleOf<Quantize>[] }>('./quantize_*.samples.ts', {
    eager: true,
  }),
  samplesOfFormat,
  recordOf,
);
