import type { MapRounding } from '../../vocabulary/quant/rounding.ts';
import { BAND } from './blocks.ts';

/** Half of the table's steps: position of y is (y + 1) * 32767.5. */
const HALF_STEPS = 32767.5;
/**
 * Float32 error of the position, whose values reach 65,536: three operations of at most 2^-8 each.
 */
const POSITION_ERROR = 3 * 2 ** -8;

/** Index of the ascending map's value nearest to `y`; a tie goes to the lower one. */
export function nearestCode(map: ArrayLike<number>, y: number): number {
  let low = 0;
  let high = map.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((map[middle] as number) <= y) low = middle;
    else high = middle;
  }
  return (map[high] as number) - y < y - (map[low] as number) ? high : low;
}

/** The table's entry at a position: the code nearest to the float32 of that step. */
function tableCode(map: ArrayLike<number>, position: number, slack = 0): number {
  return nearestCode(map, Math.fround(Math.fround(position / HALF_STEPS) - 1) + slack);
}

/** The code of `y` when every operation is exact. */
export function mapCode(map: ArrayLike<number>, y: number, rounding: MapRounding): number {
  return rounding === 'nearest'
    ? nearestCode(map, y)
    : tableCode(map, Math.floor((y + 1) * HALF_STEPS + 0.5));
}

/**
 * The lowest and highest right code of a value that is `y` up to `error`. The table's position is a
 * rounded float even in IEEE arithmetic (a fused multiply-add moves it), and its entries are exact
 * only there.
 */
export function mapCodeRange(
  map: ArrayLike<number>,
  y: number,
  error: number,
  rounding: MapRounding,
  ieee: boolean,
): [number, number] {
  const band = ieee ? 0 : BAND;
  if (rounding === 'nearest')
    return [nearestCode(map, y - error - band), nearestCode(map, y + error + band)];
  const reach = (error + band) * HALF_STEPS + POSITION_ERROR;
  const position = (y + 1) * HALF_STEPS + 0.5;
  return [
    tableCode(map, Math.floor(position - reach), -band),
    tableCode(map, Math.floor(position + reach), band),
  ];
}
