import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import coveringTests from 'virtual:covering-tests';
import { NO_ADAPTER } from '../../report/schema.ts';
import { writeReport } from '../../report/write.ts';
import { ROOT } from '../checkout.ts';
import { writeOutput } from '../files.ts';
import type { TestOutcome } from './outcome.ts';
import { outcomesOfPlaywright } from './playwright.ts';
import { outcomesOfPytest } from './pytest.ts';
import { reportOfTests } from './report.ts';
import { outcomesOfVitest } from './vitest.ts';

/**
 * Writes the report of the tests that cover rows of the catalog, from what the parts of `npm test`
 * left in `folder`. A part that left nothing has no results, and the report is not complete.
 */
export async function writeTestReport(
  folder: string,
  target: string,
  startedAt: Date,
): Promise<void> {
  const outcomes = [
    ...outcomesIn(join(folder, 'unit.json'), outcomesOfVitest),
    ...outcomesIn(join(folder, 'end-to-end.json'), (json) => outcomesOfPlaywright(json, 'e2e')),
    ...outcomesIn(join(folder, 'bridge.json'), outcomesOfPytest),
  ];
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
  const report = await reportOfTests(coveringTests, outcomes, environment, startedAt);
  writeOutput('--report', target, writeReport(report));
}

function outcomesIn(
  file: string,
  read: (json: unknown) => readonly TestOutcome[],
): readonly TestOutcome[] {
  if (!existsSync(file)) return [];
  return read(JSON.parse(readFileSync(file, 'utf8'))).map((outcome) => ({
    ...outcome,
    file: relative(ROOT, resolve(ROOT, outcome.file)).split(sep).join('/'),
  }));
}
