/**
 * One byte for a positive number over 31 octaves, 8 steps an octave. 0 is none, 1 is zero, 255 is
 * beyond the scale; step s in between is 2^((s - one) / 8). Rounded up always, by less than 9.1 %:
 * a link never flatters, and as 1 is a step, what is within its bound stays within and what is
 * beyond stays beyond.
 */
export interface Scale {
  /** The step that stands for 1. */
  readonly one: number;
}

const STEPS_PER_OCTAVE = 8;
const NONE = 0;
const ZERO = 1;
const LOWEST = 2;
const BEYOND = 255;

/** Share of the bound that was used: 2^-25 (and what is smaller) to 2^6.5. */
export const ACCURACY: Scale = { one: 202 };
/** Median milliseconds: 1 us (and what is less) to 50 minutes. */
export const SPEED: Scale = { one: 82 };

/** The byte of `value`; undefined is none, Infinity beyond the scale. */
export function quantize(value: number | undefined, { one }: Scale): number {
  if (value === undefined) return NONE;
  if (value <= 0) return ZERO;
  return Math.min(Math.max(one + Math.ceil(STEPS_PER_OCTAVE * Math.log2(value)), LOWEST), BEYOND);
}

/** The value of a byte: undefined for none, Infinity beyond the scale. */
export function dequantize(byte: number, { one }: Scale): number | undefined {
  if (byte === NONE) return undefined;
  if (byte === ZERO) return 0;
  return byte === BEYOND ? Number.POSITIVE_INFINITY : 2 ** ((byte - one) / STEPS_PER_OCTAVE);
}

/** The least value that {@link quantize} rounds up to `value`, which {@link dequantize} gave. */
export function roundedFrom(value: number, { one }: Scale): number {
  if (value <= 2 ** ((LOWEST - one) / STEPS_PER_OCTAVE)) return 0;
  return Number.isFinite(value)
    ? value / 2 ** (1 / STEPS_PER_OCTAVE)
    : 2 ** ((BEYOND - 1 - one) / STEPS_PER_OCTAVE);
}
