import { HQQ_WORDS, hqqQuantize as signature } from '../../vocabulary/quant/hqq_quantize.ts';
import type { InputsOf, OutputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { type Asked, askedOf, ownAnswer } from './hqq-asked.ts';
import { codeRanges, firstGrid, lastGrid } from './hqq-given.ts';
import {
  type Grid,
  type Groups,
  groupsOf,
  type HqqParams,
  isBeyond,
  nearestInverse,
  type Range,
  rangesOf,
  rightScales,
} from './hqq-groups.ts';
import { passOf, shrinkageOf } from './hqq-pass.ts';
import { samples } from './hqq-samples.ts';
import { nearestOf } from './nearest.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;

/** Units that a scale may be off: the range, the quotient, and that of its inverse. */
const SCALE = 6;

/**
 * Codes are right by the scale and the zero that were produced; a zero is the mean that a pass makes
 * of the zeros before, and where those are not known, what gives codes and a mean error as the
 * solver's. Of a group whose range is too large for a quotient nothing is asked, nor of zeros where
 * there is one.
 */
function acceptance(
  { weight }: Inputs,
  outputs: Outputs<Value>,
  params: HqqParams,
  arithmetic: Arithmetic,
): Outputs<Acceptance> {
  const { given_scale, given_zero: zero, ...asked } = outputs as Asked;
  const groups = groupsOf(weight, params);
  const ranges = rangesOf(groups);
  const first = firstGrid(ranges, groups, { scale: given_scale }, params, arithmetic.ieee);
  const last = lastGrid(first, { zero }, params);
  const { low, high } = codeRanges(groups, last, arithmetic.ieee);
  const isOpen = (i: number) => isBeyond(ranges[groups.groupOf(i)] as Range);
  const isRight = (i: number) => {
    const code = asked.unpacked.data[i] as number;
    return isOpen(i) || (code >= (low[i] as number) && code <= (high[i] as number));
  };
  const inBand = low.reduce((count, least, i) => count + Number(least !== high[i]), 0);
  const count = asked.packed.data.length;
  const slices = Array.from({ length: HQQ_WORDS[params.nbits].rows }, (_, k) => k * count);
  return {
    packed: {
      kind: 'codes',
      accepts: (i, word) =>
        word === asked.packed.data[i] &&
        slices.every((start) => start + i >= low.length || isRight(start + i)),
      inBand,
    },
    unpacked: {
      kind: 'codes',
      accepts: (i, code) => code === asked.unpacked.data[i] && isRight(i),
      inBand,
    },
    scale: acceptanceOfScale(ranges, groups, arithmetic),
    zero: acceptanceOfZero(ranges, groups, first, asked, params, arithmetic),
    dequant: {
      kind: 'within',
      bound: asked.dequant.data.map((y, i) => {
        const j = groups.groupOf(i);
        const scale = 1 / (first.inverse[j] as number);
        if (isOpen(i)) return Number.POSITIVE_INFINITY;
        return 2 * EPS * Math.abs(y) + scale * (last.zero.error[j] as number) + FLUSH * (1 + scale);
      }),
    },
    ...(asked.previous_error && {
      previous_zero: {
        kind: 'within',
        bound: asked.previous_error.data.map((error) => heldTo(ranges, error)),
      },
    }),
  };
}

/** Of zeros that depend on all groups there is no bound where one group has none. */
const heldTo = (ranges: readonly Range[], error: number): number =>
  ranges.some(isBeyond) ? Number.POSITIVE_INFINITY : error;

function acceptanceOfScale(
  ranges: readonly Range[],
  { top }: Groups,
  { ieee }: Arithmetic,
): Acceptance {
  const right = ranges.map((range) =>
    ieee ? [Math.fround(1 / nearestInverse(range, top))] : rightScales(range, top),
  );
  const units = ieee ? 0 : SCALE * EPS * SECOND_ORDER;
  return {
    kind: 'within',
    bound: Float64Array.from(ranges, (range, j) =>
      isBeyond(range) ? Number.POSITIVE_INFINITY : units * Math.max(...(right[j] as number[])),
    ),
    nearest: (j, actual) => nearestOf(right[j] as readonly number[], actual),
  };
}

function acceptanceOfZero(
  ranges: readonly Range[],
  groups: Groups,
  first: Grid,
  { zero, given_previous_zero: previous, objective }: Omit<Asked, 'given_scale' | 'given_zero'>,
  params: HqqParams,
  { depth }: Arithmetic,
): Acceptance {
  if (!params.optimize)
    return {
      kind: 'within',
      bound: first.zero.error.map((error, j) =>
        isBeyond(ranges[j] as Range) ? Number.POSITIVE_INFINITY : error,
      ),
    };
  if (!previous) {
    const mean = objective?.data[0] as number;
    const isMet = mean >= (objective?.data[1] as number) && mean <= (objective?.data[2] as number);
    const isOpen = ranges.some(isBeyond);
    return {
      kind: 'codes',
      accepts: (_, actual) => isOpen || (Number.isFinite(actual) && isMet),
      inBand: zero.data.length,
    };
  }
  const began = { value: previous.data, error: previous.data.map(() => 0) };
  const made = passOf(groups, { ...first, zero: began }, shrinkageOf(params), depth);
  return {
    kind: 'within',
    bound: made.error.map((error) => heldTo(ranges, error)),
    nearest: (j) => made.value[j] as number,
  };
}

/** HQQ's half-quadratic quantization (hqq.core.quantize.Quantizer), and what its codes decode to. */
export const record = defineRecord(signature, {
  summary:
    'codes of groups between their least and largest element, the zeros refined by the half-quadratic solver',
  unsupported: (_inputs, { packing, nbits }) =>
    packing === undefined || packing === HQQ_WORDS[nbits].packing
      ? undefined
      : `packing ${packing} of ${nbits} bits, only ${HQQ_WORDS[nbits].packing}`,
  forward: ({ weight }, params) => ownAnswer(weight, params),
  forwardFrom: ({ weight }, actual, params) => askedOf(weight, actual, params),
  acceptance,
  samples,
  faults: [
    {
      name: 'codes from the largest down',
      shader: {
        file: 'quant/hqq_encode',
        from: 'word |= u32(code) <<',
        to: 'word |= u32(sizes.top - code) <<',
      },
    },
  ],
  plausibleBugs: [
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
    paramsBug('a bit less', (params) => ({ ...params, nbits: params.nbits === 2 ? 1.58 : 2 })),
    paramsBug('the other axis', (params) => ({ ...params, axis: params.axis === 1 ? 0 : 1 })),
    paramsBug('groups of one', (params) => ({ ...params, group_size: 1 })),
    paramsBug('no solver', (params) => ({ ...params, optimize: !params.optimize })),
    paramsBug('zeros rounded, or not', (params) => ({ ...params, round_zero: !params.round_zero })),
    paramsBug('p wrong by 1e-3', (params) => ({ ...params, lp_norm: params.lp_norm * 1.001 })),
    paramsBug('beta wrong by 1e-3', (params) => ({ ...params, beta: params.beta * 1.001 })),
    paramsBug('a pass too many', (params) => ({ ...params, iters: params.iters + 1 })),
  ],
});
