import type { LossPoint } from './training-state.ts';

/** What a loss chart and its table show. */
export interface ChartModel {
  /** Losses at the upper and lower edge, with all points between them. */
  readonly top: number;
  readonly bottom: number;
  /** One row for each step that has a loss or a held-out loss, in order. */
  readonly rows: readonly {
    readonly step: number;
    readonly loss?: number;
    readonly heldout?: number;
  }[];
}

/** Points of a line beyond which a screen shows no difference. */
export const MOST_POINTS = 1200;

/**
 * At most about `most` points of a curve that look the same: of each run of neighbours the lowest
 * and the highest.
 */
export function thinned<T>(
  points: readonly T[],
  most: number,
  height: (point: T) => number,
): readonly T[] {
  if (points.length <= most) return points;
  const size = Math.ceil((2 * points.length) / most);
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const part = points.slice(i * size, (i + 1) * size);
    const [low, high] = [Math.min, Math.max].map((pick) =>
      part.findIndex((point) => height(point) === pick(...part.map(height))),
    );
    const ends = [...new Set([low ?? 0, high ?? 0])].sort((a, b) => a - b);
    return ends.flatMap((end) => part[end] ?? []);
  }).flat();
}

/**
 * Lays out the two curves. Losses that are not finite have no place in a plot and stay in the table
 * only. `begin` is where training begins, where that is known: with it the scale stays as it is while
 * the curve grows.
 */
export function chartModel(
  losses: readonly LossPoint[],
  heldout: readonly LossPoint[],
  unigram: number | undefined,
  begin: number | undefined,
): ChartModel {
  const shown = [...losses, ...heldout]
    .map(({ loss }) => loss)
    .concat(unigram ?? [])
    .filter(Number.isFinite);
  const top = Math.max(begin ?? 1, ...shown);
  const rows = new Map<number, { step: number; loss?: number; heldout?: number }>();
  for (const { step, loss } of losses) rows.set(step, { ...rows.get(step), step, loss });
  for (const { step, loss } of heldout) rows.set(step, { ...rows.get(step), step, heldout: loss });
  return {
    top,
    bottom: Math.max(0, Math.min(top - 1, ...shown) - 0.2),
    rows: [...rows.values()].sort((a, b) => a.step - b.step),
  };
}
