import type { Grid, Groups, HqqParams, Uncertain } from './hqq-groups.ts';
import { passOf, shrinkageOf } from './hqq-pass.ts';

/** How the solver may end: what its last pass began with and what it made of it. */
export interface End {
  readonly previous: Uncertain;
  readonly zero: Uncertain;
  /** The mean error of the codes that the zeros make, and how far it may be off. */
  readonly objective: number;
  readonly doubt: number;
}

/** All the ways in which the solver may end, the one of exact arithmetic among them. */
export interface Solved {
  readonly ends: readonly [End, ...End[]];
  readonly exact: End;
}

/**
 * HQQ's half-quadratic solver (Badri and Shaji, "Half-Quadratic Quantization of Large Machine
 * Learning Models", 2023), as `optimize_weights_proximal_legacy` of hqq 0.2.8 has it: passes set the
 * zeros until one's error is not less than the best, and what that one set stays. Where errors are
 * too near to each other for arithmetic to tell which pass is the last, each may be.
 */
export function solve(groups: Groups, grid: Grid, params: HqqParams): Solved {
  const shrinkage = shrinkageOf(params);
  const depth = (terms: number) => terms;
  const ends: End[] = [];
  let zero = grid.zero;
  let best = Number.POSITIVE_INFINITY;
  let bestDoubt = 0;
  let last: Pick<End, 'previous' | 'zero'> | undefined;
  let isOver = false;
  let exact = 0;
  let isFound = false;
  for (let pass = 0; ; pass++) {
    const passed = passOf(groups, { ...grid, zero }, shrinkage, depth);
    const { size, doubt } = passed;
    if (last) ends.push({ ...last, objective: size, doubt });
    if (isOver) break;
    const gap = size - best;
    const unclear = doubt + bestDoubt;
    const isLast = pass === params.iters - 1;
    isOver = isLast || gap > unclear;
    last = isLast || gap >= -unclear ? { previous: zero, zero: passed } : undefined;
    if (!isFound && (isLast || gap >= 0)) {
      exact = ends.length;
      isFound = true;
    }
    best = Math.min(best, size);
    bestDoubt = Math.max(bestDoubt, doubt);
    zero = passed;
  }
  const [first, ...others] = ends as [End, ...End[]];
  return { ends: [first, ...others], exact: ends[exact] as End };
}
