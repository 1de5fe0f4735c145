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
  const away = Math.sign(x);
  float[0] = x;
  bits[0] = (bits[0] as number) + (up ? away : -away);
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
  const magnitude = Math.abs(x);
  const below = floorTo32(magnitude);
  float[0] = below;
  const word = bits[0] as number;
  const isPower = below === magnitude && word % 2 ** 23 === 0;
  return 2 ** Math.max(Math.floor(word / 2 ** 23) - 150 - Number(isPower), -149);
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
    const isAbove = rest > 0;
    if (rounding === 'up') return isAbove ? neighbour(nearest, true) : nearest;
    if (rounding === 'truncate') return rest * nearest < 0 ? neighbour(nearest, isAbove) : nearest;
    return coin() ? nearest : neighbour(nearest, isAbove);
  };
}

/**
 * Half way between two float32 in float64, the exact number may not be: then the side of `low`
 * decides, not evenness.
 */
function toNearest(high: number, low: number): number {
  const nearest = Math.fround(high);
  const rest = high - nearest;
  // Where `high` is half way, what lies twice as far is the other float32.
  const other = nearest + 2 * rest;
  const isBeyond = low !== 0 && Math.sign(low) === Math.sign(rest);
  return isBeyond && Math.fround(other) === other ? other : nearest;
}
