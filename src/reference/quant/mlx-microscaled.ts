import {
  codesAround,
  E2M1,
  E4M3,
  nearestCode,
  type SmallFloat,
  valueOfCode,
} from '../../quant/small-floats.ts';
import type { MlxParams } from '../../vocabulary/quant/mlx_quantize.ts';
import { EPS, FLUSH, maxAbs } from '../bounds.ts';
import type { Coding, Line } from './mlx-line.ts';
import { exactly } from './ranges.ts';

/** The formats of elements, and whether a scale is a number in e4m3 or a power of two. */
const MODES = {
  mxfp4: { element: E2M1, scales: 'powers' },
  mxfp8: { element: E4M3, scales: 'powers' },
  nvfp4: { element: E2M1, scales: 'e4m3' },
} as const satisfies Readonly<Record<string, { element: SmallFloat; scales: 'powers' | 'e4m3' }>>;

/** What a quotient may be off. */
const QUOTIENT = 2.5 * EPS;

/** The exponent of a power of two whose byte is 0. */
const BIAS = 127;
/** The byte that stands for no power. */
const NO_POWER = 255;

const lineOf = (scale: number): Line => ({ scale, bias: 0 });

/**
 * The smallest power of two by which `largest` is no more than the largest element; of a group of
 * zeros 1, which a denormal may be taken for.
 */
function powers(largest: number, most: number): readonly [Line, ...Line[]] {
  const exponent = Math.ceil(Math.log2(largest / most));
  const isTooSmall = most * 2 ** exponent < largest;
  const isTooLarge = most * 2 ** (exponent - 1) >= largest;
  const exact = exponent + Number(isTooSmall) - Number(isTooLarge);
  const one = lineOf(BIAS);
  if (largest === 0) return [one];
  const line = lineOf(Math.max(0, exact + BIAS));
  return largest < FLUSH ? [line, one] : [line];
}

/** The number in e4m3 nearest to largest / most, and those that a quotient may come near to. */
function numbers(largest: number, most: number): readonly [Line, ...Line[]] {
  const quotient = Math.fround(largest / most);
  const nearest = nearestCode(quotient, E4M3);
  const others = [1 - QUOTIENT, 1 + QUOTIENT]
    .map((off) => nearestCode((largest / most) * off, E4M3))
    .filter((code) => code !== nearest);
  return [lineOf(nearest), ...others.map(lineOf)];
}

/** MLX's microscaled modes: small floats times a scale of 8 bits. */
export function microscaled(mode: Exclude<MlxParams['mode'], 'affine'>): Coding {
  const { element, scales } = MODES[mode];
  const most = element.magnitudes.at(-1) as number;
  const scaleOf = ({ scale }: Line) =>
    scales === 'e4m3'
      ? valueOfCode(scale, E4M3)
      : scale === NO_POWER
        ? Number.NaN
        : 2 ** (scale - BIAS);
  // By a scale of zero every element is zero.
  const relative = (x: number, line: Line) => (scaleOf(line) === 0 ? 0 : x / scaleOf(line));
  return {
    lines: (group) => (scales === 'powers' ? powers : numbers)(maxAbs(group), most),
    stored: (line) => exactly(scaleOf(line)),
    codes: (x, line, ieee) => {
      const y = relative(x, line);
      // On any adapter a denormal may be taken for zero.
      const share = Math.abs(x) < FLUSH ? 1 : ieee ? 0 : QUOTIENT;
      const nearest = nearestCode(y, element);
      // MLX gives a zero in e2m1 no sign; in e4m3 it keeps it.
      const own = element === E2M1 && valueOfCode(nearest, element) === 0 ? 0 : nearest;
      const all = codesAround(y, share * Math.abs(y), element);
      return [own, ...all.filter((other) => other !== own)];
    },
    decode: (code, scale, _bias, ops) => ops.mul(exactly(valueOfCode(code, element)), scale),
  };
}
