import { rowOf } from '../../catalog/coverage.ts';
import { loadRows, type Row } from '../../catalog/rows.ts';
import { sha256 } from '../../formats/sha256.ts';
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
  const rows: ReadonlyMap<string, Row> = await loadRows();
  const results: CaseResult[] = [];
  for (const test of tests) {
    const ending = endingOf(test, outcomes);
    if (!ending) continue;
    const result = resultOf(test, ending, controls.get(test.id) ?? 'not-run');
    results.push(await withEndpoints(result, ending, rows));
  }
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

/** The result with what was asked; without any it is wrong where a row is about a server. */
async function withEndpoints(
  result: CaseResult,
  { endpoints = [] }: TestOutcome,
  rows: ReadonlyMap<string, Row>,
): Promise<CaseResult> {
  const { covers, status } = result;
  const needsServer = covers.some((id) => rows.get(rowOf(id))?.needs?.includes('local-http'));
  if (needsServer && endpoints.length === 0 && status === 'pass') {
    const message = 'covers a row about a server, and no server of its own was asked';
    return { ...result, status: 'fail', error: { code: 'no-endpoint', message } };
  }
  if (endpoints.length === 0) return result;
  const { name, bytes } = endpointsFile(endpoints);
  return {
    ...result,
    metrics: { endpoints: endpoints.length },
    artifacts: [{ name, bytes: bytes.length, sha256: await sha256(bytes) }],
  };
}

/** The file that lists what was asked. */
export const endpointsFile = (endpoints: readonly string[]) => ({
  name: 'endpoints.json',
  bytes: new TextEncoder().encode(JSON.stringify(endpoints)),
});

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
