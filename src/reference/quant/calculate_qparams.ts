import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { rint } from '../../tensor/rint.ts';
import { calculateQparams as signature } from '../../vocabulary/quant/calculate_qparams.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Value } from '../record.ts';
import { exactly, type Range, rangesIn, reach } from './ranges.ts';

type Inputs = InputsOf<typeof signature, Value>;
/** What codes a range is for. */
export type Params = ParamsOf<typeof signature>;

/** The lowest and the highest code. */
export function codesOf({ dtype, reduce_range }: Params): readonly [number, number] {
  if (dtype === 'quint8') return [0, reduce_range ? 127 : 255];
  return reduce_range ? [-64, 63] : [-128, 127];
}

/** What a symmetric range has at 0. */
const middleOf = ({ dtype }: Params): number => (dtype === 'quint8' ? 128 : 0);

/** The scale of a range that reaches to 0, and the quotients that its zero point is made of. */
export function qparamsOf(
  low: number,
  high: number,
  params: Params,
  ieee: boolean,
): { readonly scale: Range; readonly zeroPoint: Range } {
  const { sub, div } = rangesIn(undefined, ieee);
  const [first, last] = codesOf(params);
  const least = Math.min(low, 0);
  const most = Math.max(high, 0);
  const eps = Math.fround(params.eps);
  const atLeast = ({ low: a, high: b }: Range) => ({
    low: Math.max(a, eps),
    high: Math.max(b, eps),
  });
  if (params.qscheme === 'symmetric') {
    const scale = div(exactly(Math.max(most, -least)), exactly((last - first) / 2));
    return { scale: atLeast(scale), zeroPoint: exactly(middleOf(params)) };
  }
  const scale = atLeast(div(sub(exactly(most), exactly(least)), exactly(last - first)));
  const quotient = div(exactly(least), scale);
  const zeroPoint = (y: number) => Math.min(Math.max(first - rint(y), first), last);
  return { scale, zeroPoint: { low: zeroPoint(quotient.high), high: zeroPoint(quotient.low) } };
}

const allOf = ({ min_val, max_val }: Inputs, params: Params, ieee: boolean) =>
  Array.from(min_val.data, (low, i) => qparamsOf(low, max_val.data[i] as number, params, ieee));

function forward(inputs: Inputs, params: Params): OutputsOf<typeof signature, Value> {
  const all = allOf(inputs, params, true);
  const { shape } = inputs.min_val;
  return {
    scale: { shape, data: Float64Array.from(all, ({ scale }) => scale.low) },
    zero_point: { shape, data: Float64Array.from(all, ({ zeroPoint }) => zeroPoint.low) },
  };
}

interface Description {
  readonly params?: { readonly [Name in keyof Params]?: Params[Name] };
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => readonly [number, number];
}

function sample(
  n: number,
  { params = {}, values = 'normal', draw = around }: Description = {},
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { n, ...params, values },
    params,
    inputs: (random) => {
      const ranges = Array.from({ length: n }, (_, i) => draw(random, i));
      const ends = (end: 0 | 1) =>
        hostTensorFrom(
          'f32',
          [n],
          ranges.map((range) => range[end]),
        );
      return { min_val: ends(0), max_val: ends(1) };
    },
  };
}

/** A range around 0. */
function around(random: Random): readonly [number, number] {
  return [-random.uniform(0.1, 4), random.uniform(0.1, 4)];
}

/** As wide on both sides, so that 0 lies between two codes; where steps are powers of two exactly. */
function ties(random: Random, i: number): readonly [number, number] {
  const most = i % 3 === 0 ? 127.5 * 2 ** random.integer(-8, 8) : random.uniform(0.1, 4);
  return [-most, most];
}

/** Zeros, one number, a side alone, ranges of denormals, of the largest floats, of both. */
const EXTREMES: readonly (readonly [number, number])[] = [
  [0, 0],
  [2, 2],
  [-3, -3],
  [1, 5],
  [-7, -2],
  [-1e-42, 3e-40],
  [-1e38, 1.5e38],
  [-1e-40, 3e38],
  [-3e38, 0],
  [-1e-30, 1e-30],
  [-2e-5, 1e-5],
];

/** torch.ao.quantization.observer's calculate_qparams. */
export const record = defineRecord(signature, {
  summary: 'scale and zero point of 8-bit codes for a range',
  forward,
  acceptance: (inputs, { scale }, params, { ieee }) => {
    const all = allOf(inputs, params, ieee);
    const bound = scale.data.map((x, i) => reach((all[i] as (typeof all)[number]).scale, x));
    const zero_point: Acceptance = {
      kind: 'codes',
      accepts: (i, code) => {
        const { low, high } = (all[i] as (typeof all)[number]).zeroPoint;
        return Number.isInteger(code) && code >= low && code <= high;
      },
      inBand: all.filter(({ zeroPoint: { low, high } }) => high > low).length,
    };
    return { scale: { kind: 'within', bound }, zero_point };
  },
  samples: [
    sample(1),
    sample(37),
    sample(64, { params: { dtype: 'qint8' } }),
    sample(9, { params: { qscheme: 'symmetric' } }),
    sample(131, { params: { dtype: 'qint8', qscheme: 'symmetric' } }),
    sample(7, { params: { reduce_range: true } }),
    sample(6, { params: { dtype: 'qint8', reduce_range: true } }),
    sample(5, { params: { dtype: 'qint8', qscheme: 'symmetric', reduce_range: true } }),
    sample(300, { values: 'ties', draw: ties }),
    sample(11, { values: 'extremes', draw: (_, i) => EXTREMES[i] as readonly [number, number] }),
    sample(11, {
      params: { dtype: 'qint8', qscheme: 'symmetric' },
      values: 'below',
      draw: (random, i) => [-random.uniform(2, 3) * 10 ** (i - 4), 10 ** (i - 4)],
    }),
    sample(6, { params: { eps: 0.02 } }),
  ],
  faults: [
    {
      name: 'scales twice as large',
      shader: {
        file: 'quant/calculate_qparams',
        from: 'scale[i] = step',
        to: 'scale[i] = 2.0 * step',
      },
    },
  ],
  plausibleBugs: [
    inputBug('the minimum wrong by 1e-4', 'min_val', (x) => x * (1 + 1e-4)),
    inputBug('the maximum wrong by 1e-4', 'max_val', (x) => x * (1 + 1e-4)),
    inputBug('a minimum above 0 kept', 'min_val', (x) => (x > 0 ? -x : x)),
    paramsBug('the other type', ({ dtype, ...params }) => ({
      ...params,
      dtype: dtype === 'qint8' ? 'quint8' : 'qint8',
    })),
    paramsBug('the other scheme', ({ qscheme, ...params }) => ({
      ...params,
      qscheme: qscheme === 'affine' ? 'symmetric' : 'affine',
    })),
    paramsBug('8 bits for 7', (params) => ({ ...params, reduce_range: false })),
    paramsBug('no eps', (params) => ({ ...params, eps: 2 ** -60 })),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, { min_val, max_val }, params) => {
    const [first, last] = codesOf(params);
    const eps = Math.fround(params.eps);
    const ends = Array.from(min_val.data, (low, i) => ({
      least: Math.min(low, 0),
      most: Math.max(max_val.data[i] as number, 0),
    }));
    const scale = Float64Array.from(ends, ({ least, most }) => {
      const isSymmetric = params.qscheme === 'symmetric';
      const range = isSymmetric ? Math.max(most, -least) : gpu.sub(most, least);
      return Math.max(gpu.div(range, isSymmetric ? (last - first) / 2 : last - first), eps);
    });
    const zeros = Float64Array.from(ends, ({ least }, i) => {
      if (params.qscheme === 'symmetric') return middleOf(params);
      return Math.min(Math.max(first - rint(gpu.div(least, scale[i] as number)), first), last);
    });
    const { shape } = min_val;
    return { scale: { shape, data: scale }, zero_point: { shape, data: zeros } };
  },
});
