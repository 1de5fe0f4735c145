import * as v from 'valibot';
import type { TestOutcome } from './outcome.ts';

const results = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      assertionResults: v.array(
        v.object({
          title: v.string(),
          status: v.string(),
          duration: v.nullish(v.number()),
          failureMessages: v.nullish(v.array(v.string())),
          meta: v.object({
            covers: v.optional(v.array(v.string())),
            assertions: v.optional(v.number()),
            asserted: v.optional(v.boolean()),
            endpoints: v.optional(v.array(v.string())),
          }),
        }),
      ),
    }),
  ),
});

/** Tests that cover rows in the file that Vitest's JSON reporter wrote; paths are absolute. */
export function outcomesOfVitest(json: unknown): readonly TestOutcome[] {
  return v.parse(results, json).testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ meta }) => meta.covers)
      .map(({ title, status, duration, failureMessages, meta }) => ({
        file: name,
        title,
        status: status === 'passed' ? 'pass' : status === 'failed' ? 'fail' : 'skip',
        durationMs: duration ?? 0,
        attempts: 1,
        assertions: meta.assertions ?? 0,
        endpoints: meta.endpoints ?? [],
        asserted: status === 'failed' && meta.asserted === true,
        ...(failureMessages?.[0] === undefined ? {} : { reason: withoutStack(failureMessages[0]) }),
      })),
  );
}

function withoutStack(message: string): string {
  return message.replace(/\n\s+at [\s\S]*$/, '');
}
