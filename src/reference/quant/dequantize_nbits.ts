import type { NbitsFormat } from '../../quant/nbits/layout.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { dequantizeNbits as signature } from '../../vocabulary/quant/dequantize_nbits.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { drawNbitsWeight, nbitsBugs, nbitsParts } from './nbits-weight.ts';

interface Description extends NbitsFormat {
  readonly level?: 'exact' | 'legal';
  readonly y: readonly [out: number, cols: number];
  readonly symmetric?: boolean;
}

function sample({ level = 'legal', y, symmetric = false, ...format }: Description) {
  const params = { ...format, out_features: y[0], in_features: y[1] };
  return {
    level,
    label: {
      y: y.join('x'),
      bits: format.bits,
      block: format.block_size,
      ...(symmetric ? { zero: 'middle' } : {}),
    },
    params,
    inputs: (random) =>
      drawNbitsWeight(random, params, {
        zeroPoints: !symmetric,
        scale: () => (level === 'exact' ? 2 ** random.integer(-3, 3) : random.normal()),
      }),
  } satisfies SampleOf<typeof signature>;
}

/** What DequantizeLinear makes of the same codes, scales and zero points. */
export const record = defineRecord(signature, {
  summary: 'y = (code - zero point) scale, of codes in blocks along the rows for MatMulNBits',
  forward: (weight, params) => {
    const shape = [params.out_features, params.in_features];
    const at = nbitsParts(weight, params);
    const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      const { level, scale } = at(i);
      return level * scale;
    });
    return { y: { shape, data } };
  },
  acceptance: (_inputs, { y }) => ({
    y: { kind: 'within', bound: y.data.map((x) => EPS * Math.abs(x) + FLUSH) },
  }),
  samples: [
    sample({ y: [5, 64], bits: 4, block_size: 32 }),
    sample({ y: [3, 53], bits: 4, block_size: 16 }),
    sample({ y: [7, 37], bits: 4, block_size: 16, symmetric: true, level: 'exact' }),
    sample({ y: [3, 131], bits: 8, block_size: 64 }),
    sample({ y: [2, 33], bits: 8, block_size: 16, symmetric: true }),
    sample({ y: [9, 115], bits: 2, block_size: 16, level: 'exact' }),
    sample({ y: [3, 257], bits: 4, block_size: 256 }),
    sample({ y: [1, 1], bits: 4, block_size: 128 }),
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
  forward: (gpu, weight, params) => {
    const shape = [params.out_features, params.in_features];
    const at = nbitsParts(weight, params);
    const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      const { level, scale } = at(i);
      return gpu.mul(level, scale);
    });
    return { y: { shape, data } };
  },
});
