import { withExponents } from './growth.ts';
import { withHeldCeilings } from './held-ceilings.ts';
import type { BenchResult } from './host.ts';
import type { Work } from './work.ts';

/** Results with what only all of a run together tell: what ceilings are held to, and exponents. */
export function together(
  works: readonly Work[],
  results: readonly BenchResult[],
): readonly BenchResult[] {
  return withExponents(works, withHeldCeilings(works, results));
}
