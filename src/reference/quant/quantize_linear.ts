import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import { rint } from '../../tensor/rint.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { nibbles } from '../../vocabulary/quant/linear-scale.ts';
import { quantizeLinear as signature } from '../../vocabulary/quant/quantize_linear.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Value } from '../record.ts';
import {
  codesIn,
  drawScales,
  linearPlausibleBugs,
  NIBBLES,
  type SampleParams,
  scaleOf,
  scaleShape,
} from './linear-scale.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

const RANGES: Readonly<Record<string, readonly [low: number, high: number]>> = {
  int4: [-8, 7],
  uint4: [0, 15],
  int8: [-128, 127],
  uint8: [0, 255],
};

/** Units in the last place that a division may be off. */
const DIVISION = 2.5;

/** The quotient of each element by its scale, and its code: rounded, shifted and clamped. */
function levels(
  { x, scale, zero_point: zeroPoint }: Inputs,
  params: Params,
): {
  readonly quotient: (i: number) => number;
  readonly code: (i: number, quotient: number) => number;
} {
  const type = params.dtype ?? (zeroPoint?.dtype === 'i8' ? 'int8' : 'uint8');
  const [low, high] = RANGES[type] as readonly [number, number];
  const at = (i: number) => scaleOf(i, x.shape, params);
  const zero = zeroPoint ? codesIn(zeroPoint, params) : () => 0;
  return {
    quotient: (i) => (x.data[i] as number) / (scale.data[at(i)] as number),
    code: (i, quotient) => Math.min(Math.max(rint(quotient) + zero(at(i)), low), high),
  };
}

/**
 * The code of every quotient that a legal division may give; where the division is exact, that of
 * the nearest float32.
 */
function acceptanceOf(inputs: Inputs, params: Params, ieee: boolean): Acceptance {
  const { quotient, code } = levels(inputs, params);
  const candidates = (i: number): number[] => {
    const y = quotient(i);
    if (ieee) return [code(i, Math.fround(y))];
    const band = DIVISION * EPS * Math.abs(y);
    return [y, y - band, y + band].map((off) => code(i, off));
  };
  const all = Array.from(inputs.x.data, (_, i) => new Set(candidates(i)));
  const accepts = (i: number, actual: number) => (all[i] as ReadonlySet<number>).has(actual);
  // Of a last half byte nothing is known but that it is 0.
  const acceptsByte = (byte: number, actual: number) => {
    const codeAt = codesIn({ shape: [1], data: Float64Array.of(actual) }, params);
    return [0, 1].every((k) => {
      const i = 2 * byte + k;
      return i < all.length ? accepts(i, codeAt(k)) : codeAt(k) === 0;
    });
  };
  return {
    kind: 'codes',
    accepts: params.packed ? acceptsByte : accepts,
    inBand: all.filter(({ size }) => size > 1).length,
  };
}

interface Draw {
  readonly x: Shape;
  readonly params?: SampleParams;
  readonly zeroPoint?: DType;
  /**
   * Multiples of a half of scales that are powers of two: quotients are exact, and many are ties.
   */
  readonly ties?: boolean;
}

function sample({ x, params = {}, zeroPoint, ties }: Draw): SampleOf<typeof signature> {
  const ofScales = scaleShape(x, params);
  // Most codes are between the ends of their type.
  const ends = params.dtype?.endsWith('int4') ? 40 : 720;
  const shape = params.packed ? nibbles(ofScales) : ofScales;
  return {
    level: ties ? 'exact' : 'legal',
    label: {
      x: formatShape(x),
      ...params,
      ...(zeroPoint ? { zero_point: zeroPoint } : {}),
      ...(ties ? { values: 'ties' } : {}),
    },
    params,
    inputs: (random) => ({
      x: filledTensor('f32', x, () =>
        ties ? random.integer(-ends, ends) / 16 : random.normal(ends / 120),
      ),
      scale: drawScales(random, x, params, ties),
      ...(zeroPoint
        ? {
            zero_point: filledTensor(zeroPoint, shape, () =>
              zeroPoint === 'i8' ? random.integer(-20, 20) : random.integer(3, 200),
            ),
          }
        : {}),
    }),
  };
}

const INT4 = { dtype: 'int4', packed: true } as const;
const UINT4 = { dtype: 'uint4', packed: true } as const;

/** ONNX's QuantizeLinear. */
export const record = defineRecord(signature, {
  summary: 'q = round(x / scale) + zero_point, clamped',
  forward: (inputs, params) => {
    const { quotient, code } = levels(inputs, params);
    const { shape, data } = inputs.x;
    const codes = data.map((_, i) => code(i, quotient(i)));
    if (!params.packed) return { q: { shape, data: codes } };
    const bytes = NIBBLES.pack(
      codes.map((each) => each & 15),
      0,
    );
    return { q: { shape: nibbles(shape), data: Float64Array.from(bytes) } };
  },
  acceptance: (inputs, _outputs, params, { ieee }) => ({ q: acceptanceOf(inputs, params, ieee) }),
  asWritten: true,
  samples: [
    sample({ x: [37], ties: true, zeroPoint: 'u8' }),
    sample({ x: [5, 7], params: { axis: 1, dtype: 'int8' }, ties: true }),
    sample({ x: [8, 128], zeroPoint: 'u8' }),
    sample({ x: [3, 9, 7], params: { axis: 1 }, zeroPoint: 'i8' }),
    sample({ x: [9, 9], params: { axis: 1 }, zeroPoint: 'u8' }),
    sample({ x: [3, 8, 5], params: { axis: -2, block_size: 3 }, zeroPoint: 'u8' }),
    sample({ x: [3, 32], params: { axis: 1 }, zeroPoint: 'u8', ties: true }),
    sample({ x: [2, 3, 16], params: { axis: 1 }, zeroPoint: 'i8', ties: true }),
    sample({
      x: [3, 64],
      params: { axis: 1, block_size: 32, ...INT4 },
      zeroPoint: 'u8',
      ties: true,
    }),
    sample({
      x: [5, 32],
      params: { axis: 0, block_size: 2, ...UINT4 },
      zeroPoint: 'u8',
      ties: true,
    }),
    sample({ x: [31], params: { dtype: 'int4' }, zeroPoint: 'i8' }),
    sample({ x: [64], params: { dtype: 'uint4' } }),
    sample({ x: [3, 5, 7], params: { axis: 1, block_size: 2, ...INT4 }, zeroPoint: 'u8' }),
    sample({ x: [9, 129], params: { axis: -1, block_size: 32, ...UINT4 }, zeroPoint: 'u8' }),
    sample({ x: [5, 19], params: { axis: 0, ...INT4 }, ties: true }),
    sample({ x: [7], params: UINT4, zeroPoint: 'u8', ties: true }),
    sample({ x: [1], params: { dtype: 'int8' }, ties: true }),
  ],
  faults: [
    {
      name: 'two too many',
      shader: {
        file: 'quant/quantize_linear',
        from: 'let levels = round(',
        to: 'let levels = 2.0 + round(',
      },
    },
  ],
  plausibleBugs: [
    ...linearPlausibleBugs<Params, Inputs>(),
    inputBug('x wrong by 2e-3', 'x', (x) => x * (1 + 2e-3)),
    paramsBug('codes of 8 bits', (params) =>
      params.packed ? params : { ...params, dtype: 'int8' },
    ),
  ],
});
