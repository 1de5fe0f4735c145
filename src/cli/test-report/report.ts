import { buildReport } from '../../report/build.ts';
import { planHash, planText } from '../../report/plan.ts';
import { withRows } from '../../report/rows.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import type { TestOutcome } from './outcome.ts';

/** A test that covers rows: what the build found of it. */
export interface CoveringTest {
  readonly id: string;
  readonly backend: string;
  readonly file: string;
  readonly title: string;
  readonly covers: readonly string[];
}

/**
 * The report of kind `test`: one result for each test that covers rows. It is complete when each of
 * them was run.
 */
export async function reportOfTests(
  tests: readonly CoveringTest[],
  outcomes: readonly TestOutcome[],
  environment: Environment,
  startedAt: Date,
): Promise<Report> {
  const results = tests.flatMap((test) => {
    const own = outcomes.filter(({ file, title }) => file === test.file && title === test.title);
    return own.length > 0 ? [resultOf(test, together(own))] : [];
  });
  const options = { tier: 'full', filters: [], shard: { index: 1, count: 1 }, seed: 0 } as const;
  return withRows(
    buildReport(
      { kind: 'test', startedAt, options, planHash: await planHash(planText(tests)) },
      [environment],
      results,
      results.length === tests.length,
    ),
  );
}

const WORST_FIRST = ['fail', 'timeout', 'skip', 'pass'] as const;

/** A test that ran several times, for other values or runtimes, ended as the worst of them did. */
function together(outcomes: readonly TestOutcome[]): TestOutcome {
  const place = ({ status }: TestOutcome) => WORST_FIRST.indexOf(status);
  const [worst] = outcomes.toSorted((a, b) => place(a) - place(b));
  const sum = (of: (outcome: TestOutcome) => number) =>
    outcomes.reduce((all, outcome) => all + of(outcome), 0);
  return {
    ...(worst as TestOutcome),
    durationMs: sum(({ durationMs }) => durationMs),
    attempts: Math.max(...outcomes.map(({ attempts }) => attempts)),
    assertions: sum(({ assertions }) => assertions),
  };
}

function resultOf({ id, backend, covers }: CoveringTest, outcome: TestOutcome): CaseResult {
  const { status, reason, durationMs, attempts, assertions } = outcome;
  const message = plainLine(reason ?? 'no reason was given');
  const empty = status === 'pass' && assertions === 0;
  return {
    id,
    suite: id.split(':')[0] as string,
    backend,
    env: 0,
    covers: [...covers],
    tier: 'full',
    status: empty ? 'error' : status,
    durationMs,
    attempts,
    assertions,
    kernels: [],
    ...(status === 'skip' ? { skip: { code: 'not-run-here', detail: message } } : {}),
    ...(status === 'fail' ? { error: { code: 'expectation', message } } : {}),
    ...(status === 'timeout' ? { error: { code: 'timeout', message } } : {}),
    ...(empty ? { error: { code: 'no-assertion', message: 'passed without an expectation' } } : {}),
  };
}

/** The first line of a message, without the colours of a terminal. */
function plainLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape of a colour is one
  const [first = ''] = message.replaceAll(/\u001b\[[0-9;]*m/g, '').split('\n');
  return first;
}
