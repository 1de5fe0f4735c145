import { seam } from '../seam.ts';

/** How a curve of losses is judged. */
export interface ConvergenceRule {
  /** Losses that are averaged. */
  readonly window: number;
  /** By what share of the first window's mean the last one's must be lower. Default 0.1. */
  readonly threshold?: number;
}

const sumOf = (losses: readonly number[]): number => losses.reduce((sum, loss) => sum + loss, 0);

/**
 * Whether losses fell: the mean of the last window is below that of the first by more than the
 * threshold. False where the windows overlap, and where a loss is no number.
 */
export const checkConvergence = seam(
  'train.check_convergence',
  (losses: readonly number[], { window, threshold = 0.1 }: ConvergenceRule): boolean => {
    if (losses.length < 2 * window || losses.some(Number.isNaN)) return false;
    // Of as many losses each, so that sums are to each other as means are.
    const first = sumOf(losses.slice(0, window));
    const last = sumOf(losses.slice(-window));
    return last < first * (1 - threshold);
  },
);
