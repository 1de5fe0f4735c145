import { E4M3, E5M2, valueOfCode } from '../../quant/small-floats.ts';
import {
  type ByteProductParams,
  matmul8bit as signature,
} from '../../vocabulary/matmul/matmul_8bit.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { inputBug, lastTermDropped, nextScales, paramsBug } from '../plausible-bug.ts';
import {
  type DecodedWeight,
  decodedProductOf,
  decodedWeight,
  loaderFaults,
  transposed,
} from '../quant/decoded-product.ts';
import { exactly } from '../quant/ranges.ts';
import type { Value } from '../record.ts';
import { samples } from './matmul_8bit.samples.ts';

/** A weight in codes of 8 bits on the host. */
export type ByteWeight = Omit<InputsOf<typeof signature, Value>, 'x'>;

/** What each code stands for before its scale, and the scale. */
export function valuesAndScales(
  { q, scale, code }: ByteWeight,
  { codes, blocksize }: ByteProductParams,
): (i: number) => { readonly value: number; readonly scale: number } {
  const meaning = {
    int8: (c: number) => c,
    map: (c: number) => code?.data[c] as number,
    e4m3: (c: number) => valueOfCode(c, E4M3),
    e5m2: (c: number) => valueOfCode(c, E5M2),
  }[codes];
  return (i) => ({
    value: meaning(q.data[i] as number),
    scale: scale.data[Math.floor(i / blocksize)] as number,
  });
}

/** Value times scale in float64, and how far float32 may be off. */
function weightOf(weight: ByteWeight, params: ByteProductParams): DecodedWeight {
  const at = valuesAndScales(weight, params);
  return decodedWeight([params.out_features, params.in_features], (i, ops) => {
    const { value, scale } = at(i);
    return ops.mul(exactly(scale), exactly(value));
  });
}

const OTHER = { int8: 'int8', map: 'map', e4m3: 'e5m2', e5m2: 'e4m3' } as const;

/** The product of x and a weight in codes of 8 bits that ONNX, Quanto or bitsandbytes decode. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from codes of 8 bits times scales of blocks',
  ...decodedProductOf(weightOf),
  samples,
  faults: loaderFaults(
    'codes in reversed bytes',
    'vec4u(0x1000000u, 0x10000u, 0x100u, 1u)',
    'vec4u(1u, 0x100u, 0x10000u, 0x1000000u)',
  ),
  plausibleBugs: [
    paramsBug('blocks twice as long', (params) => ({
      ...params,
      blocksize: params.blocksize * 2,
    })),
    paramsBug('the other float of 8 bits', (params) => ({ ...params, codes: OTHER[params.codes] })),
    paramsBug('the other way round', transposed),
    inputBug('a code with its lowest bit turned', 'q', (code, i) => (i === 0 ? code ^ 1 : code)),
    nextScales('scales of the next block', 'scale'),
    inputBug('scales wrong by 2e-5', 'scale', (scale) => scale * (1 + 2e-5)),
    inputBug('map wrong by 2e-5', 'code', (value) => value * (1 + 2e-5)),
    lastTermDropped(),
  ],
});
