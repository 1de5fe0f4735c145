import { E4M3, E4M3FNUZ, E5M2, valueOfCode } from '../../quant/small-floats.ts';
import {
  type ByteCodes,
  type ByteProductParams,
  matmul8bit as signature,
} from '../../vocabulary/matmul/matmul_8bit.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { inputBug, lastTermDropped, nextScales, paramsBug } from '../plausible-bug.ts';
import {
  BYTES_FAULTS,
  type DecodedWeight,
  decodedProductOf,
  decodedWeight,
  transposed,
} from '../quant/decoded-product.ts';
import { exactly } from '../quant/ranges.ts';
import type { Value } from '../record.ts';
import { samples } from './matmul_8bit.samples.ts';

/** A weight in codes of 8 bits on the host. */
export type ByteWeight = Omit<InputsOf<typeof signature, Value>, 'x'>;

/** What a code stands for, where no map says it. */
const MEANINGS: Readonly<Record<ByteCodes, ((code: number) => number) | undefined>> = {
  int8: (code) => code,
  uint8: (code) => code,
  map: undefined,
  e4m3: (code) => valueOfCode(code, E4M3),
  e4m3fnuz: (code) => valueOfCode(code, E4M3FNUZ),
  e5m2: (code) => valueOfCode(code, E5M2),
};

/** What each code stands for before its scale, less its zero point, and the scale. */
export function valuesAndScales(
  { q, scale, zero_point, code }: ByteWeight,
  { codes, axis, blocksize, in_features }: ByteProductParams,
): (i: number) => { readonly value: number; readonly scale: number } {
  const meaning = MEANINGS[codes] ?? ((c: number) => code?.data[c] as number);
  return (i) => {
    const block = axis === 0 ? Math.floor(i / blocksize) : i % in_features;
    // A difference of whole numbers is exact.
    const value = meaning(q.data[i] as number) - (zero_point?.data[block] ?? 0);
    return { value, scale: scale.data[block] as number };
  };
}

/** Value times scale in float64, and how far float32 may be off. */
function weightOf(weight: ByteWeight, params: ByteProductParams): DecodedWeight {
  const at = valuesAndScales(weight, params);
  return decodedWeight([params.out_features, params.in_features], (i, ops) => {
    const { value, scale } = at(i);
    return ops.mul(exactly(scale), exactly(value));
  });
}

const OTHER = {
  int8: 'int8',
  uint8: 'uint8',
  map: 'map',
  e4m3: 'e5m2',
  e4m3fnuz: 'e4m3',
  e5m2: 'e4m3',
} as const;

/** The product of x and a weight in codes of 8 bits that ONNX, Quanto or bitsandbytes decode. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from codes of 8 bits times scales of blocks',
  unsupported: ({ q, zero_point }, { codes }) => {
    const stored = codes === 'int8' ? 'i8' : 'u8';
    const other = [q, zero_point].find(
      (part) => part?.dtype !== undefined && part.dtype !== stored,
    );
    if (other) return `${codes} stored as ${other.dtype}`;
    const meaning = MEANINGS[codes];
    return meaning && q.data.some((code) => Number.isNaN(meaning(code)))
      ? `codes of ${codes} that stand for no number`
      : undefined;
  },
  ...decodedProductOf(weightOf),
  samples,
  faults: BYTES_FAULTS,
  plausibleBugs: [
    paramsBug('blocks twice as long', (params) => ({
      ...params,
      blocksize: params.blocksize * 2,
    })),
    paramsBug('scales along the other axis', (params) => {
      const { axis, blocksize, out_features, in_features } = params;
      const isSquare = out_features === in_features && blocksize === out_features;
      return isSquare ? { ...params, axis: axis === 0 ? -1 : 0 } : params;
    }),
    paramsBug('another float of 8 bits', (params) => ({ ...params, codes: OTHER[params.codes] })),
    paramsBug('the other way round', transposed),
    inputBug('a code with its lowest bit turned', 'q', (code, i) => (i === 0 ? code ^ 1 : code)),
    nextScales('scales of the next block', 'scale'),
    inputBug('scales wrong by 2e-5', 'scale', (scale) => scale * (1 + 2e-5)),
    inputBug('map wrong by 2e-5', 'code', (value) => value * (1 + 2e-5)),
    inputBug('no zero points', 'zero_point', () => 0),
    nextScales('zero points of the next block', 'zero_point'),
    lastTermDropped(),
  ],
});
