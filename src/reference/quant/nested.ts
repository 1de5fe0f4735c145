import { createDynamicMap } from '../../quant/dynamic/map.ts';
import type { Quantize } from '../../vocabulary/quant/quantize.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import type { Arithmetic, Value } from '../record.ts';
import { blockAbsmax } from './blocks.ts';
import { mapCode, mapCodeRange } from './map-codes.ts';

/** Parameters of double quantization. */
export type NestedParams = Pick<ParamsOf<Quantize>, 'nested_blocksize' | 'nested_rounding'>;

/**
 * The absmax values of a tensor, quantized themselves: 8-bit codes in blocks, after their mean was
 * taken off.
 */
export interface Nested {
  readonly map: Float32Array;
  readonly offset: number;
  readonly centred: Float64Array;
  readonly absmax: Float64Array;
  readonly q: Float64Array;
  readonly restored: Float64Array;
}

/** How far each part of a {@link Nested} may be off, and which codes are right. */
export interface NestedBounds {
  readonly offset: number;
  readonly absmax: Float64Array;
  readonly low: Uint8Array;
  readonly high: Uint8Array;
  readonly restored: Float64Array;
}

const roundingOf = (params: NestedParams) => params.nested_rounding ?? 'nearest';

/** Double quantization in float64. */
export function nest(blocks: Float64Array, params: NestedParams): Nested {
  const map = createDynamicMap(true);
  const offset = blocks.reduce((sum, a) => sum + a, 0) / blocks.length;
  const centred = blocks.map((a) => a - offset);
  const absmax = blockAbsmax(centred, params.nested_blocksize);
  const scaleOf = (j: number) => absmax[Math.floor(j / params.nested_blocksize)] as number;
  const q = centred.map((z, j) =>
    mapCode(map, scaleOf(j) > 0 ? z / scaleOf(j) : 0, roundingOf(params)),
  );
  return {
    map,
    offset,
    centred,
    absmax,
    q,
    restored: q.map((code, j) => (map[code] as number) * scaleOf(j) + offset),
  };
}

/** The mean and the largest magnitudes that a party has. */
export type OwnScales = Pick<Nested, 'offset' | 'absmax'>;

/** A number relative to the largest of its block: what it is, and how far it may be off. */
function relative(z: number, error: number, a: number, aBound: number): readonly [number, number] {
  const y = a > 0 ? z / a : 0;
  const share = (error + Math.abs(y) * aBound) / (a - aBound);
  return [y, a > aBound ? share + 2 * EPS * Math.abs(y) : 2];
}

/**
 * The mean adds `depth` roundings and a division (2.5 ulp), the difference one; the largest of a
 * block is off as its elements are. A code is right when its value is nearest to some y in reach of
 * those errors, of the reciprocal and of the product. Where the mean and the largest that a party has
 * are right, its codes are by these, which leaves the roundings alone.
 */
export function nestedBounds(
  nested: Nested,
  params: NestedParams,
  { depth, ieee }: Arithmetic,
  own?: OwnScales,
): NestedBounds {
  const { map, centred, absmax, offset } = nested;
  const offsetBound = offset * gamma(depth(centred.length) + 3) + FLUSH;
  const errors = centred.map((z) => (offsetBound + EPS * Math.abs(z) + FLUSH) * SECOND_ORDER);
  const absmaxBound = absmax.map((_, b) =>
    Math.max(...errors.subarray(b * params.nested_blocksize, (b + 1) * params.nested_blocksize)),
  );
  const isOwn =
    own !== undefined &&
    Math.abs(own.offset - offset) <= offsetBound &&
    own.absmax.every((a, b) => Math.abs(a - (absmax[b] as number)) <= (absmaxBound[b] as number));
  const low = new Uint8Array(centred.length);
  const high = new Uint8Array(centred.length);
  const restored = centred.map((z, j) => {
    const b = Math.floor(j / params.nested_blocksize);
    const a = absmax[b] as number;
    const aBound = absmaxBound[b] as number;
    const itsOwn = isOwn ? z + offset - own.offset : z;
    const [y, error] = isOwn
      ? relative(itsOwn, EPS * Math.abs(itsOwn) + FLUSH, own.absmax[b] as number, 0)
      : relative(z, errors[j] as number, a, aBound);
    [low[j], high[j]] = mapCodeRange(map, y, error, roundingOf(params), ieee);
    const largest = Math.max(
      Math.abs(map[low[j] as number] as number),
      Math.abs(map[high[j] as number] as number),
    );
    return largest * (aBound + EPS * a) + offsetBound + EPS * (largest * a + offset) + FLUSH;
  });
  return { offset: offsetBound, absmax: absmaxBound, low, high, restored };
}

/** Absmax values that block `j` may be restored to. */
export function restorable(
  { map, absmax, offset }: Nested,
  { low, high }: NestedBounds,
  j: number,
  params: NestedParams,
): number[] {
  const scale = absmax[Math.floor(j / params.nested_blocksize)] as number;
  const first = low[j] as number;
  return Array.from(
    { length: (high[j] as number) - first + 1 },
    (_, k) => (map[first + k] as number) * scale + offset,
  );
}

/** The outputs of an op that nests, as values. */
export function nestedOutputs({
  q,
  absmax,
  offset,
  restored,
}: Nested): Record<'absmax' | 'absmax_q' | 'nested_absmax' | 'nested_offset', Value> {
  return {
    absmax: { shape: [restored.length], data: restored },
    absmax_q: { shape: [q.length], data: q },
    nested_absmax: { shape: [absmax.length], data: absmax },
    nested_offset: { shape: [1], data: Float64Array.of(offset) },
  };
}
