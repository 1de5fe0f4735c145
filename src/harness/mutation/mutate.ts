import { buildReport } from '../../report/build.ts';
import { planHash, planText } from '../../report/plan.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import type { Case } from '../../testing/suite.ts';
import type { WorkerLink } from '../worker/messages.ts';
import { BaselineRun } from './baseline-run.ts';
import { CoveringCases } from './covering-cases.ts';
import { MutantRunner, SEED } from './mutant-runner.ts';
import type { Mutant } from './mutants.ts';
import type { ResultCaches } from './result-cache.ts';
import { type MutantChoice, selectMutants } from './select.ts';
import type { ShaderSources } from './sources.ts';
import { WorkerPool } from './worker-pool.ts';

/** What a mutation run emits; the command line shows it live. */
export type MutationEvent =
  | { readonly type: 'baseline'; readonly done: number; readonly total: number }
  | {
      readonly type: 'mutant';
      readonly result: CaseResult;
      readonly done: number;
      readonly total: number;
      readonly remainingMs: number;
    };

/** Receives what a mutation run emits. */
export type MutationListener = (event: MutationEvent) => void;

/** What a mutation run needs from where it runs. */
export interface MutationHost {
  readonly sources: ShaderSources;
  readonly cases: ReadonlyMap<string, Case>;
  readonly startWorker: () => WorkerLink;
  readonly openCaches: (environment: Environment) => ResultCaches;
  readonly signal: AbortSignal;
}

const WORKERS = 2;

/**
 * Runs every wanted mutant against the cases of the quick tier that dispatch its kernels, and
 * reports (kind `mutate`). When the signal aborts, the report is partial; outcomes are cached.
 * Throws NoMutantError, UnusableError, and BaselineError when a case is red without a mutant.
 */
export async function mutate(
  host: MutationHost,
  choice: MutantChoice,
  listen: MutationListener,
): Promise<Report> {
  const mutants = selectMutants(host.sources, choice);
  const options = {
    tier: 'slow',
    filters: choice.filters,
    shard: { index: 1, count: 1 },
    seed: SEED,
  } as const;
  const identity = {
    kind: 'mutate',
    startedAt: new Date(),
    options,
    planHash: await planHash(planText(host.cases.values())),
  } as const;
  const environments: Environment[] = [];
  const results: CaseResult[] = [];
  try {
    using pool = await WorkerPool.start(WORKERS, host.startWorker, host.signal);
    environments.push(pool.environment);
    const caches = host.openCaches(pool.environment);
    const covering = new CoveringCases();
    const baseline = new BaselineRun(host, pool, caches, (done, total) =>
      listen({ type: 'baseline', done, total }),
    );
    const runner = new MutantRunner(
      host.sources,
      covering,
      caches.outcomes,
      pool.environment.features,
    );
    const started = performance.now();
    const tell = (result: CaseResult) => {
      results.push(result);
      const done = results.length;
      const total = mutants.length;
      // Cached outcomes take no time, so the pace is that of the others.
      const pace = (performance.now() - started) / Math.max(1, runner.tried);
      listen({ type: 'mutant', result, done, total, remainingMs: pace * (total - done) });
    };
    // Cases that did not dispatch the kernel in earlier builds may in this one: all have run before a
    // mutant counts as a survivor.
    let left = mutants;
    for (const take of ['few', 'likely', 'rest'] as const) {
      if (left.length === 0) break;
      const more = await baseline[take](left);
      if (more.length === 0 && !baseline.isWhole) continue;
      covering.add(more);
      const survivors: Mutant[] = [];
      await pool.share(left, async (mutant, worker) => {
        const result = await runner.run(mutant, worker);
        if (result?.status === 'fail' && !baseline.isWhole) survivors.push(mutant);
        else if (result) tell(result);
      });
      left = survivors;
    }
  } catch (error) {
    if (!host.signal.aborted) throw error;
  }
  return buildReport(identity, environments, results, results.length === mutants.length);
}
