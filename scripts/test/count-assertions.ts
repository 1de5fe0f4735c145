import { afterEach, expect } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** The rows of the catalog, or clauses of rows, that a test asserts. */
    covers?: readonly string[];
    /** The expectations that held in it. */
    assertions?: number;
    /** One that did not hold ended it. */
    asserted?: boolean;
  }
}

// For the report of the tests.
afterEach(({ task }) => {
  if (!task.meta.covers) return;
  task.meta.assertions = expect.getState().assertionCalls;
  task.meta.asserted = task.result?.errors?.[0]?.name === 'AssertionError';
});
