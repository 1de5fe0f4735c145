/** Invocations of a workgroup that adds one sum, as of shaders/lib/lanes. */
export const LANES = 64;

/**
 * The c of a sum: each of `lanes` invocations adds every lanes-th term, before a tree adds
 * what they have.
 */
export function laneDepth(terms: number, lanes: number): number {
  return Math.ceil(terms / lanes) + Math.log2(lanes);
}
