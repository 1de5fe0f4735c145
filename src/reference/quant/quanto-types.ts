import {
  codesAround,
  E4M3,
  E4M3FNUZ,
  E5M2,
  type SmallFloat,
  valueOfCode,
} from '../../quant/small-floats.ts';
import { rint } from '../../tensor/rint.ts';
import type { QuantoParams } from '../../vocabulary/quant/quanto_quantize.ts';
import { FLUSH, LARGEST } from '../bounds.ts';
import { exactly, type Range, type RangeArithmetic } from './ranges.ts';

/** What a group's codes are relative to. */
export interface QuantoScale {
  readonly scale: Range;
  /** Of affine codes; else 0. */
  readonly shift: number;
}

/** How codes of a type come about. */
export interface QuantoType {
  readonly scaleOf: (group: Float64Array, ops: RangeArithmetic) => QuantoScale;
  /** Right codes of x; by IEEE arithmetic one, but for two codes of zero. */
  readonly codes: (x: number, of: QuantoScale, ops: RangeArithmetic) => readonly number[];
  /** What a code decodes to. */
  readonly decode: (code: number, of: QuantoScale, ops: RangeArithmetic) => Range;
}

/** Of quotients by a scale that may be flushed: every code stands for as good as zero then. */
const ANY: Range = { low: -LARGEST, high: LARGEST };

/** Steps of a scale. */
const stepsOf = (x: Range, scale: Range, ops: RangeArithmetic): Range =>
  scale.low < FLUSH ? ANY : ops.div(x, scale);

/** Whole numbers from `low` to `high`. */
const wholes = ({ low, high }: Range) => Array.from({ length: high - low + 1 }, (_, i) => low + i);

/** A range rounded to whole numbers of [low, high]. */
function levels(y: Range, low: number, high: number): readonly number[] {
  const level = (x: number) => Math.min(Math.max(rint(x), low), high) + 0;
  return wholes({ low: level(y.low), high: level(y.high) });
}

/** Whole steps from the least element to the greatest. */
function affine(bits: number): QuantoType {
  const top = 2 ** bits - 1;
  return {
    scaleOf: (group, ops) => {
      const low = group.reduce((least, x) => Math.min(least, x));
      const high = group.reduce((most, x) => Math.max(most, x));
      const range = low === high ? exactly(0) : ops.sub(exactly(high), exactly(low));
      const scale = low === high ? range : ops.div(range, exactly(top));
      return { scale, shift: -low + 0 };
    },
    codes: (x, { scale, shift }, ops) => {
      // Every element of such a group is its least.
      if (scale.high === 0) return [0];
      return levels(stepsOf(ops.add(exactly(x), exactly(shift)), scale, ops), 0, top);
    },
    decode: (code, { scale, shift }, ops) => ops.sub(ops.mul(exactly(code), scale), exactly(shift)),
  };
}

/** Of numbers whose largest magnitude is `top`: codes and what they stand for. */
function symmetric(
  top: number,
  codesOf: (y: Range) => readonly number[],
  value: (code: number) => number,
): QuantoType {
  return {
    scaleOf: (group, ops) => {
      const largest = group.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const scale = largest === 0 ? exactly(0) : ops.div(exactly(largest), exactly(top));
      return { scale, shift: 0 };
    },
    codes: (x, { scale }, ops) =>
      codesOf(scale.high === 0 ? exactly(0) : stepsOf(exactly(x), scale, ops)),
    decode: (code, { scale }, ops) => ops.mul(exactly(value(code)), scale),
  };
}

function float8(format: SmallFloat): QuantoType {
  const top = format.magnitudes.at(-1) as number;
  // Quotients that overflow have the code of the largest number too.
  const within = (y: number) => Math.min(Math.max(y, -2 * top), 2 * top);
  return symmetric(
    top,
    (y) => {
      const low = within(y.low);
      const high = within(y.high);
      return codesAround((low + high) / 2, (high - low) / 2, format);
    },
    (code) => valueOfCode(code, format),
  );
}

const E4M3FN = float8(E4M3);

/** Of each type one that codes may be taken for, where there is one as likely. */
export const OTHER_TYPE = {
  qint2: 'qint4',
  qint4: 'qint4',
  qint8: 'qint8',
  qfloat8: 'qfloat8',
  qfloat8_e4m3fn: 'qfloat8_e5m2',
  qfloat8_e4m3fnuz: 'qfloat8_e4m3fn',
  qfloat8_e5m2: 'qfloat8_e4m3fn',
} as const satisfies Readonly<Record<QuantoParams['qtype'], QuantoParams['qtype']>>;

/** By qtype. */
export const QUANTO_TYPES: Readonly<Record<QuantoParams['qtype'], QuantoType>> = {
  qint2: affine(2),
  qint4: affine(4),
  qint8: symmetric(
    127,
    (y) => levels(y, -128, 127),
    (code) => code,
  ),
  qfloat8: E4M3FN,
  qfloat8_e4m3fn: E4M3FN,
  qfloat8_e4m3fnuz: float8(E4M3FNUZ),
  qfloat8_e5m2: float8(E5M2),
};
