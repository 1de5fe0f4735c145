import { rint } from '../../tensor/rint.ts';
import { EPS, FLUSH, HALF_EPS, SECOND_ORDER } from '../bounds.ts';
import type { Coding, Line } from './mlx-line.ts';
import { exactly, heldIn } from './ranges.ts';

/** A narrower range is taken for this one. */
const LEAST_STEP = Math.fround(1e-7);

/** Of the quotient that says how many steps the edge is: a difference and two quotients. */
const STEPS_ERROR = 6 * EPS * SECOND_ORDER;
/** Of a scale from float32's nearest, by a difference and a quotient at most. */
const SCALE_ERROR = (3.5 * EPS + HALF_EPS) * SECOND_ORDER;
/** Of an element's distance from the bias over the scale. */
const LEVEL_ERROR = (3.5 * EPS + SCALE_ERROR) * SECOND_ORDER;

/**
 * Right lines of a group: the end of the range that is larger by size is a whole number of steps
 * from zero, and a quotient near the middle of two numbers leaves open which. Of ends that may be
 * flushed, neither need be the larger.
 */
function linesOf(group: Float64Array, top: number): readonly [Line, ...Line[]] {
  const low = Math.min(...group);
  const high = Math.max(...group);
  const step = Math.max(Math.fround(Math.fround(high - low) / top), LEAST_STEP);
  const fromLow = Math.abs(low) > Math.abs(high);
  const edge = fromLow ? low : high;
  const scale = fromLow ? step : -step;
  const ratio = Math.fround(edge / scale);
  const lineOf = (steps: number): Line =>
    steps === 0 ? { scale, bias: 0 } : { scale: Math.fround(edge / steps), bias: edge };
  const nearest = rint(ratio);
  const others = [1 - STEPS_ERROR, 1 + STEPS_ERROR]
    .map((off) => rint(ratio * off))
    .filter((steps) => steps !== nearest);
  const isFlushed = Math.abs(edge) < FLUSH;
  return [
    lineOf(nearest),
    ...others.map(lineOf),
    ...(isFlushed ? [{ scale: -scale, bias: 0 }] : []),
  ];
}

/** MLX's affine mode: whole steps of a group's scale from its bias. */
export function affine(bits: number): Coding {
  const top = 2 ** bits - 1;
  const clamped = (level: number) => Math.min(Math.max(rint(level), 0), top);
  const code = (x: number, { scale, bias }: Line) =>
    clamped(Math.fround(Math.fround(x - bias) / scale));
  return {
    lines: (group) => linesOf(group, top),
    stored: ({ scale }, dtype, ieee) => {
      const off = ieee ? 0 : SCALE_ERROR * Math.abs(scale);
      return { low: heldIn(dtype, scale - off), high: heldIn(dtype, scale + off) };
    },
    codes: (x, line, ieee) => {
      const own = code(x, line);
      if (ieee) return [own];
      const level = (x - line.bias) / line.scale;
      const off = LEVEL_ERROR * Math.abs(level) + (2 * FLUSH) / Math.abs(line.scale);
      const low = clamped(level - off);
      const all = Array.from({ length: clamped(level + off) - low + 1 }, (_, i) => low + i);
      return [own, ...all.filter((other) => other !== own)];
    },
    decode: (level, scale, bias, ops) => ops.add(ops.mul(exactly(level), scale), exactly(bias)),
  };
}
