import type { CaseResult } from '../report/schema.ts';

/** The name of what a step takes as a multiple of what is foretold, among its metrics. */
export const OF_FORETOLD = 'measuredByPredicted';

/** A forecast is right where a step takes at most so many times as long, or as short. */
export const FORETOLD_WITHIN = 1.5;

/** A step whose time was foretold. */
export interface ForetoldRow {
  readonly id: string;
  /** What it takes as a multiple of that. */
  readonly ofForetold: number;
}

/** The steps of a bench whose times were foretold. */
export const foretoldRows = (
  results: readonly Pick<CaseResult, 'id' | 'metrics'>[],
): readonly ForetoldRow[] =>
  results.flatMap(({ id, metrics }) => {
    const ofForetold = metrics?.[OF_FORETOLD];
    return typeof ofForetold === 'number' ? [{ id, ofForetold }] : [];
  });

/** Whether a step takes about what was foretold. */
export const isAsForetold = (ofForetold: number): boolean =>
  ofForetold <= FORETOLD_WITHIN && ofForetold >= 1 / FORETOLD_WITHIN;
