import { plainText } from '../../report/plain-text.ts';
import type { TestOutcome } from './outcome.ts';
import { uncoloured } from './uncoloured.ts';

/** Characters of what a test said that tell whether it is red for its fault. */
const SAID = 200;

/** How a test ended with its fault in the sources, and why that is so. */
export interface ControlOutcome {
  readonly status: 'red' | 'green';
  readonly why: string;
}

/**
 * Red where in each of its runs an expectation of the test did not hold. An exception, a fault that
 * cannot be compiled and a time limit say nothing of what the test asserts: green.
 */
export function controlOutcome(outcomes: readonly TestOutcome[]): ControlOutcome {
  const spared = outcomes.find(({ status, asserted }) => status !== 'fail' || !asserted);
  const [shown] = spared ? [spared] : outcomes;
  if (!shown) return { status: 'green', why: 'it did not run' };
  const { status, reason } = shown;
  const why =
    reason === undefined ? `it ended with ${status}` : plainText(uncoloured(reason), SAID);
  return { status: spared ? 'green' : 'red', why };
}
