import { afterEach, beforeEach, expect } from 'vitest';
import { askedEndpoints } from '../../src/cli/test-report/asked-endpoints.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** The rows of the catalog, or clauses of rows, that a test asserts. */
    covers?: readonly string[];
    /** The expectations that held in it. */
    assertions?: number;
    /** One that did not hold ended it. */
    asserted?: boolean;
    /** What servers of it were asked. */
    endpoints?: readonly string[];
  }
}

// For the report of the tests.
beforeEach(() => askedEndpoints.clear());
afterEach(({ task }) => {
  if (!task.meta.covers) return;
  task.meta.assertions = expect.getState().assertionCalls;
  task.meta.endpoints = [...askedEndpoints].sort();
  task.meta.asserted = task.result?.errors?.[0]?.name === 'AssertionError';
});
