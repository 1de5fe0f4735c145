import { packSlices, type RowSlices, unpackSlices } from '../../quant/packing/row-slices.ts';
import type { Shape } from '../../tensor/shape.ts';
import { HQQ_WORDS, type hqqQuantize as signature } from '../../vocabulary/quant/hqq_quantize.ts';
import type { OutputsOf } from '../../vocabulary/signature.ts';
import { storageStep } from '../bounds.ts';
import type { Value, Values } from '../record.ts';
import { type CodeRanges, codeRanges, firstGrid, halfOf, lastGrid } from './hqq-given.ts';
import {
  type Grid,
  type Groups,
  groupsOf,
  type HqqParams,
  rangesOf,
  rightScales,
} from './hqq-groups.ts';
import { passOf, shrinkageOf } from './hqq-pass.ts';
import { type End, type Solved, solve } from './hqq-solver.ts';

/** What is asked of a party, and what it gave of that from which the rest follows. */
export interface Asked extends OutputsOf<typeof signature, Value> {
  readonly given_scale?: Value;
  readonly given_zero?: Value;
  readonly given_previous_zero?: Value;
  readonly given_dequant?: Value;
  /** Its codes, or those of its words, as far as they are right. */
  readonly given_codes?: Value;
  /** How far the zeros may be off that the last pass began with. */
  readonly previous_error?: Value;
  /** 1 where the mean error of the party's codes is as the solver's, else 0. */
  readonly is_solved?: Value;
}

/** How far a party's mean error may be from that of the solver, as a share of it. */
const OBJECTIVE = 0.005;

/** Shapes of what a call gives. */
function shapesOf({ count, size }: Groups, { axis, nbits }: HqqParams) {
  const { rows } = HQQ_WORDS[nbits];
  const packed = (height: number, width: number): Shape => [Math.ceil(height / rows), width];
  return axis === 1
    ? { perGroup: [count, 1], matrix: [count, size], packed: packed(count, size) }
    : { perGroup: [1, count], matrix: [size, count], packed: packed(size, count) };
}

/** What the oracle itself gives, and what is asked of a party that gives the same. */
export function ownAnswer(weight: Value, params: HqqParams): Asked {
  const groups = groupsOf(weight, params);
  const grid = firstGrid(rangesOf(groups), groups, {}, params, false);
  const { perGroup: shape } = shapesOf(groups, params);
  // A zero is stored in float32, and what it decodes to follows from it.
  const of = (data: Float64Array): Value => ({ shape, data: data.map(Math.fround) });
  if (!params.optimize) return askedOf(weight, { zero: of(grid.zero.value) }, params);
  const solved = solve(groups, grid, params);
  const previous_zero = of(solved.exact.previous.value);
  const zero = of(lastPass(groups, grid, previous_zero, params).value);
  return askedOf(weight, { zero, previous_zero }, params, solved);
}

/**
 * What is right given what a party chose: its codes where they are in the band of two, packed; what
 * these decode to with its own scales and zeros; the zeros that a pass makes of those that its last
 * one began with, and these as they are where it may have ended.
 */
export function askedOf(weight: Value, actual: Values, params: HqqParams, solved?: Solved): Asked {
  const { scale, zero, previous_zero: previous } = actual;
  const groups = groupsOf(weight, params);
  const ranges = rangesOf(groups);
  const first = firstGrid(ranges, groups, { scale }, params, false);
  const last = lastGrid(first, { zero }, params);
  const { perGroup, matrix, packed } = shapesOf(groups, params);
  const of = (data: Float64Array): Value => ({ shape: perGroup, data });
  const codes = chosenCodes(actual, codeRanges(groups, last, false), HQQ_WORDS[params.nbits]);
  const step = scale?.data ?? first.inverse.map((factor) => Math.fround(1 / factor));
  const dequant = codes.map((code, i) => {
    const j = groups.groupOf(i);
    return (code - (last.zero.value[j] as number)) * (step[j] as number);
  });
  const count = packed.reduce((product, n) => product * n, 1);
  const asked = {
    packed: { shape: packed, data: packSlices(codes, count, HQQ_WORDS[params.nbits]) },
    unpacked: { shape: matrix, data: codes },
    // One's own answer has the scale that its codes are made with.
    scale: of(
      scale
        ? Float64Array.from(ranges, (range) => rightScales(range, groups.top)[0] as number)
        : step,
    ),
    dequant: { shape: weight.shape, data: dequant },
    ...(scale && { given_scale: scale }),
    ...(zero && { given_zero: zero }),
    ...(actual['dequant'] && { given_dequant: actual['dequant'] }),
    ...((actual['unpacked'] ?? actual['packed']) && {
      given_codes: { shape: matrix, data: codes },
    }),
  };
  if (!params.optimize) return { ...asked, zero: of(first.zero.value) };
  const { ends, exact } = solved ?? solve(groups, first, params);
  const is_solved = isSolvedBy(ends, { x: groups.x, dequant, zero, step });
  if (!previous) return { ...asked, is_solved, zero: of(exact.zero.value) };
  const end = nearestEnd(ends, previous.data);
  const made = lastPass(groups, first, previous, params);
  return {
    ...asked,
    is_solved,
    zero: of(made.value),
    given_previous_zero: previous,
    previous_zero: of(end.previous.value),
    previous_error: of(end.previous.error),
  };
}

/** What a pass makes of zeros that are known. */
function lastPass(groups: Groups, grid: Grid, { data: value }: Value, params: HqqParams) {
  const zero = { value, error: value.map(() => 0) };
  return passOf(groups, { ...grid, zero }, shrinkageOf(params), (terms) => terms);
}

/** A party's codes as far as they are right; else the nearest that is. */
function chosenCodes(
  { unpacked, packed }: Values,
  { low, high }: CodeRanges,
  words: RowSlices,
): Float64Array {
  const given =
    unpacked?.data ?? (packed ? unpackSlices(packed.data, low.length, words) : undefined);
  return low.map((least, i) =>
    Math.min(Math.max(Math.round(given?.[i] ?? least), least), high[i] as number),
  );
}

/** The way to end whose last pass began nearest to what a party's did. */
function nearestEnd(ends: Solved['ends'], given: Float64Array): End {
  const apart = ({ previous: { value, error } }: End) =>
    value.reduce(
      (most, z, j) => Math.max(most, Math.abs(z - (given[j] as number)) / (error[j] as number)),
      0,
    );
  return ends.reduce((best, end) => (apart(end) < apart(best) ? end : best));
}

interface Party {
  readonly x: Float64Array;
  readonly dequant: Float64Array;
  readonly zero: Value | undefined;
  readonly step: Float64Array;
}

/** Whether codes are as near to the weight as the solver's. A zero in halves was made in halves. */
function isSolvedBy(ends: Solved['ends'], { x, dequant, zero, step }: Party): Value {
  const mean = x.reduce((sum, w, i) => sum + Math.abs(w - (dequant[i] as number)), 0) / x.length;
  const half = halfOf(zero);
  const halves = step.reduce(
    (sum, scale, j) => sum + scale * storageStep(zero?.data[j] ?? 0, half),
    0,
  );
  const apart = (2 * halves) / step.length;
  const least = Math.min(...ends.map(({ objective, doubt }) => objective - doubt));
  const most = Math.max(...ends.map(({ objective, doubt }) => objective + doubt));
  const isSolved =
    mean >= least * (1 - OBJECTIVE) - apart && mean <= most * (1 + OBJECTIVE) + apart;
  return { shape: [1], data: Float64Array.of(Number(isSolved)) };
}
