import { E4M3, E4M3FNUZ, E5M2, nearestCode, valueOfCode } from '../../quant/small-floats.ts';
import { rint } from '../../tensor/rint.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { quantoBits, quantoQuantize as signature } from '../../vocabulary/quant/quanto_quantize.ts';
import { defineSimulation } from '../define.ts';
import { groupsOf, packedShape, packSlices } from './quanto-groups.ts';

/** By qtype: codes by quanto_codes of a number over its scale, and what they stand for. */
export const QUANTO_KINDS = {
  qint2: { levels: 3, code: (y: number) => clamped(y, 0, 3) },
  qint4: { levels: 15, code: (y: number) => clamped(y, 0, 15) },
  qint8: { levels: 127, code: (y: number) => clamped(y, -128, 127) },
  qfloat8: { levels: 448, code: (y: number) => nearestCode(y, E4M3), format: E4M3 },
  qfloat8_e4m3fn: { levels: 448, code: (y: number) => nearestCode(y, E4M3), format: E4M3 },
  qfloat8_e4m3fnuz: {
    levels: 240,
    code: (y: number) => nearestCode(y, E4M3FNUZ),
    format: E4M3FNUZ,
  },
  qfloat8_e5m2: { levels: 57_344, code: (y: number) => nearestCode(y, E5M2), format: E5M2 },
} as const;

function clamped(y: number, low: number, high: number): number {
  return Math.min(Math.max(rint(y), low), high);
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { weight }, params) => {
    const groups = groupsOf(weight, params);
    const { shape, scaleShape, placeOf, groupOf, members } = groups;
    const bits = quantoBits(params);
    const kind = QUANTO_KINDS[params.qtype];
    const lows = members.map((group) => Math.min(...group));
    const scales = members.map((group, g) => {
      const high = Math.max(...group);
      const low = lows[g] as number;
      const range = bits < 8 ? gpu.sub(high, low) : Math.max(high, -low);
      return range === 0 ? 0 : gpu.div(range, kind.levels);
    });
    const codes = new Float64Array(sizeOf(shape));
    const dequant = new Float64Array(weight.data.length);
    for (const i of codes.keys()) {
      const scale = scales[groupOf(i)] as number;
      const shift = bits < 8 ? -(lows[groupOf(i)] as number) : 0;
      const x = weight.data[placeOf(i)] as number;
      const code = scale > 0 ? kind.code(gpu.div(gpu.add(x, shift), scale)) : 0;
      const value = 'format' in kind ? valueOfCode(code, kind.format) : code;
      codes[i] = code;
      dequant[placeOf(i)] = gpu.mulAdd(scale, value, -shift);
    }
    const scale = { shape: scaleShape, data: Float64Array.from(scales) };
    const parts = { scale, dequant: { shape: weight.shape, data: dequant } };
    if (bits === 8) return { ...parts, q: { shape, data: codes } };
    const bytes = packedShape(groups, bits);
    return {
      ...parts,
      packed: { shape: bytes, data: packSlices(codes, sizeOf(bytes), bits) },
      unpacked: { shape, data: codes },
      shift: { shape: scaleShape, data: Float64Array.from(lows, (low) => -low) },
    };
  },
});
