import type { QuantizedProduct } from '../../vocabulary/matmul/matmul_quantized.ts';
import type { SampleOf } from '../define.ts';
import { ALL, sample } from './matmul_quantized.samples.ts';

export const samples: readonly SampleOf<QuantizedProduct>[] = [
  sample('exact', [37, 53], 29, 'nf4', 32, ALL),
  sample('exact', [1, 53], 29, 'nf4', 64, ['register']),
  sample('exact', [2, 3, 72], 19, 'nf4', 64, ['register']),
  { ...sample('exact', [2, 3, 72], 19, 'nf4', 64, ['subgroup']), tier: 'full' },
  { ...sample('exact', [1, 72], 19, 'fp4', 4096, ['register']), tier: 'full' },
  // Rows that are whole blocks.
  sample('exact', [19, 128], 36, 'nf4', 64, ['register']),
  { ...sample('exact', [19, 128], 36, 'nf4', 64, ['subgroup', 'tiled']), tier: 'full' },
  sample('legal', [37, 53], 29, 'nf4', 32),
  { ...sample('legal', [29, 320], 33, 'fp4', 128), tier: 'full' },
  // Tall and narrow: tiles of several rows are neighbours, and a row ends inside a word of codes,
  // or in the middle of one.
  sample('exact', [19, 3], 3, 'nf4', 32),
  { ...sample('exact', [5, 12], 7, 'fp4', 32), tier: 'full' },
  // Whole workgroups without an invocation to spare; the last block ends inside a four of terms.
  sample('exact', [8, 5], 256, 'nf4', 32, ['register']),
  { ...sample('exact', [8, 5], 256, 'nf4', 32, ['subgroup']), tier: 'full' },
  sample('legal', [1, 1], 1, 'nf4', 32, ['register']),
];
