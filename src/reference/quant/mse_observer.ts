import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { rint } from '../../tensor/rint.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { sharesOf, mseObserver as signature } from '../../vocabulary/quant/mse_observer.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, IN_ANY_ORDER, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Arithmetic, Value } from '../record.ts';
import { codesOf, qparamsOf } from './calculate_qparams.ts';
import { scaleOf } from './linear-scale.ts';
import { rangesOf } from './minmax_observer.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

/** Those of the codes, of either type. */
const ofCodes = (params: Params) => ({ ...params, dtype: 'qint8' }) as const;

/** A range that is tried, and the least and the greatest error that legal arithmetic may find. */
interface Tried {
  readonly low: number;
  readonly high: number;
  readonly error: number;
  readonly least: number;
  readonly most: number;
}

/** The elements of each channel. */
export function membersOf(
  x: Value,
  axis: number | undefined,
  channels: number,
): readonly number[][] {
  const members: number[][] = Array.from({ length: channels }, () => []);
  const of = axis === undefined ? {} : { axis };
  for (const [i, value] of x.data.entries()) members[scaleOf(i, x.shape, of)]?.push(value);
  return members;
}

/** Units of 2^-23 that scale (3.5), product and difference of an element may be off, or its code. */
const ELEMENT = 8;

/** What an error loses beside the additions: the unit (2.5), two products, squared, and the square. */
const SQUARE = 9;

/**
 * The sum of the squared errors by one zero point, in steps of `unit`, and how far it may be off. An
 * element beside a tie has nearly the same error by either code.
 */
function errorBy(
  zeroPoint: number,
  { members, scale, unit, params, arithmetic: { depth } }: Search & { readonly scale: number },
): { readonly error: number; readonly off: number } {
  const [first, last] = codesOf(ofCodes(params));
  let error = 0;
  let off = 0;
  for (const x of members) {
    const code = Math.min(Math.max(rint(Math.fround(x / scale)) + zeroPoint, first), last);
    const decoded = (code - zeroPoint) * scale;
    const d = Math.abs(x - decoded) / unit;
    const moved = (ELEMENT * EPS * (Math.abs(x) + Math.abs(decoded)) + FLUSH) / unit + FLUSH;
    error += d * d;
    off += 2 * d * moved + moved * moved + FLUSH;
  }
  return { error, off: (off + gamma(depth(members.length) + SQUARE) * error) * SECOND_ORDER };
}

/** The elements of a channel, and what is known of the search. */
interface Search {
  readonly members: readonly number[];
  /** In what errors are measured: the scale of the whole range. */
  readonly unit: number;
  readonly params: Params;
  readonly arithmetic: Arithmetic;
}

function tried(low: number, high: number, search: Search): Tried {
  const { params } = search;
  const own = qparamsOf(low, high, ofCodes(params), true);
  const { scale } = own;
  const { zeroPoint } = search.arithmetic.ieee ? own : qparamsOf(low, high, ofCodes(params), false);
  const all = Array.from({ length: zeroPoint.high - zeroPoint.low + 1 }, (_, i) =>
    errorBy(zeroPoint.low + i, { ...search, scale: scale.low }),
  );
  return {
    low,
    high,
    error: errorBy(own.zeroPoint.low, { ...search, scale: scale.low }).error,
    least: Math.min(...all.map(({ error, off }) => error - off)),
    most: Math.max(...all.map(({ error, off }) => error + off)),
  };
}

/** Of each channel the ranges that are tried, from the widest on. */
function searched({ x }: Inputs, params: Params, arithmetic: Arithmetic): readonly Tried[][] {
  const { shape, low, high } = rangesOf(x, params.ch_axis);
  const all = membersOf(x, params.ch_axis, sizeOf(shape));
  return all.map((members, c) => {
    const from = low[c] as number;
    const to = high[c] as number;
    const unit = qparamsOf(from, to, ofCodes(params), true).scale.low;
    const search = { members, unit, params, arithmetic };
    return sharesOf(params).map((share) =>
      tried(Math.fround(share * from), Math.fround(share * to), search),
    );
  });
}

const byError = (tries: readonly Tried[]): Tried =>
  tries.reduce((best, one) => (one.error < best.error ? one : best));

function outputsOf(shape: Shape, found: readonly Tried[]): Outputs<Value> {
  return {
    min_val: { shape, data: Float64Array.from(found, ({ low }) => low) },
    max_val: { shape, data: Float64Array.from(found, ({ high }) => high) },
  };
}

/** Ranges whose error may be the least by some legal arithmetic. */
function open(tries: readonly Tried[]): readonly Tried[] {
  const limit = Math.min(...tries.map(({ most }) => most));
  return tries.filter(({ least }) => least <= limit);
}

/** Of the ranges that can be right the nearest to a party's own. */
function forwardChosen(
  inputs: Inputs,
  { min_val, max_val }: Partial<Outputs<Value>>,
  params: Params,
): Outputs<Value> {
  const all = searched(inputs, params, IN_ANY_ORDER);
  const found = all.map((tries, c) => {
    const distance = ({ low, high }: Tried) =>
      Math.abs(low - (min_val?.data[c] ?? low)) + Math.abs(high - (max_val?.data[c] ?? high));
    return open(tries).reduce((best, one) => (distance(one) < distance(best) ? one : best));
  });
  return outputsOf([all.length], found);
}

interface Description {
  readonly params?: { readonly [Name in keyof Params]?: NonNullable<Params[Name]> };
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
}

function sample(
  shape: Shape,
  { params = {}, values, draw }: Description = {},
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { x: formatShape(shape), ...params, ...(values ? { values } : {}) },
    params,
    inputs: (random) => ({
      x: filledTensor('f32', shape, (i) => draw?.(random, i) ?? random.normal()),
    }),
  };
}

/** Mostly small, with a tail on one side that is not worth its steps. */
const tailed = (random: Random): number =>
  random.integer(1, 60) === 1 ? random.uniform(2, 9) : random.normal(0.2);

/** GPTQ's search of a range, with squares. */
export const record = defineRecord(signature, {
  summary: 'the share of a range whose 8-bit codes leave the least squared error',
  forward: (inputs, params) => {
    const all = searched(inputs, params, { ...IN_ANY_ORDER, ieee: true });
    return outputsOf([all.length], all.map(byError));
  },
  forwardChosen,
  acceptance: (_inputs, { min_val, max_val }) => {
    const bound = ({ data }: Value) => data.map((end) => EPS * Math.abs(end) + FLUSH);
    return {
      min_val: { kind: 'within', bound: bound(min_val) },
      max_val: { kind: 'within', bound: bound(max_val) },
    };
  },
  samples: [
    sample([1]),
    sample([301], { values: 'tailed', draw: tailed }),
    sample([6, 90], { params: { ch_axis: 0, qscheme: 'symmetric' } }),
    sample([5, 70, 3], {
      params: { ch_axis: 1, grid: 20, maxshrink: 0.5 },
      values: 'tailed',
      draw: tailed,
    }),
    sample([40, 4], {
      params: { ch_axis: -1, reduce_range: true },
      values: 'tailed',
      draw: (random) => -tailed(random),
    }),
    // Two passes of the sums.
    sample([3, 411], { params: { grid: 12 }, values: 'tailed', draw: tailed }),
    sample([7], { params: { grid: 3, maxshrink: 0.1 }, values: 'constant', draw: () => 2 }),
    sample([4, 5], { params: { ch_axis: 0 }, values: 'zeros', draw: () => 0 }),
    sample([3, 31], {
      params: { ch_axis: 0, grid: 30 },
      values: 'extremes',
      draw: (random, i) => random.normal() * ([1e-42, 1e-20, 1e35][Math.floor(i / 31)] as number),
    }),
    // Many elements a channel, so that a little of the range is worth to give up.
    sample([32, 300], {
      params: { ch_axis: 0, reduce_range: true, grid: 2000, maxshrink: 0.002 },
      values: 'tailed',
      draw: tailed,
    }),
    sample([2000], {
      params: { eps: 0.2, reduce_range: true, grid: 2000, maxshrink: 0.002 },
      values: 'tailed',
      draw: tailed,
    }),
    sample([9, 9], { params: { ch_axis: 1, grid: 10 } }),
    // More channels than a workgroup.
    sample([128, 9], { params: { ch_axis: 0, grid: 6 }, values: 'tailed', draw: tailed }),
  ],
  faults: [
    {
      name: 'ranges a half too wide',
      shader: {
        file: 'quant/least_error',
        from: 'max_val[channel] = high[best]',
        to: 'max_val[channel] = 0.125 + 1.5 * high[best]',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('a grid a tenth as fine', (params) => ({
      ...params,
      grid: Math.ceil(params.grid / 10),
    })),
    paramsBug('a search not far enough', (params) => ({
      ...params,
      maxshrink: params.maxshrink / 8,
    })),
    paramsBug('the other scheme', (params) => ({
      ...params,
      qscheme: params.qscheme === 'affine' ? 'symmetric' : 'affine',
    })),
    paramsBug('no eps', (params) => ({ ...params, eps: 2 ** -60 })),
    paramsBug('another axis', (params) =>
      params.ch_axis === 1 ? { ...params, ch_axis: 0 } : params,
    ),
    paramsBug('codes of 8 bits', (params) => ({ ...params, reduce_range: false })),
    inputBug('signs lost', 'x', Math.abs),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
  ],
});
