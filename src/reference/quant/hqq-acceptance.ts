import { rint } from '../../tensor/rint.ts';
import { HQQ_WORDS, type hqqQuantize as signature } from '../../vocabulary/quant/hqq_quantize.ts';
import type { OutputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import type { Asked } from './hqq-asked.ts';
import { codeRange, codeRanges, firstGrid, gridOfGroup, halfOf, lastGrid } from './hqq-given.ts';
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
import { nearestOf } from './nearest.ts';

type Outputs<T> = OutputsOf<typeof signature, T>;

/** Units that a scale may be off: the range, its reciprocal, a product, and that of its inverse. */
const SCALE = 7;

const INFINITE = Number.POSITIVE_INFINITY;

/** A weight, what is known of the arithmetic, and what the party gave. */
interface Judged {
  readonly groups: Groups;
  readonly ranges: readonly Range[];
  readonly first: Grid;
  readonly asked: Asked;
  readonly arithmetic: Arithmetic;
}

/**
 * Codes are right by the scale and the zero that were produced; a zero is the mean that a pass makes
 * of the zeros before. Where those are not known it is what gives the codes and the weights that were
 * produced, as far as they are known, and all zeros a mean error as the solver's. Of a group whose
 * range is too large for a quotient nothing is asked, nor of refined zeros where there is one.
 */
export function acceptanceOf(
  weight: Value,
  outputs: Outputs<Value>,
  params: HqqParams,
  arithmetic: Arithmetic,
): Outputs<Acceptance> {
  const asked: Asked = outputs;
  const groups = groupsOf(weight, params);
  const ranges = rangesOf(groups);
  const given = { scale: asked.given_scale, zero: asked.given_zero };
  const first = firstGrid(ranges, groups, given, params, arithmetic.ieee);
  const judged = { groups, ranges, first, asked, arithmetic };
  const { previous_error: previous } = asked;
  return {
    ...codesAndDequant(judged, lastGrid(first, given, params), params),
    scale: ofScale(judged),
    zero: params.optimize ? ofRefinedZero(judged, params) : ofFirstZero(judged, params.round_zero),
    ...(previous && { previous_zero: ofWhole(judged, previous.data) }),
  };
}

/** Of zeros that depend on all groups there is no bound where one group has none. */
function ofWhole({ ranges }: Judged, error: Float64Array) {
  const bound = ranges.some(isBeyond) ? error.map(() => INFINITE) : error;
  return { kind: 'within', bound } as const;
}

function codesAndDequant(
  { groups, ranges, asked, arithmetic }: Judged,
  last: Grid,
  params: HqqParams,
) {
  const { low, high } = codeRanges(groups, last, arithmetic.ieee);
  const isOpen = (i: number) => isBeyond(ranges[groups.groupOf(i)] as Range);
  const isRight = (i: number) => {
    const code = asked.unpacked.data[i] as number;
    return isOpen(i) || (code >= (low[i] as number) && code <= (high[i] as number));
  };
  const inBand = low.reduce((count, least, i) => count + Number(least !== high[i]), 0);
  const count = asked.packed.data.length;
  const slices = Array.from({ length: HQQ_WORDS[params.nbits].rows }, (_, k) => k * count);
  const bound = asked.dequant.data.map((y, i) => {
    const j = groups.groupOf(i);
    const scale = 1 / (last.inverse[j] as number);
    if (isOpen(i)) return INFINITE;
    return decodingError(y, scale) + scale * (last.zero.error[j] as number);
  });
  return {
    packed: {
      kind: 'codes',
      accepts: (i: number, word: number) =>
        word === asked.packed.data[i] &&
        slices.every((start) => start + i >= low.length || isRight(start + i)),
      inBand,
      codes: low.length,
    },
    unpacked: {
      kind: 'codes',
      accepts: (i: number, code: number) => code === asked.unpacked.data[i] && isRight(i),
      inBand,
    },
    dequant: { kind: 'within', bound },
  } as const;
}

function ofScale({ ranges, groups: { top }, arithmetic: { ieee } }: Judged): Acceptance {
  const right = ranges.map((range) =>
    ieee ? [Math.fround(1 / nearestInverse(range, top))] : rightScales(range, top),
  );
  const units = ieee ? 0 : SCALE * EPS * SECOND_ORDER;
  return {
    kind: 'within',
    bound: Float64Array.from(ranges, (range, j) =>
      isBeyond(range) ? INFINITE : units * Math.max(...(right[j] as number[])),
    ),
    nearest: (j, actual) => nearestOf(right[j] as readonly number[], actual),
  };
}

/** A zero that is rounded is one of the whole numbers between. */
function ofFirstZero({ ranges, first: { zero } }: Judged, isRounded: boolean): Acceptance {
  const { value, error } = zero;
  const bound = error.map((off, j) =>
    isBeyond(ranges[j] as Range) ? INFINITE : isRounded ? 0 : off,
  );
  if (!isRounded) return { kind: 'within', bound };
  const nearest = (j: number, actual: number) => {
    const middle = value[j] as number;
    const off = error[j] as number;
    return Math.min(Math.max(rint(actual), middle - off), middle + off);
  };
  return { kind: 'within', bound, nearest };
}

function ofRefinedZero(judged: Judged, params: HqqParams): Acceptance {
  const { groups, first, asked, arithmetic } = judged;
  const previous = asked.given_previous_zero;
  if (!previous || !isSolved(asked)) return ofZeroByCodes(judged);
  const began = { value: previous.data, error: previous.data.map(() => 0) };
  const grid = { ...first, zero: began };
  const made = passOf(groups, grid, shrinkageOf(params), arithmetic.depth);
  return { ...ofWhole(judged, made.error), nearest: (j) => made.value[j] as number };
}

function ofZeroByCodes({ groups, ranges, first, asked, arithmetic }: Judged): Acceptance {
  const { x, count, size, place, top } = groups;
  const isOpen = ranges.some(isBeyond);
  const isNear = isSolved(asked);
  const decoded = inFloat32(asked.given_dequant);
  const scale = inFloat32(asked.given_scale);
  const codes = asked.given_codes?.data;
  const makesAll = (j: number, zero: number) => {
    if (!codes) return true;
    const grid = { ...gridOfGroup(first, j), zero, off: 0 };
    return Array.from({ length: size }, (_, k) => place(j, k)).every((i) => {
      const range = codeRange(x[i] as number, grid, top, arithmetic.ieee);
      const code = codes[i] as number;
      if (!(code >= range[0] && code <= range[1])) return false;
      if (!decoded || !scale) return true;
      const step = scale[j] as number;
      const y = (code - zero) * step;
      return Math.abs((decoded[i] as number) - y) <= decodingError(y, step);
    });
  };
  return {
    kind: 'codes',
    accepts: (j, actual) => isOpen || (isNear && makesAll(j, actual)),
    inBand: count,
  };
}

/** Whether the codes are as near to the weight as the solver's. */
const isSolved = ({ is_solved: solved }: Asked): boolean => solved?.data[0] === 1;

/** What halves tell of a number is no more than their step. */
const inFloat32 = (value: Value | undefined) => (halfOf(value) ? undefined : value?.data);

/** How far (code - zero) scale may be off. */
const decodingError = (y: number, scale: number): number =>
  2 * EPS * Math.abs(y) + FLUSH * (1 + scale);
