import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import coveringTests, { faults } from 'virtual:covering-tests';
import { rowOf } from '../../catalog/coverage.ts';
import { filterOf } from '../../harness/filter.ts';
import { NO_ADAPTER } from '../../report/schema.ts';
import { writeReport } from '../../report/write.ts';
import { ROOT } from '../checkout.ts';
import { writeOutput } from '../files.ts';
import { type ControlOutcome, controlOutcome } from './control.ts';
import { endingOf, outcomesOf, type Tested } from './ending.ts';
import type { TestOutcome } from './outcome.ts';
import { outcomesOfPlaywright } from './playwright.ts';
import { outcomesOfPytest } from './pytest.ts';
import { type Controls, type CoveringTest, endpointsFile, reportOfTests } from './report.ts';
import { outcomesOfVitest } from './vitest.ts';

export { faults };

/** The tests that cover a row whose name one of these globs matches; without any globs all tests. */
export function testsCovering(globs: readonly string[] = []): readonly CoveringTest[] {
  const isWanted = filterOf(globs);
  return coveringTests.filter(({ covers }) => covers.some((id) => isWanted(rowOf(id))));
}

/**
 * Writes the report of the tests that {@link testsCovering} gives, from what the parts of `npm test`
 * left in `folder`, with how their controls ended. A part that left nothing has no results, and the
 * report is not complete.
 */
export async function writeTestReport(
  folder: string,
  target: string,
  startedAt: Date,
  { controls, rows }: { readonly controls?: Controls; readonly rows?: readonly string[] } = {},
): Promise<void> {
  const outcomes = readOutcomes(folder, ROOT);
  const environment = {
    runtime: 'node',
    runtimeVersion: process.versions.node,
    os: `${os.platform()} ${os.arch()}`,
    cores: os.availableParallelism(),
    adapter: NO_ADAPTER,
    features: [],
    limits: {},
    probe: {},
    tuning: {},
  };
  const report = await reportOfTests(
    testsCovering(rows),
    outcomes,
    environment,
    startedAt,
    controls,
  );
  writeOutput('--report', target, writeReport(report));
  keepEndpoints(join(folder, 'endpoints'), outcomes, testsCovering(rows));
}

/** Leaves the list of what each test asked in a folder of its id, as the report names it. */
function keepEndpoints(
  folder: string,
  outcomes: readonly TestOutcome[],
  tests: readonly CoveringTest[],
): void {
  for (const test of tests) {
    const { endpoints = [] } = endingOf(test, outcomes) ?? {};
    if (endpoints.length === 0) continue;
    const { name, bytes } = endpointsFile(endpoints);
    const own = join(folder, test.id.replaceAll(':', '.'));
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, name), bytes);
  }
}

/** How a test ended that ran in the checkout `root`; undefined where it did not run. */
export function statusOf(
  test: Tested,
  folder: string,
  root: string,
): TestOutcome['status'] | undefined {
  return endingOf(test, readOutcomes(folder, root))?.status;
}

/** How a test ended that ran in the checkout `root` with its fault. */
export function controlOf(test: Tested, folder: string, root: string): ControlOutcome {
  return controlOutcome(outcomesOf(test, readOutcomes(folder, root)));
}

/** What tests that cover rows left in `folder` when they ran in the checkout `root`. */
function readOutcomes(folder: string, root: string): readonly TestOutcome[] {
  const read = (name: string, outcomesIn: (json: unknown) => readonly TestOutcome[]) => {
    const file = join(folder, name);
    return existsSync(file) ? outcomesIn(JSON.parse(readFileSync(file, 'utf8'))) : [];
  };
  const outcomes = [
    ...read('unit.json', outcomesOfVitest),
    ...read('end-to-end.json', (json) => outcomesOfPlaywright(json, 'e2e')),
    ...read('bridge.json', outcomesOfPytest),
  ];
  return outcomes.map((outcome) => ({
    ...outcome,
    file: relative(root, resolve(root, outcome.file)).split(sep).join('/'),
  }));
}
