import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { quantizeBlockwise as signature } from '../../vocabulary/quant/quantize_blockwise.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type OutputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { blockAbsmax, relativeToBlock, unsupportedBlock } from './blocks.ts';
import { mapCode, mapCodeRange } from './map-codes.ts';
import { nearestOf } from './nearest.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

function forward(
  { x: { shape, data }, code: { data: map } }: Inputs,
  { blocksize, rounding }: Params,
): Outputs<Value> {
  const absmax = blockAbsmax(data, blocksize);
  const scaleOf = (i: number) => absmax[Math.floor(i / blocksize)] as number;
  const q = data.map((x, i) => mapCode(map, relativeToBlock(x, scaleOf(i)), rounding));
  return {
    q: { shape, data: q },
    absmax: { shape: [absmax.length], data: absmax },
    dequant: { shape, data: q.map((code, i) => (map[code] as number) * scaleOf(i)) },
  };
}

/**
 * In a block of zeros every code decodes to zero, so any is right; outside of IEEE arithmetic that
 * is how producers differ.
 */
function acceptance(
  { x: { data }, code: { data: map } }: Inputs,
  { absmax: { data: absmax } }: Outputs<Value>,
  { blocksize, rounding }: Params,
  { ieee }: Arithmetic,
): Outputs<Acceptance> {
  const scaleOf = (i: number) => absmax[Math.floor(i / blocksize)] as number;
  const ranges = Array.from(data, (x, i): [number, number] =>
    scaleOf(i) === 0 && !ieee
      ? [0, map.length - 1]
      : mapCodeRange(map, relativeToBlock(x, scaleOf(i)), 0, rounding, ieee),
  );
  const nearest = (i: number, actual: number) => {
    const [low, high] = ranges[i] as [number, number];
    const values = Array.from(
      { length: high - low + 1 },
      (_, k) => (map[low + k] as number) * scaleOf(i),
    );
    return nearestOf(values, actual);
  };
  const bound = Float64Array.from(ranges, (range, i) => {
    const largest = Math.max(...range.map((code) => Math.abs(map[code] as number)));
    return EPS * largest * scaleOf(i) + FLUSH;
  });
  return {
    q: {
      kind: 'codes',
      accepts: (i, code) => {
        const [low, high] = ranges[i] as [number, number];
        return Number.isInteger(code) && code >= low && code <= high;
      },
      inBand: ranges.filter(([low, high]) => low !== high).length,
    },
    absmax: { kind: 'exact' },
    dequant: { kind: 'within', bound, nearest },
  };
}

interface Description {
  readonly level?: 'exact' | 'legal';
  readonly shape: Shape;
  readonly params: GivenParams<typeof signature>;
  readonly variant?: 'serial' | 'cooperative';
  readonly draw?: (random: Random, i: number) => number;
}

function sample({
  level = 'legal',
  shape,
  params,
  variant = 'serial',
  draw,
}: Description): SampleOf<typeof signature> {
  const { blocksize, signed, rounding } = completed(signature, params);
  const size = sizeOf(shape);
  return {
    level,
    label: { x: formatShape(shape), block: blocksize, signed, rounding },
    params,
    variants: [variant],
    inputs: (random) => ({
      x: hostTensorFrom(
        'f32',
        shape,
        Float64Array.from(
          { length: size },
          (_, i) => draw?.(random, i) ?? (signed ? random.normal() : random.uniform() ** 4),
        ),
      ),
      code: hostTensor('f32', [256], createDynamicMap(signed)),
    }),
  };
}

/** Every value is the map's own, in blocks of 64 whose absmax is 1. */
function ofTheMap(random: Random, i: number): number {
  return i % 64 === 0 ? 1 : (createDynamicMap(true)[random.integer(0, 255)] as number);
}

/** bitsandbytes.functional.quantize_blockwise, with dequantize_blockwise of what it returns. */
export const record = defineRecord(signature, {
  summary:
    '8-bit codes of a value map, relative to the largest absolute value of a block, and what they decode to',
  unsupported: (_inputs, { blocksize }) => unsupportedBlock(blocksize),
  forward,
  acceptance,
  samples: [
    sample({
      level: 'exact',
      shape: [37, 53],
      params: { blocksize: 64, rounding: 'nearest' },
      draw: ofTheMap,
    }),
    sample({
      level: 'exact',
      shape: [3, 33],
      params: { blocksize: 32, rounding: 'nearest' },
      draw: () => 0,
    }),
    sample({ shape: [1024], params: { blocksize: 64, rounding: 'nearest' } }),
    sample({ shape: [1000], params: { blocksize: 64, rounding: 'lut16' } }),
    sample({ shape: [5, 257], params: { blocksize: 256, signed: false, rounding: 'nearest' } }),
    sample({
      shape: [3, 3001],
      params: { rounding: 'nearest' },
      variant: 'cooperative',
    }),
    sample({ shape: [1], params: { blocksize: 256, signed: false, rounding: 'lut16' } }),
  ],
  faults: [
    {
      name: 'codes in reversed bytes',
      shader: {
        file: 'quant/quantize_blockwise',
        from: 'vec4u(0u, 8u, 16u, 24u)',
        to: 'vec4u(24u, 16u, 8u, 0u)',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('block size doubled', (params) => ({ ...params, blocksize: 2 * params.blocksize })),
    paramsBug('the other rounding', (params) => ({
      ...params,
      rounding: params.rounding === 'nearest' ? 'lut16' : 'nearest',
    })),
    {
      name: 'map without its sign',
      apply: (inputs, { signed, ...params }) => ({
        inputs: {
          ...inputs,
          code: { ...inputs.code, data: Float64Array.from(createDynamicMap(!signed)) },
        },
        params: { ...params, signed: !signed },
      }),
    },
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
  ],
});
