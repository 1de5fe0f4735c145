import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Quantize } from '../../vocabulary/quant/quantize.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';
import { relativeToBlock } from './blocks.ts';

/** What is quantized, and how. */
export type Target = GivenParams<Quantize>;

interface Description {
  readonly level?: 'exact' | 'legal';
  readonly shape: Shape;
  readonly params: Target;
  readonly dtype?: DType;
  readonly variant?: 'serial' | 'cooperative';
  readonly values?: string;
  readonly tier?: 'quick' | 'full';
  readonly draw?: (random: Random, shape: Shape) => ArrayLike<number>;
}

/** A sample of a `quantize` op; by default of normal numbers, in f32. */
export function sample({
  level = 'legal',
  shape,
  params,
  dtype = 'f32',
  variant = 'serial',
  values,
  tier,
  draw,
}: Description): SampleOf<Quantize> {
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
export function representable(type: string, blocksize: number) {
  const { values } = blockFormatOf(type);
  const last = values.length - 1;
  return (random: Random, shape: Shape) => {
    let scale = 1;
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      if (i % blocksize === 0) scale = 2 ** random.integer(-6, 6);
      return i % blocksize === 0 ? scale : scale * (values[random.integer(0, last)] as number);
    });
  };
}

/**
 * Block maxima where arithmetic is delicate: nothing, denormals, the smallest and the largest
 * normal numbers, powers of two, the largest exponent that is not brought to a middle range.
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
    1.5 * 2 ** 64,
    3e37,
    2 ** 126,
    3.4e38,
  ],
  f16: [0, 2 ** -24, 3e-6, 6.1e-5, 2 ** -14, 1e-3, 1, 1 - 2 ** -11, 65504],
  bf16: [0, 2 ** -133, 5e-39, 2 ** -126, 1e-20, 1, 1 - 2 ** -8, 3e38],
} as const;

/** Blocks, one for each delicate maximum of the format. */
export function corners(
  dtype: 'f32' | 'f16' | 'bf16',
  quant_type: string,
  blocksize = 32,
): SampleOf<Quantize> {
  const { scales } = blockFormatOf(quant_type);
  const maxima = MAXIMA[dtype].filter(
    (x) => x === 0 || isKept(storedAs(dtype, storedAs(scales, x))),
  );
  const draw = (random: Random, shape: Shape) =>
    random
      .fill(sizeOf(shape), () => random.uniform(-1, 1))
      .map(
        (x, i) => (i % blocksize === 7 ? -1 : x) * (maxima[Math.floor(i / blocksize)] as number),
      );
  return sample({
    shape: [maxima.length, blocksize],
    params: { quant_type, blocksize },
    dtype,
    values: 'corners',
    draw,
  });
}

/**
 * Blocks that begin with their absmax, and go on with the two neighbouring floats between which the
 * code changes, at each threshold that fits: a reciprocal or product that is one unit off shows.
 */
export function boundaries(type: string, blocksize = 64) {
  const { rounding, scales } = blockFormatOf(type);
  const reach = scales === 'f16' ? 10 : 20;
  return (random: Random, shape: Shape) => {
    const data = random.fill(sizeOf(shape), () => 0);
    for (let start = 0; start < data.length; start += blocksize) {
      const absmax = storedAs(scales, random.uniform(1, 2) * 2 ** random.integer(-reach, reach));
      const edges = rounding.thresholds.flatMap((t) => edgeOf(t, absmax));
      const room = Math.min(blocksize, data.length - start) - 1;
      const from = edges.length > room ? (start / blocksize) * room : 0;
      const shown = [...edges, ...edges].slice(from % edges.length);
      data.set([absmax, ...shown.slice(0, Math.min(room, edges.length))], start);
    }
    return data;
  };
}

/** Whether a scale, and what it stands for, has neither vanished nor become infinite. */
function isKept(scale: number): boolean {
  return scale > 0 && Number.isFinite(scale);
}

/** A number as it is stored. */
function storedAs(dtype: DType, x: number): number {
  return valuesOf(hostTensorFrom(dtype, [1], [x]))[0] as number;
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
 * Blocks of nearly the same absmax, between two that are far off on both sides: without their
 * mean they are small, where roundings differ.
 */
export const level =
  (blocksize: number) =>
  (random: Random, shape: Shape): Float64Array => {
    const last = sizeOf(shape) - blocksize;
    const absmax = (i: number) =>
      i < blocksize ? 2 : i >= last ? 0 : 1 + random.uniform(-1e-4, 1e-4);
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
      i % blocksize === 0 ? absmax(i) : 0,
    );
  };

/**
 * Samples of a format for whose op none are written: what it represents, one element, delicate
 * maxima, thresholds, tails of every input dtype, two levels of quantization.
 */
export function samplesOfFormat({
  name,
  blocks,
  packing,
}: BlockFormat): readonly SampleOf<Quantize>[] {
  const target = (row: number): Target & { readonly blocksize: number } => ({
    quant_type: name,
    blocksize: blocks === 'row' ? row : blocks.usual,
  });
  const row = 2 ** packing.bits + 29;
  const ofBlock = target(row).blocksize;
  const nested: Target = {
    ...target(row),
    compress_statistics: true,
    nested_rounding: 'nearest',
  };
  return [
    sample({
      level: 'exact',
      shape: [37, 53],
      params: target(53),
      draw: representable(name, target(53).blocksize),
    }),
    sample({ shape: [1], params: target(1) }),
    ...(['f32', 'f16', 'bf16'] as const).map((dtype) => corners(dtype, name, target(33).blocksize)),
    sample({
      shape: [7, row],
      params: target(row),
      values: 'boundaries',
      draw: boundaries(name, ofBlock),
    }),
    sample({ shape: [37, 67], params: target(67), dtype: 'f16' }),
    sample({ shape: [5, 301], params: target(301), dtype: 'bf16' }),
    sample({ shape: [3, 3001], params: target(3001), variant: 'cooperative' }),
    sample({ shape: [301, ofBlock], params: nested }),
    sample({ shape: [137, ofBlock], params: nested, values: 'level', draw: level(ofBlock) }),
  ];
}
