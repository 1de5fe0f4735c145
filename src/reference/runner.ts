import type { Runner } from '../graph/run.ts';
import type { Value } from './record.ts';
import { truthOf } from './truth.ts';

/**
 * Runs the calls of a graph by the records alone. Values stay in float64 between calls: an error
 * that is measured against them is the device's own, and no rounding of the oracle's.
 */
export const referenceRunner: Runner<Value> = {
  run: truthOf,
  view: (value, shape) => ({ ...value, shape }),
};
