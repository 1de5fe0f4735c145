import { AssertionError } from '../../testing/context.ts';
import type { StepsHeld } from '../work.ts';

/** What a whole run came to. */
export interface Learned {
  readonly firstLoss: number;
  readonly lastLoss: number;
}

/** Throws AssertionError for steps that take more bytes than they may, or did not learn. */
export function checkRun(held: StepsHeld, peakBytes: number, learned: Learned | undefined): void {
  if (peakBytes > held.peakBytes)
    throw new AssertionError(
      'too-many-bytes',
      `${held.steps} steps take ${peakBytes} bytes at once, and may take ${held.peakBytes}`,
    );
  if (learned && !(learned.lastLoss < learned.firstLoss))
    throw new AssertionError(
      'not-learned',
      `the loss went from ${learned.firstLoss} to ${learned.lastLoss} in ${held.steps} steps`,
    );
}
