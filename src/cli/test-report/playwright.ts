import * as v from 'valibot';
import type { TestOutcome } from './outcome.ts';
import { uncoloured } from './uncoloured.ts';

const annotation = v.object({ type: v.string(), description: v.optional(v.string()) });

const spec = v.object({
  file: v.string(),
  title: v.string(),
  tests: v.array(
    v.object({
      annotations: v.array(annotation),
      results: v.array(
        v.object({
          status: v.string(),
          duration: v.number(),
          annotations: v.optional(v.array(annotation)),
          errors: v.optional(v.array(v.object({ message: v.optional(v.string()) }))),
        }),
      ),
    }),
  ),
});

interface Suite {
  readonly specs?: readonly v.InferOutput<typeof spec>[] | undefined;
  readonly suites?: readonly Suite[] | undefined;
}

const suite: v.GenericSchema<Suite> = v.object({
  specs: v.optional(v.array(spec)),
  suites: v.optional(v.array(v.lazy(() => suite))),
});

/** How the message of an expectation begins, or goes on after words of its own. */
const EXPECTATION = /^(Error: )?expect(\.\w+)?\(/m;

/** Tests that cover rows in the file that Playwright's JSON reporter wrote, by the last attempt. */
export function outcomesOfPlaywright(json: unknown, folder: string): readonly TestOutcome[] {
  const inSuite = ({ specs = [], suites = [] }: Suite): readonly TestOutcome[] => [
    ...specs.flatMap(({ file, title, tests }) =>
      tests.flatMap(({ annotations, results }) => {
        const last = results.at(-1);
        const notes = [...annotations, ...(last?.annotations ?? [])];
        if (!last || !notes.some(({ type }) => type === 'covers')) return [];
        const noteOf = (kind: string) => notes.findLast(({ type }) => type === kind)?.description;
        const status = statusOf(last.status);
        const reason = status === 'skip' ? noteOf('skip') : last.errors?.[0]?.message;
        return {
          file: `${folder}/${file}`,
          title,
          status,
          durationMs: last.duration,
          attempts: results.length,
          assertions: Number(noteOf('assertions') ?? 0),
          endpoints: v.parse(v.array(v.string()), JSON.parse(noteOf('endpoints') ?? '[]')),
          ...(reason === undefined ? {} : { reason }),
          ...(status === 'fail' && EXPECTATION.test(uncoloured(reason ?? ''))
            ? { asserted: true }
            : {}),
        };
      }),
    ),
    ...suites.flatMap(inSuite),
  ];
  return inSuite(v.parse(suite, json));
}

function statusOf(status: string): TestOutcome['status'] {
  if (status === 'passed') return 'pass';
  if (status === 'skipped') return 'skip';
  return status === 'timedOut' ? 'timeout' : 'fail';
}
