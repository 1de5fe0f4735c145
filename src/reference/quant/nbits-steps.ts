import { middleOf, type NbitsFormat } from '../../quant/nbits/layout.ts';
import { FLUSH } from '../bounds.ts';
import type { Value } from '../record.ts';
import { exactly, heldIn, type Range, rangesIn } from './ranges.ts';

/** Codes, or zero points, that are right. */
export type Right = readonly [number, ...number[]];

/** What the codes of a block are relative to. */
export interface Steps {
  /** As it is stored. */
  readonly scale: Range;
  /** What codes are made by: of a weight in bf16 not as it is stored. */
  readonly exact: Range;
  readonly zeros: Right;
}

/** C's roundf of a number from 0 on: half away from zero, exact. */
function roundf(y: number): number {
  const whole = Math.floor(y);
  return whole + Math.floor(2 * (y - whole));
}

/** Whole numbers from `low` to `high`, `first` before the others. */
function around(first: number, low: number, high: number): Right {
  const all = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return [first, ...all.filter((code) => code !== first)];
}

/** The code of a level: rounded, from 0 to `top`. */
const codeOf = (level: number, top: number) => roundf(Math.min(Math.max(level, 0), top));

const topOf = ({ bits }: NbitsFormat) => 2 ** bits - 1;

/** Ends of the range of a block, 0 among them. */
function rangeOf(block: Float64Array) {
  return {
    low: block.reduce((least, x) => Math.min(least, x), 0),
    high: block.reduce((most, x) => Math.max(most, x), 0),
  };
}

/**
 * Scale and zero points of a block in IEEE arithmetic, or in any that is legal: range2scale and
 * range2scalezp of onnxruntime/core/mlas/lib/q4_dq.cpp. Where float32 has no normal number for the
 * scale every zero point is right.
 */
export function stepsOf(
  block: Float64Array,
  format: NbitsFormat & { readonly symmetric: boolean },
  dtype: Value['dtype'],
  ieee: boolean,
): Steps {
  const { low, high } = rangeOf(block);
  const top = topOf(format);
  const ops = rangesIn('f32', ieee);
  const held = ({ low: a, high: b }: Range): Range => {
    const ends = [heldIn(dtype, a), heldIn(dtype, b)] as const;
    return { low: Math.min(...ends), high: Math.max(...ends) };
  };
  const usedOf = (scale: Range) => (dtype === 'bf16' ? scale : held(scale));
  if (format.symmetric) {
    const middle = middleOf(format);
    // A power of two divides exactly; what is below the normal numbers may be flushed.
    const quotient = (high > -low ? high : low) / -middle;
    const tiny = Math.abs(quotient) < FLUSH && !ieee;
    const scale = tiny
      ? { low: Math.min(quotient, 0), high: Math.max(quotient, 0) }
      : exactly(Math.fround(quotient));
    return { scale: held(scale), exact: usedOf(scale), zeros: [middle] };
  }
  if (low === high) {
    // A quotient of zero may be off by denormals; codes do without it.
    const off = ieee ? 0 : FLUSH;
    return { scale: { low: -off, high: off }, exact: exactly(0), zeros: [0] };
  }
  const scale = ops.div(ops.sub(exactly(high), exactly(low)), exactly(top));
  const own = Math.fround(Math.fround(high - low) / top);
  const nearest = own < FLUSH ? 0 : codeOf(Math.fround(-low / own), top);
  const parts = { scale: held(scale), exact: usedOf(scale) };
  if (scale.low < FLUSH) return { ...parts, zeros: around(nearest, 0, top) };
  const level = ops.div(exactly(-low), scale);
  return { ...parts, zeros: around(nearest, codeOf(level.low, top), codeOf(level.high, top)) };
}

/**
 * Right codes of x by the steps of its block and one of their zero points: x (1 / scale) + zero, whose
 * product and sum a GPU may fuse. Codes of a block whose scale is 0 are its zero point; where float32
 * has no normal number for it, every code is right.
 */
export function codesOf(
  x: number,
  { exact }: Pick<Steps, 'exact'>,
  zero: number,
  format: NbitsFormat,
  ieee: boolean,
): Right {
  const top = topOf(format);
  if (exact.low === 0 && exact.high === 0) return [zero];
  const isBelow = exact.high <= 0;
  const size = isBelow ? { low: -exact.high, high: -exact.low } : exact;
  if (size.low < FLUSH) return around(zero, 0, top);
  const along = isBelow ? -x : x;
  const ops = rangesIn('f32', ieee);
  const inverse = ops.div(exactly(1), size);
  if (ieee) {
    const y = along * inverse.low;
    const apart = codeOf(Math.fround(Math.fround(y) + zero), top);
    const fused = codeOf(Math.fround(y + zero), top);
    return fused === apart ? [apart] : [apart, fused];
  }
  // On any adapter a denormal may be taken for zero.
  const operand =
    Math.abs(x) < FLUSH ? { low: Math.min(along, 0), high: Math.max(along, 0) } : exactly(along);
  const level = ops.add(ops.mul(operand, inverse), exactly(zero));
  const low = codeOf(level.low, top);
  return around(low, low, codeOf(level.high, top));
}
