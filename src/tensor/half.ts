import { rint } from './rint.ts';

/**
 * Conversions between float32 and the bits of the two 16-bit formats, round to nearest, ties to
 * even.
 */

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);

/** Bits of the bfloat16 nearest to `x`. NaN stays a quiet NaN. */
export function bf16FromF32(x: number): number {
  f32[0] = x;
  const bits = u32[0] as number;
  if (Number.isNaN(x)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) & 0xffff;
}

/** Value of a bfloat16 given by its bits. */
export function f32FromBf16(bits: number): number {
  u32[0] = bits << 16;
  return f32[0] as number;
}

/** Bits of the IEEE half nearest to `x`; overflow gives infinity. */
export function f16FromF32(x: number): number {
  f32[0] = x;
  const bits = u32[0] as number;
  const sign = bits & 0x80000000 ? 0x8000 : 0;
  if (Number.isNaN(x)) return sign | 0x7e00;
  const magnitude = Math.abs(f32[0] as number);
  // A half below 2^-14 is a multiple of 2^-24; above, of 2^(exponent - 10). Scaling by a power of
  // two is exact.
  const exponent = Math.max(((bits >> 23) & 0xff) - 127, -14);
  const steps = rint(magnitude / 2 ** (exponent - 10));
  // What is past the largest half lies past the bits of infinity, too.
  return sign | Math.min(steps + (exponent + 14) * 1024, 0x7c00);
}

/** Value of an IEEE half given by its bits. */
export function f32FromF16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The number that a half format holds for `x`: the nearest, ties to even. */
export function heldAs(dtype: 'f16' | 'bf16', x: number): number {
  return dtype === 'f16' ? f32FromF16(f16FromF32(x)) : f32FromBf16(bf16FromF32(x));
}
