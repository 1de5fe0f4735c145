import { packSlices } from '../../quant/packing/row-slices.ts';
import { rint } from '../../tensor/rint.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import {
  HQQ_META,
  HQQ_WORDS,
  hqqMeta,
  hqqMetaParams,
  hqqQuantize as signature,
} from '../../vocabulary/quant/hqq_quantize.ts';
import { defineSimulation } from '../define.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { rowSum } from '../simulation/sums.ts';
import { simulatedAbsMean } from './abs_mean.simulation.ts';
import { codeOf, type Groups, groupsOf, type HqqParams, rangesOf } from './hqq-groups.ts';
import { TINY } from './hqq-pass.ts';

/** A group is added up by one invocation, in four partial sums. */
const IN_FOURS = 'row-per-invocation';

/** What the kernels keep of each group. */
interface Kept {
  readonly inverse: Float64Array;
  readonly zero: Float64Array;
}

function firstKept(gpu: SimulatedGpu, groups: Groups, params: HqqParams): Kept {
  const ranges = rangesOf(groups);
  const inverse = Float64Array.from(ranges, ({ low, high }) => {
    const span = gpu.sub(high, low);
    return span > Math.fround(1e-4) ? Math.min(gpu.mul(groups.top, gpu.div(1, span)), 2e4) : 1;
  });
  const zero = Float64Array.from(ranges, ({ low }, j) => {
    const start = gpu.mul(-low, inverse[j] as number);
    return params.round_zero ? rint(start) : start;
  });
  return { inverse, zero };
}

function shrunk(gpu: SimulatedGpu, e: number, { lp_norm, beta }: HqqParams): number {
  const size = Math.abs(e);
  if (size <= TINY) return 0;
  const power = gpu.mul(Math.fround(lp_norm - 1), gpu.log(size));
  const lost = gpu.mul(Math.fround(1 / beta), gpu.exp(power));
  return Math.sign(e) * Math.max(gpu.sub(size, lost), 0);
}

/** A pass: the zeros after it, and the sum of |e| of each group. */
function pass(gpu: SimulatedGpu, groups: Groups, { inverse, zero }: Kept, params: HqqParams) {
  const { x, count, size, place, top } = groups;
  const error = new Float64Array(count);
  const after = zero.map((before, j) => {
    const factor = inverse[j] as number;
    const errors = new Float64Array(size);
    const terms = Array.from({ length: size }, (_, k) => {
      const w = x[place(j, k)] as number;
      const code = codeOf(gpu.mulAdd(w, factor, before), top);
      const e = gpu.sub(w, gpu.div(gpu.sub(code, before), factor));
      errors[k] = Math.abs(e);
      return gpu.mulAdd(-gpu.sub(w, shrunk(gpu, e, params)), factor, code);
    });
    error[j] = rowSum(gpu, IN_FOURS, errors);
    return gpu.div(rowSum(gpu, IN_FOURS, terms), size);
  });
  return { after, error };
}

function refined(gpu: SimulatedGpu, groups: Groups, kept: Kept, params: HqqParams) {
  let { zero } = kept;
  let previous = zero;
  let best = Number.POSITIVE_INFINITY;
  for (let t = 0; t < params.iters; t++) {
    const { after, error } = pass(gpu, groups, { ...kept, zero }, params);
    previous = zero;
    zero = after;
    const mean = simulatedAbsMean(gpu, error, Math.fround(1 / groups.size), -1);
    if (!(mean < best)) break;
    best = mean;
  }
  return { zero, previous };
}

/** What the kernels give of a weight, its scales and zeros in floats. */
function quantized(gpu: SimulatedGpu, weight: Value, params: HqqParams) {
  const groups = groupsOf(weight, params);
  const first = firstKept(gpu, groups, params);
  const solved = params.optimize ? refined(gpu, groups, first, params) : undefined;
  const { inverse, zero } = { ...first, ...solved };
  const { x, count, size, groupOf, top } = groups;
  const scale = inverse.map((factor) => gpu.div(1, factor));
  const codes = x.map((w, i) => {
    const j = groupOf(i);
    return codeOf(gpu.mulAdd(w, inverse[j] as number, zero[j] as number), top);
  });
  const isRow = params.axis === 1;
  const matrix = isRow ? [count, size] : [size, count];
  const words = HQQ_WORDS[params.nbits];
  const shape = [Math.ceil((matrix[0] as number) / words.rows), matrix[1] as number];
  const of = (data: Float64Array) => ({ shape: isRow ? [count, 1] : [1, count], data });
  return {
    packed: { shape, data: packSlices(codes, sizeOf(shape), words) },
    unpacked: { shape: matrix, data: codes },
    scale: of(scale),
    zero: of(zero),
    dequant: decoded(gpu, groups, codes, { scale, zero }, weight.shape),
    ...(solved && { previous_zero: of(solved.previous) }),
  };
}

function decoded(
  gpu: SimulatedGpu,
  { groupOf }: Groups,
  codes: Float64Array,
  { scale, zero }: Readonly<Record<'scale' | 'zero', Float64Array>>,
  shape: Shape,
): Value {
  const data = codes.map((code, i) => {
    const j = groupOf(i);
    return gpu.mul(gpu.sub(code, zero[j] as number), scale[j] as number);
  });
  return { shape, data };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { weight }, params) => {
    const plain = quantized(gpu, weight, params);
    const restored = { scale: plain.scale.data, zero: plain.zero.data };
    const stored = hqqMeta(params).flatMap((part) => {
      const given = plain[part];
      const meta = quantized(gpu, given, hqqMetaParams(part, given.data.length));
      restored[part] = meta.dequant.data;
      const { codes, scale, zero } = HQQ_META[part];
      const as = ({ shape, data }: Value, alone: Shape) => ({
        shape: part === 'zero' ? alone : shape,
        data,
      });
      return [
        [codes, as(meta.packed, given.shape)],
        [scale, as(meta.scale, [1])],
        [zero, as(meta.zero, [1])],
      ] as const;
    });
    if (stored.length === 0) return plain;
    const groups = groupsOf(weight, params);
    const dequant = decoded(gpu, groups, plain.unpacked.data, restored, weight.shape);
    return { ...plain, ...Object.fromEntries(stored), dequant };
  },
});
