import type { Quantize } from '../../vocabulary/quant/quantize.ts';
import type { SampleOf } from '../define.ts';
import {
  boundaries,
  corners,
  level,
  representable,
  sample,
  type Target,
} from './quantize.samples.ts';

const nf4 = (blocksize: number): Target => ({ quant_type: 'nf4', blocksize });
const fp4 = (blocksize: number): Target => ({ quant_type: 'fp4', blocksize });
const nested = (params: Target, nested_rounding: 'nearest' | 'lut16'): Target => ({
  ...params,
  compress_statistics: true,
  nested_blocksize: 256,
  nested_rounding,
});

/**
 * Cases of quantize_4bit: odd sizes, tails, every input dtype, zeros, denormals, ties, one and two
 * levels of quantization.
 */
export const samples: readonly SampleOf<Quantize>[] = [
  sample({ level: 'exact', shape: [37, 53], params: nf4(64), draw: representable('nf4', 64) }),
  sample({
    level: 'exact',
    shape: [7, 96],
    params: fp4(32),
    variant: 'cooperative',
    draw: representable('fp4', 32),
  }),
  sample({ shape: [1], params: nf4(64) }),
  sample({ shape: [3, 64], params: fp4(64), tier: 'full' }), // whole blocks
  corners('f32', 'nf4'),
  corners('f16', 'nf4'),
  corners('bf16', 'nf4'),
  sample({ shape: [1000], params: nf4(64), values: 'boundaries', draw: boundaries('nf4') }),
  sample({ shape: [1000], params: fp4(64), values: 'boundaries', draw: boundaries('fp4') }),
  sample({ shape: [1000], params: fp4(64) }),
  sample({ shape: [37, 67], params: nf4(128), dtype: 'f16' }),
  sample({ shape: [5, 301], params: nf4(256), dtype: 'bf16' }),
  sample({ shape: [3, 3001], params: nf4(4096), variant: 'cooperative' }),
  sample({ shape: [301, 64], params: nested(nf4(64), 'nearest') }),
  sample({ shape: [77, 65], params: nested(fp4(64), 'lut16') }),
  sample({
    shape: [137, 64],
    params: { ...nf4(64), compress_statistics: true },
    values: 'level',
    draw: level(64),
  }), // defaults
  ...[512, 1024, 2048].map((blocksize) =>
    sample({ shape: [5, 1023], params: nf4(blocksize), variant: 'cooperative', tier: 'full' }),
  ),
];
