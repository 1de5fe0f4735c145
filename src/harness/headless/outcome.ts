import { GradproofError, messageOf } from '../../errors.ts';
import { NoAdapterError } from '../../gpu/device.ts';
import { UnusableError } from '../runner.ts';

/**
 * How a call into a page ended; errors do not survive the way out of the browser as classes.
 */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly unusable: boolean;
      readonly code: string;
      readonly message: string;
    };

/** Runs `work` and says how it ended. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const code = error instanceof GradproofError ? error.code : 'exception';
    return {
      ok: false,
      unusable: error instanceof UnusableError || error instanceof NoAdapterError,
      code,
      message: messageOf(error),
    };
  }
}

/** The value of an outcome, or its error as one of this process. */
export function resultOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new (outcome.unusable ? UnusableError : GradproofError)(outcome.code, outcome.message);
}
