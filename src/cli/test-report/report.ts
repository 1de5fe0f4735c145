import { buildReport } from '../../report/build.ts';
import { planHash, planText } from '../../report/plan.ts';
import { withRows } from '../../report/rows.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import type { ControlOutcome } from './control.ts';
import { endingOf } from './ending.ts';
import type { TestOutcome } from './outcome.ts';
import { uncoloured } from './uncoloured.ts';

/** A test that covers rows: what the build found of it. */
export interface CoveringTest {
  readonly id: string;
  readonly backend: string;
  readonly file: string;
  readonly title: string;
  readonly covers: readonly string[];
  /** What is wrong with the fault that must turn it red. */
  readonly control: string;
}

/** How the controls of tests ended that were run with their faults, by the tests' ids. */
export type Controls = ReadonlyMap<string, ControlOutcome['status']>;

/**
 * The report of kind `test`: one result for each test that covers rows. It is complete when each of
 * them was run.
 */
export async function reportOfTests(
  tests: readonly CoveringTest[],
  outcomes: readonly TestOutcome[],
  environment: Environment,
  startedAt: Date,
  controls: Controls = new Map(),
): Promise<Report> {
  const results = tests.flatMap((test) => {
    const ending = endingOf(test, outcomes);
    return ending ? [resultOf(test, ending, controls.get(test.id) ?? 'not-run')] : [];
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

function resultOf(
  { id, backend, covers, control }: CoveringTest,
  outcome: TestOutcome,
  controlStatus: ControlOutcome['status'] | 'not-run',
): CaseResult {
  const { status, reason, durationMs, attempts, assertions } = outcome;
  const [message = ''] = uncoloured(reason ?? 'no reason was given').split('\n');
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
    control: { fault: control, status: controlStatus },
    ...(status === 'skip' ? { skip: { code: 'not-run-here', detail: message } } : {}),
    ...(status === 'fail' ? { error: { code: 'expectation', message } } : {}),
    ...(status === 'timeout' ? { error: { code: 'timeout', message } } : {}),
    ...(empty ? { error: { code: 'no-assertion', message: 'passed without an expectation' } } : {}),
  };
}
