import { retry } from '../retry.ts';
import { UnusableError } from './unusable.ts';

/**
 * Pauses before the next start: after a crash of the GPU process the next adapter takes a moment.
 */
export const RESTART_PAUSES_MS: readonly number[] = [250, 2000];

/**
 * Starts a worker, again if it was ended from outside or what all share was just crashed, until
 * `signal` aborts. Throws what the last attempt threw.
 */
export function persistently<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return retry(
    start,
    RESTART_PAUSES_MS,
    (error) => !(error instanceof UnusableError) || signal.aborted,
  );
}
