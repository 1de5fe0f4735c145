import type { NbitsFormat } from '../../quant/nbits/layout.ts';
import type { Random } from '../../tensor/random.ts';
import type { matmulNbits as signature } from '../../vocabulary/matmul/matmul_nbits.ts';
import type { SampleOf } from '../define.ts';
import { drawNbitsWeight } from '../quant/nbits-weight.ts';
import { type Described, decodedSample, weightOf } from './decoded-sample.ts';

interface Description extends Described, NbitsFormat {
  readonly zero?: 'codes' | 'floats' | 'middle';
  /** Whether columns say which block they are of. */
  readonly indexed?: boolean;
  readonly accuracy_level?: 0 | 4;
}

const REGISTER = ['register'];
const ALL = ['register', 'subgroup', 'tiled'];

function sample({
  bits,
  block_size,
  zero = 'codes',
  indexed = false,
  accuracy_level = 0,
  ...of
}: Description): SampleOf<typeof signature> {
  const { level, transpose_weight = true } = of;
  const [out_features, in_features] = weightOf(of);
  const params = { bits, block_size, out_features, in_features, transpose_weight, accuracy_level };
  const weight = (random: Random) =>
    drawNbitsWeight(random, params, {
      zeroPoints: zero,
      scale: () => (level === 'exact' ? 2 ** random.integer(-2, 1) : random.normal(0.5)),
      zero: () => (level === 'exact' ? random.integer(0, 30) / 2 : random.normal(4)),
      indexed,
    });
  const label = {
    ...{ bits, block: block_size, ...(zero === 'codes' ? {} : { zero }) },
    ...(indexed ? { g_idx: 'given' } : {}),
    ...(accuracy_level ? { accuracy: accuracy_level } : {}),
  };
  return { ...decodedSample({ variants: REGISTER, ...of }, weight, { label }), params };
}

/** Rows that fill no last block, no four and no last byte of zero points; and a weight as it lies. */
export const samples: readonly SampleOf<typeof signature>[] = [
  sample({ level: 'exact', bits: 4, block_size: 16, x: [11, 53], out: 13 }),
  sample({
    ...{ level: 'exact', bits: 4, block_size: 16, x: [11, 53], out: 13 },
    ...{ variants: ['subgroup'], tier: 'full' },
  }),
  sample({ level: 'legal', bits: 4, block_size: 32, x: [3, 96], out: 21 }),
  sample({
    ...{ level: 'legal', bits: 4, block_size: 32, x: [2, 3, 64], out: 64, zero: 'middle' },
    gradientTier: 'full',
  }),
  sample({ level: 'exact', bits: 8, block_size: 16, x: [5, 44], out: 7, gradientTier: 'full' }),
  sample({
    ...{ level: 'exact', bits: 8, block_size: 64, x: [9, 131], out: 19, zero: 'middle' },
    ...{ variants: ALL, tier: 'full' },
  }),
  sample({
    ...{ level: 'exact', bits: 4, block_size: 16, x: [10, 48], out: 17 },
    ...{ variants: ['tiled'], tier: 'full' },
  }),
  sample({ level: 'legal', bits: 4, block_size: 128, x: [1, 300], out: 5, tier: 'full' }),
  sample({ level: 'exact', bits: 2, block_size: 16, x: [3, 100], out: 9, tier: 'full' }),
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
  sample({
    ...{ level: 'exact', bits: 4, block_size: 16, x: [3, 53], out: 11, zero: 'floats' },
    tier: 'full',
  }),
  sample({
    ...{ level: 'legal', bits: 2, block_size: 32, x: [5, 96], out: 13, zero: 'floats' },
    gradientTier: 'full',
  }),
  sample({
    ...{ level: 'exact', bits: 4, block_size: 16, x: [5, 53], out: 14, indexed: true },
    gradientTier: 'full',
  }),
  sample({
    ...{ level: 'exact', bits: 8, block_size: 16, x: [7, 9], out: 75, zero: 'floats' },
    ...{ indexed: true, transpose_weight: false, variants: ALL, tier: 'full' },
  }),
  sample({ level: 'legal', bits: 4, block_size: 32, x: [2, 70], out: 5, accuracy_level: 4 }),
];
