import { AssertionError } from '../../testing/context.ts';
import type { StepsHeld } from '../work.ts';

/** Throws AssertionError for a run that took more bytes than it may, or did not learn. */
export function checkRun(
  held: StepsHeld,
  run: { readonly peakBytes: number; readonly firstLoss: number; readonly lastLoss: number },
): void {
  if (run.peakBytes > held.peakBytes)
    throw new AssertionError(
      'too-many-bytes',
      `${held.steps} steps take ${run.peakBytes} bytes at once, and may take ${held.peakBytes}`,
    );
  if (!(run.lastLoss < run.firstLoss))
    throw new AssertionError(
      'not-learned',
      `the loss went from ${run.firstLoss} to ${run.lastLoss} in ${held.steps} steps`,
    );
}
