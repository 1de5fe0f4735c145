/**
 * How a simulated GPU rounds what float32 cannot hold: each is legal, since WGSL accepts either
 * neighbour of the exact result.
 */
export type Rounding = 'nearest' | 'random' | 'truncate' | 'up';

/** Every {@link Rounding}. */
export const ROUNDINGS: readonly Rounding[] = ['nearest', 'random', 'truncate', 'up'];

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The next float32 above (`up`) or below the float32 `x`. */
export function neighbour(x: number, up: boolean): number {
  if (x === 0) return up ? 2 ** -149 : -(2 ** -149);
  float[0] = x;
  bits[0] = (bits[0] as number) + (x > 0 === up ? 1 : -1);
  return float[0] as number;
}

/** The largest float32 that is not above `x`. */
export function floorTo32(x: number): number {
  const nearest = Math.fround(x);
  return nearest > x ? neighbour(nearest, false) : nearest;
}

/**
 * Distance of the float32 values that enclose `x`; at a power of two the smaller of its two
 * distances, as WGSL defines ULP(x).
 */
export function ulp(x: number): number {
  const magnitude = Math.max(Math.abs(x), 2 ** -126);
  const below = floorTo32(magnitude);
  float[0] = below;
  const isPower = below === magnitude && ((bits[0] as number) & 0x7fffff) === 0;
  return 2 ** Math.max(((bits[0] as number) >>> 23) - 150 - Number(isPower), -149);
}

/**
 * Rounds to float32 the real number `high + low`, where `low` is at most half a unit of the float64
 * `high`, so that only its sign matters.
 */
export type Rounder = (high: number, low: number) => number;

/** The rounder of a mode; `coin` decides where chance does. */
export function rounderOf(rounding: Rounding, coin: () => boolean): Rounder {
  if (rounding === 'nearest') return toNearest;
  return (high, low) => {
    const nearest = Math.fround(high);
    const rest = high === nearest ? low : high - nearest;
    if (rest === 0 || !Number.isFinite(high)) return nearest;
    if (rounding === 'up') return rest > 0 ? neighbour(nearest, true) : nearest;
    if (rounding === 'truncate')
      return rest > 0 === nearest > 0 || nearest === 0 ? nearest : neighbour(nearest, rest > 0);
    return coin() ? nearest : neighbour(nearest, rest > 0);
  };
}

/**
 * Half way between two float32 in float64, the exact number may not be: then the side of `low`
 * decides, not evenness.
 */
function toNearest(high: number, low: number): number {
  const nearest = Math.fround(high);
  if (low === 0 || nearest === high || !Number.isFinite(high)) return nearest;
  const other = neighbour(nearest, high > nearest);
  return other - high === high - nearest && low > 0 === high > nearest ? other : nearest;
}
