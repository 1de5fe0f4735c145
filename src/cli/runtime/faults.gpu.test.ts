import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../harness/events.ts';
import type { CaseResult, Report } from '../../harness/report/schema.ts';
import { Random } from '../../tensor/random.ts';
import { openChromium } from './chromium.ts';
import { buildFixture } from './fixtures/build.ts';
import { loadCases } from './fixtures/cases.ts';
import { openNode } from './node.ts';
import type { Runtime } from './runtime.ts';

/** Faults produced for real, in a browser and in child processes of Node: each costs its own case and no other. */

const RUNTIMES = {
  node: async () => openNode(loadCases(), await buildFixture('node')),
  chromium: async () => openChromium(false, await buildFixture('page')),
} as const;

/** How each fault ends: status, code, and what the reason says. */
const ENDS: Readonly<Record<string, readonly [status: CaseResult['status'], code: string, reason: RegExp]>> = {
  'device-destroyed': ['lost', 'device-destroyed', /destroyed.*the case itself/],
  'gpu-process-crashed': ['lost', 'device-lost', /run it again/],
  'out-of-memory': ['error', 'out-of-memory', /close what else uses the GPU/],
  'validation-error': ['error', 'gpu-validation', /report it/],
  'endless-shader': ['timeout', 'timeout', /no result within 1500 ms: run it alone/],
  'worker-throws': ['lost', 'worker-threw', /thrown outside of the case: run it alone/],
  'worker-silent': ['timeout', 'timeout', /run it alone/],
  'worker-busy': ['timeout', 'timeout', /run it alone/],
  'adapter-silent': ['error', 'adapter-timeout', /restart the browser or the program/],
  'scopes-silent': ['error', 'scope-timeout', /run the case again/],
};

/** Without another crash process than the worker itself, the whole worker dies of it. */
const ENDS_IN_NODE: typeof ENDS = { ...ENDS, 'gpu-process-crashed': ['lost', 'worker-died', /SIGSEGV: run it alone/] };

const verdicts = ({ results }: Report) =>
  Object.fromEntries(
    results
      .filter(({ suite }) => suite === 'sound')
      .map(({ id, status, error, skip, metrics, finding }) => [id, { status, error, skip, metrics, finding }]),
  );

// Most of the time is spent waiting for what never answers, so both runtimes wait together.
describe.concurrent.each(Object.keys(RUNTIMES) as (keyof typeof RUNTIMES)[])('in %s', (name) => {
  let runtime: Runtime;
  let undisturbed: ReturnType<typeof verdicts>;
  const run = (options: Partial<RunOptions>) =>
    runtime.run({ options: { ...DEFAULT_RUN_OPTIONS, ...options } }, () => {}, new AbortController().signal);
  const ends = name === 'node' ? ENDS_IN_NODE : ENDS;

  beforeAll(async () => {
    runtime = await RUNTIMES[name]();
    const report = await run({ filters: ['sound:*'] });
    expect(report.summary).toMatchObject({ total: 40, skipped: 6, failed: 7 });
    undisturbed = verdicts(report);
  }, 60_000);
  afterAll(() => runtime?.[Symbol.asyncDispose]());

  test.sequential('each fault is its own status with code, reason and next action, and the rest is right', async () => {
    const report = await run({ filters: ['faulty:*;n=0', 'sound:*'] });
    expect(report.run.complete).toBe(true);
    expect(verdicts(report)).toEqual(undisturbed);
    const found = report.results.filter(({ suite }) => suite === 'faulty');
    expect(found).toHaveLength(Object.keys(ends).length);
    for (const { id, status, error } of found) {
      const [wanted, code, reason] = ends[/:(.*);/.exec(id)?.[1] ?? ''] ?? [];
      expect([id, status, error?.code, error?.message]).toEqual([id, wanted, code, expect.stringMatching(reason ?? '')]);
    }
  }, 120_000);

  test.sequential('30 faults scattered over a run leave every other verdict as it was', async () => {
    const seed = new Random(20261120).integer(0, 1_000_000);
    const report = await run({ shuffle: true, seed });
    expect(report.run.complete).toBe(true);
    expect(report.results.filter(({ suite, status }) => suite === 'faulty' && status !== 'pass')).toHaveLength(30);
    expect(verdicts(report)).toEqual(undisturbed);
    expect(report.results.filter(({ finding }) => finding?.code === 'flaky')).toEqual([]);
  }, 300_000);
});
