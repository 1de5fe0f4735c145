/**
 * The bits of the half nearest to a float32, ties to even, by the definition: of the halves in
 * order the last that is not above |x|, or the one after it. Any NaN is 0x7e00.
 */
export function nearestHalf(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size >= 65_520) return sign | 0x7c00;
  let low = 0;
  let high = 0x7c00;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (halfValue(middle) <= size) low = middle;
    else high = middle;
  }
  const below = size - halfValue(low);
  const above = halfValue(low + 1) - size;
  const isUp = above < below || (above === below && low % 2 === 1);
  return sign | (isUp ? low + 1 : low);
}

/** What the bits of a positive finite half stand for; those of infinity for 65536, as the next. */
export function halfValue(bits: number): number {
  const exponent = bits >> 10;
  const fraction = bits & 0x3ff;
  return exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
}

/** Bits of a half with every NaN as one. */
export const canonical = (bits: number): number => ((bits & 0x7fff) > 0x7c00 ? 0x7e00 : bits);
