import type { DifferentiableRunner } from './backward.ts';
import { truthOf } from './truth.ts';

/**
 * Runs the calls of a graph by the records alone. Values stay in float64 between calls: an error
 * that is measured against them is the device's own, and no rounding of the oracle's.
 */
export const referenceRunner: DifferentiableRunner = {
  run: truthOf,
  view: (value, shape) => ({ ...value, shape }),
  add: (a, b) => a + b,
  stored: (x) => x,
};
