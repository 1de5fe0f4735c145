/** Invocations of a workgroup that adds one sum, as of shaders/lib/lanes. */
export const LANES = 64;

/**
 * The c of a sum: each of `lanes` invocations adds every lanes-th term, before a tree adds
 * what they have.
 */
export function laneDepth(terms: number, lanes: number): number {
  return Math.ceil(terms / lanes) + Math.log2(lanes);
}

/**
 * The c of a sum along a row as shaders/nn/shared_row takes it: each of `lanes` invocations adds in
 * four partial sums; what is left out of them is zero, and adds nothing.
 */
export function rowDepth(terms: number, lanes: number): number {
  return Math.min(terms, laneDepth(terms, 4 * lanes));
}
