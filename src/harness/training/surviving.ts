import type { Report } from '../../report/schema.ts';

/**
 * Ends of a training after which another worker, with another device, goes on from its last
 * checkpoint: it died, hung, threw, within a step too, or its device was lost.
 */
const LOSSES: ReadonlySet<string | undefined> = new Set([
  'worker-died',
  'worker-threw',
  'timeout',
  'device-lost',
  'device-destroyed',
  'step-failed',
]);

/** Why a training ended that another worker can go on with; undefined where it ended otherwise. */
export function lossOf({ results: [result] }: Pick<Report, 'results'>): string | undefined {
  return LOSSES.has(result?.error?.code) ? result?.error?.message : undefined;
}
