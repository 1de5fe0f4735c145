import type { Axis } from './axes.ts';

/** What a scale of numbers gives. */
interface Scale {
  (value: number): number;
  ticks(count: number): number[];
}

/** Ticks of a scale, about so many or fewer: no two say the same. */
export function valueTicks(
  scale: Scale,
  count: number,
  say: (value: number) => string,
): Axis['ticks'] {
  let ticks: Axis['ticks'] = [];
  for (let most = count; most >= 1; most--) {
    ticks = scale.ticks(most).map((value) => ({ at: scale(value), words: say(value) }));
    if (new Set(ticks.map(({ words }) => words)).size === ticks.length) break;
  }
  return ticks.filter(({ words }, i) => words !== ticks[i - 1]?.words);
}

/** Ticks of steps, which are whole. */
export const stepTicks = (
  scale: Scale,
  count: number,
  say: (step: number) => string,
): Axis['ticks'] =>
  scale
    .ticks(count)
    .filter((step) => Number.isInteger(step))
    .map((step) => ({ at: scale(step), words: say(step) }));
