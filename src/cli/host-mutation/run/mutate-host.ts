import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MutationListener } from '../../../harness/mutation/mutate.ts';
import { buildReport } from '../../../report/build.ts';
import { planHash, planText } from '../../../report/plan.ts';
import type { CaseResult, Environment, Report } from '../../../report/schema.ts';
import type { Case } from '../../../testing/suite.ts';
import type { HostMutant } from '../host-mutant.ts';
import { hostMutation } from '../plugin.ts';
import { buildWorker } from './build.ts';
import { CaseStage } from './case-stage.ts';
import { CaseWorker, type StartWorker } from './case-worker.ts';
import { argumentFor } from './equivalent.ts';
import { MutantRun } from './mutant-run.ts';
import { hostResultOf } from './outcome.ts';
import { withRecordings } from './recorded-cases.ts';
import type { HostChoice } from './select.ts';
import type { SlowTests } from './slow-tests.ts';
import type { TestFiles } from './test-files.ts';
import { type Reach, UnitStage } from './unit-stage.ts';
import { UnitTests } from './unit-tests.ts';

/** What a mutation run of the TypeScript needs from where it runs. */
export interface HostMutationPlace {
  readonly root: string;
  /** A folder directly in one of the root's, which is made, and removed at the end. */
  readonly folder: string;
  readonly testFiles: TestFiles;
  readonly slowTests: SlowTests;
  readonly cases: ReadonlyMap<string, Case>;
  /** Finds what starts the built worker. Throws UnusableError. */
  readonly findStart: (worker: string) => Promise<StartWorker>;
  /** Ends the run, which leaves a partial report. */
  readonly signal: AbortSignal;
  /** So many milliseconds after all is built, what is open is reported as undecided. */
  readonly deadlineMs?: number;
}

/** Tests and cases run in so many processes beside each other. */
const LANES = 2;

/**
 * Runs the mutants against the unit tests, the quick cases and the recordings that evaluate them, and
 * reports (kind `mutate`). When `signal` aborts, the report is partial. Throws UnusableError, and
 * RedBaselineError when a test or a case is red without a mutant.
 */
export async function mutateHost(
  place: HostMutationPlace,
  mutants: readonly HostMutant[],
  choice: HostChoice,
  listen: MutationListener,
): Promise<Report> {
  const { filters, seed } = choice;
  const identity = {
    kind: 'mutate',
    startedAt: new Date(),
    options: { tier: 'slow', filters, shard: { index: 1, count: 1 }, seed },
    planHash: await planHash(planText(place.cases.values())),
  } as const;
  const environments: Environment[] = [];
  const results: CaseResult[] = [];
  const started = performance.now();
  const tell = (mutantRun: MutantRun) => {
    const { mutant, outcome, testFiles, cases, durationMs } = mutantRun;
    const source = readFileSync(join(place.root, mutant.file), 'utf8');
    const argued = argumentFor(mutant);
    const tried = { mutant, outcome, testFiles, cases, durationMs, argued };
    const result = hostResultOf(tried, source, 0);
    results.push(result);
    const done = results.length;
    const total = mutants.length;
    const remainingMs = ((performance.now() - started) / done) * (total - done);
    listen({ type: 'mutant', result, done, total, remainingMs });
  };
  const mutantRuns = mutants.map((mutant, index) => new MutantRun(mutant, index));
  const deadline = new AbortController();
  const signal = AbortSignal.any([place.signal, deadline.signal]);
  let timer: NodeJS.Timeout | undefined;
  const begin = (environment: Environment) => {
    environments.push(environment);
    if (place.deadlineMs !== undefined)
      timer = setTimeout(() => deadline.abort(), place.deadlineMs);
  };
  try {
    await runTrials({ ...place, signal }, mutantRuns, begin, listen, tell);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    rmSync(place.folder, { recursive: true, force: true });
  }
  if (!place.signal.aborted)
    for (const mutantRun of mutantRuns.filter(({ isOpen }) => isOpen)) {
      if (deadline.signal.aborted) mutantRun.endUndecided();
      tell(mutantRun);
    }
  return buildReport(identity, environments, results, results.length === mutants.length);
}

async function runTrials(
  place: HostMutationPlace,
  mutantRuns: readonly MutantRun[],
  begin: (environment: Environment) => void,
  listen: MutationListener,
  tell: (mutantRun: MutantRun) => void,
): Promise<void> {
  const { root, folder, signal } = place;
  mkdirSync(folder, { recursive: true });
  const mutants = mutantRuns.map(({ mutant }) => mutant);
  const open = () => mutantRuns.filter(({ isOpen }) => isOpen);
  const progress = (done: number, total: number) => listen({ type: 'baseline', done, total });
  const plugin = () => hostMutation(root, mutants);
  const worker = await buildWorker(root, join(folder, 'node'), plugin());
  const startLink = await place.findStart(worker.script);
  const recordings = join(root, 'public', 'parity');
  const cases = await withRecordings(place.cases, recordings);
  const workers = Array.from(
    { length: LANES },
    () => new CaseWorker(startLink, { mutants: mutants.length, recordings }, signal),
  );
  const units: UnitTests[] = [];
  try {
    begin(await (workers[0] as CaseWorker).environment());
    for (let lane = 0; lane < LANES; lane++) {
      const cache = join(folder, `tests-${lane}`);
      const made = { root, cache, plugin: plugin(), mutants: mutants.length, signal };
      units.push(await UnitTests.start(made));
    }
    const unitStage = new UnitStage(units, place.testFiles, place.slowTests, signal);
    const caseStage = new CaseStage(workers, [...cases.values()], signal);
    const inTests = (reach: Reach) => unitStage.run(open(), reach, progress, tell);
    await inTests('near');
    const inWorker = ({ mutant }: MutantRun) => worker.files.has(mutant.file);
    await caseStage.run(open().filter(inWorker), progress, tell);
    await inTests('far');
    await inTests('slow');
  } finally {
    for (const one of workers) one.end();
    await Promise.all(units.map((one) => one.end()));
  }
}
