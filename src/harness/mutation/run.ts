import type { Case } from '../../testing/suite.ts';
import { planHash, planText } from '../plan.ts';
import { buildReport } from '../report/build.ts';
import type { CaseResult, Environment, Report } from '../report/schema.ts';
import type { WorkerLink } from '../worker/messages.ts';
import { Court, SEED } from './court.ts';
import { Crew } from './crew.ts';
import { Jury } from './jury.ts';
import type { Memories } from './memory.ts';
import type { Mutant } from './mutants.ts';
import { Rehearsal } from './rehearsal.ts';
import { type MutantChoice, selectMutants } from './select.ts';
import type { ShaderSources } from './sources.ts';

/** What a mutation run emits; the command line shows it live. */
export type MutationEvent =
  | { readonly type: 'baseline'; readonly done: number; readonly total: number }
  | { readonly type: 'mutant'; readonly result: CaseResult; readonly done: number; readonly total: number; readonly remainingMs: number };

/** Who hears what a mutation run emits. */
export type MutationListener = (event: MutationEvent) => void;

/** What a mutation run needs from where it runs. */
export interface MutationHost {
  readonly sources: ShaderSources;
  readonly cases: ReadonlyMap<string, Case>;
  readonly startWorker: () => WorkerLink;
  readonly remember: (environment: Environment) => Memories;
  readonly signal: AbortSignal;
}

const WORKERS = 2;

/**
 * Runs every wanted mutant against the cases of the quick tier that dispatch its kernels, and reports (kind `mutate`). When the signal
 * aborts, the report is partial; what was found is remembered. Throws NoMutantError, UnusableError, and BaselineError when a case is
 * red without a mutant.
 */
export async function mutate(host: MutationHost, choice: MutantChoice, listen: MutationListener): Promise<Report> {
  const mutants = selectMutants(host.sources, choice);
  const options = { tier: 'slow', filters: choice.filters, shard: { index: 1, count: 1 }, seed: SEED } as const;
  const identity = { kind: 'mutate', startedAt: new Date(), options, planHash: await planHash(planText(host.cases.values())) } as const;
  const environments: Environment[] = [];
  const results: CaseResult[] = [];
  try {
    using crew = await Crew.start(WORKERS, host.startWorker, host.signal);
    environments.push(crew.environment);
    const memories = host.remember(crew.environment);
    const jury = new Jury();
    const rehearsal = new Rehearsal(host, crew, memories, (done, total) => listen({ type: 'baseline', done, total }));
    const court = new Court(host.sources, jury, memories.verdicts, crew.environment.features);
    const started = performance.now();
    const tell = (result: CaseResult) => {
      results.push(result);
      const [done, total] = [results.length, mutants.length];
      // What is remembered takes no time, so the rest is judged by what was not.
      const pace = (performance.now() - started) / Math.max(1, court.tried);
      listen({ type: 'mutant', result, done, total, remainingMs: pace * (total - done) });
    };
    jury.seat(await rehearsal.likely(mutants));
    // Cases that did not dispatch the kernel in earlier builds may in this one: they are asked before a mutant is said to survive.
    const doubtful: Mutant[] = [];
    await crew.share(mutants, async (mutant, bench) => {
      const result = await court.judge(mutant, bench);
      if (result?.status === 'fail' && !rehearsal.isWhole) doubtful.push(mutant);
      else if (result) tell(result);
    });
    if (doubtful.length > 0) jury.seat(await rehearsal.rest());
    await crew.share(doubtful, async (mutant, bench) => {
      const result = await court.judge(mutant, bench);
      if (result) tell(result);
    });
  } catch (error) {
    if (!host.signal.aborted) throw error;
  }
  return buildReport(identity, environments, results, results.length === mutants.length);
}
