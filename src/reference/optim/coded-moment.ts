import type { MapRounding } from '../../vocabulary/quant/rounding.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { blockAbsmax, blockCount, relativeToBlock } from '../quant/blocks.ts';
import { mapCode, mapCodeRange } from '../quant/map-codes.ts';
import { quantizeBlocks } from '../quant/quantize_blockwise.simulation.ts';
import type { Acceptance } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

/** How a moment becomes codes. */
export interface Coding {
  /** 256 ascending values. */
  readonly map: ArrayLike<number>;
  /** Elements that share a scale. */
  readonly blocksize: number;
  readonly rounding: MapRounding;
}

/** A moment in 8 bits. */
export interface Coded {
  readonly codes: Float64Array;
  /** The largest magnitude of each block. */
  readonly absmax: Float64Array;
}

/** The lowest and the highest right code of each element. */
export interface CodedError {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** What the codes stand for. */
export function decodedMoment(
  { codes, absmax }: Coded,
  { map, blocksize }: Coding,
  multiply = (value: number, scale: number): number => value * scale,
): Float64Array {
  return codes.map((code, i) =>
    multiply(map[code] as number, absmax[Math.floor(i / blocksize)] as number),
  );
}

/** The codes of a moment by exact arithmetic, but for those of what is relative to a block. */
export function codedMoment(x: Float64Array, coding: Coding): Coded {
  const { map, blocksize, rounding } = coding;
  const absmax = blockAbsmax(x, blocksize);
  const codes = x.map((value, i) => {
    const y = relativeToBlock(value, absmax[Math.floor(i / blocksize)] as number);
    return withItsSign(mapCode(map, y, rounding), y, coding);
  });
  return { codes, absmax };
}

/**
 * bitsandbytes' CUDA code, which chooses the nearest value, takes the code below where something
 * negative would become 0.
 */
function withItsSign(code: number, y: number, { map, rounding }: Coding): number {
  return rounding === 'nearest' && y < 0 && map[code] === 0 ? code - 1 : code;
}

/**
 * Of a moment that may be off by `error`: its right codes, how far what they stand for may be from
 * {@link codedMoment}'s, and how far each scale may be off. In a block that may be nothing but zeros
 * every code is right.
 */
export function momentRange(
  x: Float64Array,
  error: Float64Array,
  coding: Coding,
  ieee: boolean,
): CodedError & { readonly apart: Float64Array; readonly absmax: Float64Array } {
  const { map, blocksize, rounding } = coding;
  const { codes, absmax } = codedMoment(x, coding);
  const off = scaleErrors(x, error, absmax, blocksize);
  const low = new Float64Array(x.length);
  const high = new Float64Array(x.length);
  const apart = new Float64Array(x.length);
  for (const [i, value] of x.entries()) {
    const j = Math.floor(i / blocksize);
    const scale = absmax[j] as number;
    const scaleError = off[j] as number;
    const y = relativeToBlock(value, scale);
    const room = scale - scaleError;
    // The quotient and its reciprocal are rounded on both sides.
    const slack =
      (Math.abs(y) * scaleError + (error[i] as number) + FLUSH) / room + 2 * EPS * Math.abs(y);
    const [least, most] = room > 0 ? mapCodeRange(map, y, slack, rounding, ieee) : [0, 255];
    const first = withItsSign(least, y - slack, coding);
    const last = withItsSign(most, y + slack, coding);
    low[i] = first;
    high[i] = last;
    const chosen = map[codes[i] as number] as number;
    const farthest = Math.max(
      Math.abs((map[first] as number) - chosen),
      Math.abs((map[last] as number) - chosen),
    );
    apart[i] = farthest * (scale + scaleError) + Math.abs(chosen) * scaleError + FLUSH;
  }
  return { low, high, apart, absmax: off };
}

/** How far the largest of each block may be off: only what may come to be it has a part in that. */
function scaleErrors(
  x: Float64Array,
  error: Float64Array,
  absmax: Float64Array,
  blocksize: number,
): Float64Array {
  const count = blockCount(x.length, blocksize);
  const least = new Float64Array(count);
  const most = new Float64Array(count);
  for (const [i, value] of x.entries()) {
    const j = Math.floor(i / blocksize);
    const size = Math.abs(value);
    least[j] = Math.max(least[j] as number, size - (error[i] as number));
    most[j] = Math.max(most[j] as number, size + (error[i] as number));
  }
  return absmax.map(
    (scale, j) => Math.max((most[j] as number) - scale, scale - (least[j] as number)) + FLUSH,
  );
}

/** The codes and scales that kernels make of a moment. */
export function simulatedCodes(gpu: SimulatedGpu, x: Float64Array, coding: Coding): Coded {
  const { map, blocksize, rounding } = coding;
  const { q, absmax } = quantizeBlocks(gpu, x, map, { blocksize, rounding });
  return { codes: q.map((code, i) => withItsSign(code, x[i] as number, coding)), absmax };
}

/** When codes are right. */
export function codeAcceptance({ low, high }: CodedError): Acceptance {
  return {
    kind: 'codes',
    accepts: (i, code) =>
      Number.isInteger(code) && code >= (low[i] as number) && code <= (high[i] as number),
    inBand: low.reduce((count, code, i) => count + Number(code !== high[i]), 0),
  };
}
