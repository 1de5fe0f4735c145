import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { dequantizeLinear as signature } from '../../vocabulary/quant/dequantize_linear.ts';
import { nibbles } from '../../vocabulary/quant/linear-scale.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, HALF_EPS } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import {
  codesIn,
  drawScales,
  linearPlausibleBugs,
  type SampleParams,
  scaleOf,
  scaleShape,
} from './linear-scale.ts';

type Params = ParamsOf<typeof signature>;

/** Level and scale of each element. */
function mapLevels(
  { q, scale, zero_point: zeroPoint }: InputsOf<typeof signature, Value>,
  params: Params,
  f: (level: number, scale: number) => number,
): Value {
  const { shape = q.shape } = params;
  const code = codesIn(q, params);
  const zero = zeroPoint ? codesIn(zeroPoint, params) : () => 0;
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const at = scaleOf(i, shape, params);
    return f(code(i) - zero(at), scale.data[at] as number);
  });
  return { shape, data };
}

/** A product, and where the level takes more than 24 bits its conversion. */
const errorOf =
  (unit: number) =>
  (level: number, scale: number): number =>
    unit * (Math.abs(level) > 2 ** 24 ? 2 : 1) * Math.abs(level * scale) + FLUSH;

interface Draw {
  readonly q: Shape;
  readonly dtype: DType;
  readonly params?: SampleParams;
  readonly zeroPoint?: boolean;
  readonly exact?: boolean;
}

function sample({ q, dtype, params = {}, zeroPoint, exact }: Draw): SampleOf<typeof signature> {
  const held = (shape: Shape) => (params.packed ? nibbles(shape) : shape);
  const shape = held(scaleShape(q, params));
  const [low, high] =
    dtype === 'u8'
      ? [0, 255]
      : dtype === 'i8'
        ? [-128, 127]
        : exact
          ? [-999, 999]
          : [-(2 ** 30), 2 ** 30];
  return {
    level: exact ? 'exact' : 'legal',
    label: {
      [params.packed ? 'shape' : 'q']: formatShape(q),
      ...{ dtype, ...params },
      ...(zeroPoint ? { zero_point: true } : {}),
    },
    params: params.packed ? { ...params, shape: q } : params,
    inputs: (random) => ({
      q: filledTensor(dtype, held(q), () => random.integer(low, high)),
      scale: drawScales(random, q, params, exact),
      ...(zeroPoint
        ? {
            zero_point: filledTensor(dtype, shape, () =>
              params.packed
                ? random.integer(low, high)
                : random.integer(Math.max(low, -99), Math.min(high, 99)),
            ),
          }
        : {}),
    }),
  };
}

const INT4 = { dtype: 'int4', packed: true } as const;
const UINT4 = { dtype: 'uint4', packed: true } as const;

/** ONNX's DequantizeLinear. */
export const record = defineRecord(signature, {
  summary: 'y = (q - zero_point) * scale',
  forward: (inputs, params) => ({ y: mapLevels(inputs, params, (level, scale) => level * scale) }),
  acceptance: (inputs, _outputs, params) => ({
    y: {
      kind: 'within',
      bound: mapLevels(inputs, params, errorOf(EPS)).data,
      typical: mapLevels(inputs, params, errorOf(2 * HALF_EPS)).data,
    },
  }),
  samples: [
    sample({ q: [37], dtype: 'u8', zeroPoint: true, exact: true }),
    sample({ q: [3, 9, 7], dtype: 'i8', params: { axis: 1 }, zeroPoint: true, exact: true }),
    sample({ q: [9, 9], dtype: 'i8', params: { axis: 1 }, exact: true }),
    sample({
      q: [3, 8, 5],
      dtype: 'u8',
      params: { axis: -2, block_size: 3 },
      zeroPoint: true,
      exact: true,
    }),
    sample({ q: [3, 32], dtype: 'u8', params: { axis: 1 }, zeroPoint: true, exact: true }),
    sample({ q: [2, 3, 16], dtype: 'i32', params: { axis: 1 }, zeroPoint: true, exact: true }),
    sample({
      ...{ q: [3, 64], dtype: 'u8', zeroPoint: true, exact: true },
      params: { axis: 1, block_size: 32, ...INT4 },
    }),
    sample({
      ...{ q: [5, 32], dtype: 'u8', zeroPoint: true, exact: true },
      params: { axis: 0, block_size: 2, ...UINT4 },
    }),
    sample({ q: [1], dtype: 'i32', exact: true }),
    sample({
      ...{ q: [3, 5, 7], dtype: 'u8', zeroPoint: true, exact: true },
      params: { axis: 1, block_size: 2, ...INT4 },
    }),
    sample({
      ...{ q: [9, 129], dtype: 'u8', zeroPoint: true },
      params: { axis: -1, block_size: 32, ...UINT4 },
    }),
    sample({ q: [5, 19], dtype: 'u8', params: { axis: 0, ...INT4 } }),
    sample({ q: [1], dtype: 'u8', params: UINT4, exact: true }),
    sample({ q: [8, 64], dtype: 'u8', zeroPoint: true }),
    sample({ q: [2, 65], dtype: 'i32', params: { axis: 1 }, zeroPoint: true }),
  ],
  faults: [
    {
      name: 'sign of the level',
      shader: {
        file: 'quant/dequantize_linear',
        from: 'four_levels(i) - zeros',
        to: '1 + zeros - four_levels(i)',
      },
    },
  ],
  plausibleBugs: [
    ...linearPlausibleBugs<Params, InputsOf<typeof signature, Value>>(),
    inputBug('codes off by one', 'q', (code) => code + 1),
  ],
});

export const simulation = defineSimulation(signature, {
  // A level is converted and multiplied; adding 0 rounds it as the conversion does.
  forward: (gpu, inputs, params) => ({
    y: mapLevels(inputs, params, (level, scale) => gpu.mul(gpu.add(level, 0), scale)),
  }),
});
