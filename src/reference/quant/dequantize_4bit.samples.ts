import type { Dequantize } from '../../vocabulary/quant/dequantize.ts';
import type { SampleOf } from '../define.ts';
import { sample } from './dequantize.samples.ts';

export const samples: readonly SampleOf<Dequantize>[] = [
  sample('exact', { quant_type: 'nf4', blocksize: 32, shape: [37, 53] }),
  sample('exact', { quant_type: 'fp4', blocksize: 64, shape: [1000] }),
  sample('legal', { quant_type: 'nf4', blocksize: 64, shape: [1] }),
  sample('legal', { quant_type: 'nf4', blocksize: 128, shape: [64, 64] }),
  sample('legal', { quant_type: 'nf4', blocksize: 4096, shape: [3, 3001], dtype: 'f16' }),
  sample('legal', { quant_type: 'fp4', blocksize: 256, shape: [6, 97], dtype: 'bf16' }),
];
