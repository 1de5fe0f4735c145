import * as v from 'valibot';
import type { TestOutcome } from './outcome.ts';

const results = v.array(
  v.object({
    file: v.string(),
    title: v.string(),
    status: v.picklist(['pass', 'fail', 'skip']),
    durationMs: v.number(),
    attempts: v.number(),
    assertions: v.number(),
    reason: v.optional(v.string()),
    asserted: v.optional(v.literal(true)),
  }),
);

/** Tests that cover rows in the file that bridge/tests/conftest.py wrote. */
export function outcomesOfPytest(json: unknown): readonly TestOutcome[] {
  return v.parse(results, json).map(({ reason, asserted, ...outcome }) => ({
    ...outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(asserted ? { asserted } : {}),
  }));
}
