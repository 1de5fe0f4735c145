import type { NbitsFormat } from '../../quant/nbits/layout.ts';
import type { Random } from '../../tensor/random.ts';
import type { matmulNbits as signature } from '../../vocabulary/matmul/matmul_nbits.ts';
import type { SampleOf } from '../define.ts';
import { drawNbitsWeight } from '../quant/nbits-weight.ts';
import { type Described, decodedSample, weightOf } from './decoded-sample.ts';

interface Description extends Described, NbitsFormat {
  readonly symmetric?: boolean;
}

const REGISTER = ['register'];
const LANES = ['register', 'subgroup'];
const ALL = [...LANES, 'tiled'];

function sample({
  bits,
  block_size,
  symmetric = false,
  ...of
}: Description): SampleOf<typeof signature> {
  const { level, transpose_weight = true } = of;
  const [out_features, in_features] = weightOf(of);
  const params = { bits, block_size, out_features, in_features, transpose_weight };
  const weight = (random: Random) =>
    drawNbitsWeight(random, params, {
      zeroPoints: !symmetric,
      scale: () => (level === 'exact' ? 2 ** random.integer(-2, 1) : random.normal(0.5)),
    });
  const label = { bits, block: block_size, ...(symmetric ? { zero: 'middle' } : {}) };
  return { ...decodedSample({ variants: REGISTER, ...of }, weight, { label }), params };
}

/** Rows that fill no last block, no four and no last byte of zero points; and a weight as it lies. */
export const samples: readonly SampleOf<typeof signature>[] = [
  sample({ level: 'exact', bits: 4, block_size: 16, x: [11, 53], out: 13, variants: LANES }),
  sample({ level: 'legal', bits: 4, block_size: 32, x: [3, 96], out: 21 }),
  sample({ level: 'legal', bits: 4, block_size: 32, x: [2, 3, 64], out: 64, symmetric: true }),
  sample({ level: 'exact', bits: 8, block_size: 16, x: [5, 44], out: 7, gradientTier: 'full' }),
  sample({
    ...{ level: 'exact', bits: 8, block_size: 64, x: [9, 131], out: 19, symmetric: true },
    ...{ variants: ALL, tier: 'full' },
  }),
  sample({ level: 'exact', bits: 4, block_size: 16, x: [10, 48], out: 17, variants: ['tiled'] }),
  sample({ level: 'legal', bits: 4, block_size: 128, x: [1, 300], out: 5, tier: 'full' }),
  sample({ level: 'exact', bits: 2, block_size: 16, x: [3, 100], out: 9, gradientTier: 'full' }),
  sample({ level: 'legal', bits: 8, block_size: 256, x: [1, 1], out: 1, tier: 'full' }),
  sample({
    level: 'exact',
    bits: 4,
    block_size: 16,
    x: [3, 7, 5],
    out: 37,
    transpose_weight: false,
  }),
  sample({
    ...{ level: 'legal', bits: 4, block_size: 32, x: [9, 37], out: 99, variants: ALL },
    ...{ transpose_weight: false, tier: 'full' },
  }),
];
