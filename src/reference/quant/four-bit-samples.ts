import { fourBitFormat } from '../../quant/registry.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { quantize4bit } from '../../vocabulary/quant/quantize_4bit.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';
import { relativeToBlock } from './blocks.ts';

type Params = GivenParams<typeof quantize4bit>;
type Quantize4bitSample = SampleOf<typeof quantize4bit>;

interface Description {
  readonly level?: 'exact' | 'legal';
  readonly shape: Shape;
  readonly params: Params;
  readonly dtype?: DType;
  readonly variant?: 'serial' | 'cooperative';
  readonly values?: string;
  readonly tier?: 'quick' | 'full';
  readonly draw?: (random: Random, shape: Shape) => ArrayLike<number>;
}

function sample({
  level = 'legal',
  shape,
  params,
  dtype = 'f32',
  variant = 'serial',
  values,
  tier,
  draw,
}: Description): Quantize4bitSample {
  const { quant_type, blocksize, compress_statistics, nested_rounding } = params;
  return {
    level,
    label: {
      weight: formatShape(shape),
      type: quant_type,
      block: blocksize as number,
      ...(dtype === 'f32' ? {} : { dtype }),
      ...(compress_statistics ? { nested: nested_rounding ?? 'nearest' } : {}),
      ...(values ? { values } : {}),
    },
    ...(tier ? { tier } : {}),
    params,
    inputs: (random) => ({
      weight: hostTensorFrom(
        dtype,
        shape,
        draw ? draw(random, shape) : random.fill(sizeOf(shape), () => random.normal(0.02)),
      ),
    }),
    variants: [variant],
  };
}

/**
 * Elements that a code holds exactly: values of the table times a power of two; each block begins
 * with its absmax.
 */
function representable(type: string, blocksize: number) {
  const { values } = fourBitFormat(type);
  return (random: Random, shape: Shape) => {
    let scale = 1;
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      if (i % blocksize === 0) scale = 2 ** random.integer(-6, 6);
      return i % blocksize === 0 ? scale : scale * (values[random.integer(0, 15)] as number);
    });
  };
}

/**
 * Block maxima where arithmetic is delicate: nothing, denormals, the smallest and the largest
 * normal numbers, powers of two.
 */
const MAXIMA = {
  f32: [
    0,
    2 ** -149,
    5e-39,
    1e-38,
    1.1e-38,
    2 ** -126,
    3e-38,
    1e-20,
    1,
    1 - 2 ** -24,
    3e37,
    2 ** 126,
    3.4e38,
  ],
  f16: [0, 2 ** -24, 3e-6, 6.1e-5, 2 ** -14, 1e-3, 1, 1 - 2 ** -11, 65504],
  bf16: [0, 2 ** -133, 5e-39, 2 ** -126, 1e-20, 1, 1 - 2 ** -8, 3e38],
} as const;

/** Blocks of 32, one for each delicate maximum of the format. */
function corners(dtype: 'f32' | 'f16' | 'bf16', quant_type: string): Quantize4bitSample {
  const draw = (random: Random, shape: Shape) =>
    random
      .fill(sizeOf(shape), () => random.uniform(-1, 1))
      .map((x, i) => (i % 32 === 7 ? -1 : x) * (MAXIMA[dtype][i >> 5] as number));
  return sample({
    shape: [MAXIMA[dtype].length, 32],
    params: { quant_type, blocksize: 32 },
    dtype,
    values: 'corners',
    draw,
  });
}

/**
 * Blocks of 64 with the two neighbouring floats between which the code changes, at each threshold:
 * a reciprocal or product that is one unit off shows.
 */
function boundaries(type: string) {
  const { thresholds } = fourBitFormat(type).rounding;
  return (random: Random, shape: Shape) => {
    const data = random.fill(sizeOf(shape), () => 0);
    for (let start = 0; start < data.length; start += 64) {
      const absmax = Math.fround(random.uniform(1, 2) * 2 ** random.integer(-20, 20));
      const edges = thresholds.flatMap((t) => edgeOf(t, absmax));
      data.set([absmax, ...edges].slice(0, data.length - start), start);
    }
    return data;
  };
}

/**
 * The largest float32 whose share of `absmax` is not above `threshold`, and the next one. Not for
 * 0, beside which floats are denormal.
 */
function edgeOf(threshold: number, absmax: number): number[] {
  if (threshold === 0) return [];
  const isAbove = (x: number) => relativeToBlock(x, absmax) > threshold;
  let x = Math.fround(threshold * absmax);
  while (isAbove(x)) x = neighbour(x, -1);
  while (!isAbove(neighbour(x, 1))) x = neighbour(x, 1);
  return [x, neighbour(x, 1)];
}

/** The next float32 above (+1) or below (-1) `x`, which is not zero. */
function neighbour(x: number, direction: 1 | -1): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  bits[0] = (bits[0] as number) + direction * Math.sign(x);
  return new Float32Array(bits.buffer)[0] as number;
}

/**
 * Blocks of 64 of nearly the same absmax, between two that are far off on both sides: without their
 * mean they are small, where roundings differ.
 */
function level(random: Random, shape: Shape): Float64Array {
  const last = sizeOf(shape) - 64;
  const absmax = (i: number) => (i < 64 ? 2 : i >= last ? 0 : 1 + random.uniform(-1e-4, 1e-4));
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => (i % 64 === 0 ? absmax(i) : 0));
}

const nf4 = (blocksize: number): Params => ({ quant_type: 'nf4', blocksize });
const fp4 = (blocksize: number): Params => ({ quant_type: 'fp4', blocksize });
const nested = (params: Params, nested_rounding: 'nearest' | 'lut16'): Params => ({
  ...params,
  compress_statistics: true,
  nested_blocksize: 256,
  nested_rounding,
});

/**
 * Cases of quantize_4bit: odd sizes, tails, every input dtype, zeros, denormals, ties, one and two
 * levels of quantization.
 */
export const quantize4bitSamples: readonly Quantize4bitSample[] = [
  sample({ level: 'exact', shape: [37, 53], params: nf4(64), draw: representable('nf4', 64) }),
  sample({
    level: 'exact',
    shape: [7, 96],
    params: fp4(32),
    variant: 'cooperative',
    draw: representable('fp4', 32),
  }),
  sample({ shape: [1], params: nf4(64) }),
  corners('f32', 'nf4'),
  corners('f16', 'nf4'),
  corners('bf16', 'fp4'),
  sample({ shape: [1000], params: nf4(64), values: 'boundaries', draw: boundaries('nf4') }),
  sample({ shape: [1000], params: fp4(64), values: 'boundaries', draw: boundaries('fp4') }),
  sample({ shape: [1000], params: fp4(64) }),
  sample({ shape: [37, 67], params: nf4(128), dtype: 'f16' }),
  sample({ shape: [5, 301], params: fp4(256), dtype: 'bf16' }),
  sample({ shape: [3, 3001], params: nf4(4096), variant: 'cooperative' }),
  sample({ shape: [301, 64], params: nested(nf4(64), 'nearest') }),
  sample({ shape: [77, 65], params: nested(fp4(64), 'lut16') }),
  sample({
    shape: [137, 64],
    params: { ...nf4(64), compress_statistics: true },
    values: 'level',
    draw: level,
  }), // defaults
  ...[512, 1024, 2048].map((blocksize) =>
    sample({ shape: [5, 1023], params: nf4(blocksize), variant: 'cooperative', tier: 'full' }),
  ),
];
