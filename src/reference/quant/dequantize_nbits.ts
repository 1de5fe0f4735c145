import type { NbitsFormat } from '../../quant/nbits/layout.ts';
import { dequantizeNbits as signature } from '../../vocabulary/quant/dequantize_nbits.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { computedNbits, drawNbitsWeight, nbitsBugs, nbitsValues } from './nbits-weight.ts';

interface Description extends NbitsFormat {
  readonly level?: 'exact' | 'legal';
  readonly y: readonly [out: number, cols: number];
  readonly zero?: 'codes' | 'floats' | 'middle';
  readonly indexed?: boolean;
}

function sample({ level = 'legal', y, zero = 'codes', indexed = false, ...format }: Description) {
  const params = { ...format, out_features: y[0], in_features: y[1] };
  return {
    level,
    label: {
      y: y.join('x'),
      bits: format.bits,
      block: format.block_size,
      ...(zero === 'codes' ? {} : { zero }),
      ...(indexed ? { g_idx: 'given' } : {}),
    },
    params,
    inputs: (random) =>
      drawNbitsWeight(random, params, {
        zeroPoints: zero,
        scale: () => (level === 'exact' ? 2 ** random.integer(-3, 3) : random.normal()),
        zero: () => (level === 'exact' ? random.integer(0, 30) / 2 : random.normal(4)),
        indexed,
      }),
  } satisfies SampleOf<typeof signature>;
}

/** What DequantizeLinear makes of the same codes, scales and zero points. */
export const record = defineRecord(signature, {
  summary: 'y = (code - zero point) scale, of codes in blocks along the rows for MatMulNBits',
  forward: (weight, params) => {
    const { shape, data } = nbitsValues(weight, params);
    return { y: { shape, data } };
  },
  acceptance: (weight, _outputs, params, { otherFormulas }) => ({
    y: { kind: 'within', bound: nbitsValues(weight, params, otherFormulas).bound },
  }),
  samples: [
    sample({ y: [5, 64], bits: 4, block_size: 32 }),
    sample({ y: [3, 53], bits: 4, block_size: 16 }),
    sample({ y: [7, 37], bits: 4, block_size: 16, zero: 'middle', level: 'exact' }),
    sample({ y: [3, 131], bits: 8, block_size: 64 }),
    sample({ y: [2, 33], bits: 8, block_size: 16, zero: 'middle' }),
    sample({ y: [9, 115], bits: 2, block_size: 16, level: 'exact' }),
    sample({ y: [3, 257], bits: 4, block_size: 256 }),
    sample({ y: [1, 1], bits: 4, block_size: 128 }),
    sample({ y: [3, 53], bits: 4, block_size: 16, zero: 'floats' }),
    sample({ y: [5, 37], bits: 2, block_size: 16, zero: 'floats', indexed: true, level: 'exact' }),
    sample({ y: [3, 83], bits: 8, block_size: 32, indexed: true, level: 'exact' }),
  ],
  faults: [
    {
      name: 'codes in another order',
      shader: {
        file: 'quant/dequantize_nbits',
        from: 'vec4u(0u, BITS, 2u * BITS, 3u * BITS)',
        to: 'vec4u(BITS, 0u, 3u * BITS, 2u * BITS)',
      },
    },
  ],
  plausibleBugs: nbitsBugs(),
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, weight, params) => ({ y: computedNbits(gpu, weight, params) }),
});
