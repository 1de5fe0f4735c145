import { FOUR_BIT_CODES, type FourBitType } from '../../quant/four-bit-tables.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Sample } from '../record.ts';
import type { Quantize4bitParams } from './nested.ts';

interface Description {
  readonly layer?: 'exact' | 'legal';
  readonly shape: Shape;
  readonly params: Quantize4bitParams;
  readonly dtype?: DType;
  readonly variant?: 'serial' | 'cooperative';
  readonly values?: string;
  readonly tier?: 'quick' | 'full';
  readonly draw?: (random: Random, shape: Shape) => ArrayLike<number>;
}

function sample({
  layer = 'legal',
  shape,
  params,
  dtype = 'f32',
  variant = 'serial',
  values,
  tier,
  draw,
}: Description): Sample<Quantize4bitParams> {
  const { quant_type, blocksize, compress_statistics, nested_rounding } = params;
  return {
    layer,
    label: {
      weight: formatShape(shape),
      type: quant_type,
      block: blocksize,
      ...(dtype === 'f32' ? {} : { dtype }),
      ...(compress_statistics ? { nested: nested_rounding ?? 'nearest' } : {}),
      ...(values ? { values } : {}),
    },
    ...(tier ? { tier } : {}),
    params,
    inputs: (random) => ({
      weight: hostTensorFrom(dtype, shape, draw ? draw(random, shape) : random.fill(sizeOf(shape), () => random.normal(0.02))),
    }),
    variants: [variant],
  };
}

/** Elements that a code holds exactly: values of the table times a power of two; each block begins with its absmax. */
function representable(type: FourBitType, blocksize: number) {
  return (random: Random, shape: Shape) => {
    let scale = 1;
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      if (i % blocksize === 0) scale = 2 ** random.integer(-6, 6);
      return i % blocksize === 0 ? scale : scale * (FOUR_BIT_CODES[type][random.integer(0, 15)] as number);
    });
  };
}

/** Block maxima where arithmetic is delicate: nothing, denormals, the smallest and the largest normal numbers, powers of two. */
const CORNER_MAXIMA = [0, 2 ** -149, 5e-39, 1e-38, 1.1e-38, 2 ** -126, 3e-38, 1e-20, 1, 1 - 2 ** -24, 3e37, 2 ** 126, 3.4e38];

function corners(random: Random, shape: Shape): ArrayLike<number> {
  return random
    .fill(sizeOf(shape), () => random.uniform(-1, 1))
    .map((x, i) => (i % 32 === 7 ? -1 : x) * (CORNER_MAXIMA[Math.floor(i / 32)] as number));
}

const nf4 = (blocksize: number): Quantize4bitParams => ({ quant_type: 'nf4', blocksize });
const fp4 = (blocksize: number): Quantize4bitParams => ({ quant_type: 'fp4', blocksize });
const nested = (params: Quantize4bitParams, nested_rounding: 'nearest' | 'lut16'): Quantize4bitParams => ({
  ...params,
  compress_statistics: true,
  nested_blocksize: 256,
  nested_rounding,
});

/** Cases of quantize_4bit: odd sizes, tails, every input dtype, zeros, denormals, ties, one and two levels of quantization. */
export const quantize4bitSamples: readonly Sample<Quantize4bitParams>[] = [
  sample({ layer: 'exact', shape: [37, 53], params: nf4(64), draw: representable('nf4', 64) }),
  sample({ layer: 'exact', shape: [7, 96], params: fp4(32), variant: 'cooperative', draw: representable('fp4', 32) }),
  sample({ shape: [1], params: nf4(64) }),
  sample({ shape: [CORNER_MAXIMA.length, 32], params: nf4(32), values: 'corners', draw: corners }),
  sample({ shape: [1000], params: fp4(64) }),
  sample({ shape: [37, 67], params: nf4(128), dtype: 'f16' }),
  sample({ shape: [5, 301], params: fp4(256), dtype: 'bf16' }),
  sample({ shape: [3, 3001], params: nf4(4096), variant: 'cooperative' }),
  sample({ shape: [301, 64], params: nested(nf4(64), 'nearest') }),
  sample({ shape: [77, 65], params: nested(fp4(64), 'lut16') }),
  ...[512, 1024, 2048].map((blocksize) => sample({ shape: [5, 1023], params: nf4(blocksize), variant: 'cooperative', tier: 'full' })),
];
