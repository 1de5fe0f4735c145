import { packing } from '../../quant/packing/packing.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { rint } from '../../tensor/rint.ts';
import { mlxQuantize as signature } from '../../vocabulary/quant/mlx_quantize.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { multiply, productOrder } from '../matmul/multiply.simulation.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { codingOf } from './mlx-coding.ts';
import type { Coding, Line } from './mlx-line.ts';
import { packWords } from './packed-words.ts';
import { rangesIn } from './ranges.ts';

/** Codes of a group, what they are relative to, and what they decode to. */
interface Group extends Line {
  readonly codes: ArrayLike<number>;
  readonly decoded: ArrayLike<number>;
}

/** A group as quant/mlx_affine makes it. */
function affineGroup(gpu: SimulatedGpu, group: Float64Array, bits: number): Group {
  const top = 2 ** bits - 1;
  const low = Math.min(...group);
  const high = Math.max(...group);
  const step = Math.max(gpu.div(gpu.sub(high, low), top), Math.fround(1e-7));
  const fromLow = Math.abs(low) > Math.abs(high);
  const edge = fromLow ? low : high;
  const width = fromLow ? step : -step;
  const steps = rint(gpu.div(edge, width));
  const scale = steps === 0 ? width : gpu.div(edge, steps);
  const bias = steps === 0 ? 0 : edge;
  const codes = group.map((x) =>
    Math.min(Math.max(rint(gpu.div(gpu.sub(x, bias), scale)), 0), top),
  );
  return { scale, bias, codes, decoded: codes.map((code) => gpu.mulAdd(code, scale, bias)) };
}

/** A group as quant/mlx_microscaled makes it: exactly, but for denormals. */
function microscaledGroup(gpu: SimulatedGpu, group: Float64Array, coding: Coding): Group {
  // What is flushed keeps its sign, which e4m3 has a bit for.
  const kept = group.map((x) => gpu.mul(x, 1) || 0 * x);
  const [line] = coding.lines(kept);
  const codes = kept.map((x) => coding.codes(x, line, true)[0] as number);
  const scale = coding.stored(line, undefined, true);
  const value = (code: number) => coding.decode(code, scale, 0, rangesIn(undefined, true)).low;
  return { ...line, codes, decoded: codes.map((code) => gpu.mul(value(code), 1)) };
}

/** A few terms of one sign, whose roundings add up. */
const ofOneSign: SampleOf<typeof signature> = {
  level: 'legal',
  label: { weight: '3x16', x: '2x16' },
  params: { mode: 'nvfp4', group_size: 16 },
  inputs: (random) => ({
    weight: hostTensorFrom(
      'f32',
      [3, 16],
      random.fill(48, () => random.uniform()),
    ),
    x: hostTensorFrom(
      'f32',
      [2, 16],
      random.fill(32, () => random.uniform()),
    ),
  }),
};

export const simulation = defineSimulation(signature, {
  forward: (gpu, { weight, x }, params, variant) => {
    const { mode, bits, group_size } = params;
    const outer = weight.shape.slice(0, -1);
    const cols = weight.shape.at(-1) as number;
    const coding = codingOf(params);
    const groups = Array.from({ length: weight.data.length / group_size }, (_, g) => {
      const group = weight.data.subarray(g * group_size, (g + 1) * group_size);
      return mode === 'affine'
        ? affineGroup(gpu, group, bits)
        : microscaledGroup(gpu, group, coding);
    });
    const ofGroups = (pick: (line: Line) => number): Value => ({
      shape: [...outer, cols / group_size],
      data: Float64Array.from(groups, pick),
    });
    const all = (pick: (group: Group) => ArrayLike<number>) =>
      Float64Array.from(groups.flatMap((group) => Array.from(pick(group))));
    const codes = packWords(
      all((group) => group.codes),
      packing(bits),
    );
    const dequant = { shape: weight.shape, data: all(({ decoded }) => decoded) };
    const product = x && multiply(gpu, productOrder(variant), [flatRows(x), dequant, false, true]);
    return {
      packed: { shape: [...outer, (cols * bits) / 32], data: codes },
      scales: ofGroups(({ scale }) => scale),
      ...(mode === 'affine' ? { biases: ofGroups(({ bias }) => bias) } : {}),
      dequant,
      ...(x && product
        ? { y: { shape: [...x.shape.slice(0, -1), outer[0] as number], data: product.data } }
        : {}),
    };
  },
  samples: [ofOneSign],
});
