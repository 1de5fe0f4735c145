import { GradproofError } from '../../errors.ts';
import type { Case } from '../../testing/suite.ts';
import { planHash, planText } from '../plan.ts';
import { buildReport } from '../report/build.ts';
import type { CaseResult, Environment, Report } from '../report/schema.ts';
import type { WorkerLink } from '../worker/messages.ts';
import { type BaselineCase, baselineOf, chunksOf, Jury } from './baseline.ts';
import { type Ask, Crew } from './crew.ts';
import { argumentFor } from './equivalent.ts';
import { type Mutant, mutantId } from './mutants.ts';
import { type MutantChoice, selectMutants } from './select.ts';
import { LinkError, type LinkedKernel, type ShaderSources } from './sources.ts';
import { resultOf, type Verdict, verdictOf } from './verdict.ts';

/** What a mutation run emits; the command line shows it live. */
export type MutationEvent =
  | { readonly type: 'baseline'; readonly done: number; readonly total: number }
  | { readonly type: 'mutant'; readonly result: CaseResult; readonly done: number; readonly total: number; readonly remainingMs: number };

export type MutationListener = (event: MutationEvent) => void;

/** What is known from earlier runs of the same build in the same environment. */
export interface MutationMemory {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** What a mutation run needs from where it runs. */
export interface MutationHost {
  readonly sources: ShaderSources;
  readonly cases: ReadonlyMap<string, Case>;
  readonly startWorker: () => WorkerLink;
  readonly remember: (environment: Environment) => MutationMemory;
  readonly signal: AbortSignal;
}

const SEED = 42;
const WORKERS = 2;
/** How long a mutant may take: fuel ends every loop, but loops within loops may burn much of it. */
const LIMIT = { timesBaseline: 20, ms: 30_000 } as const;
/** How long one message's cases of the baseline may take. Milliseconds. */
const BASELINE_LIMIT_MS = 300_000;

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
    const memory = host.remember(crew.environment);
    const court = new Court(host.sources, new Jury(await baseline(host, crew, memory, listen)), memory);
    const started = performance.now();
    await crew.share(mutants, async (mutant, ask) => {
      const result = await court.judge(mutant, ask);
      if (!result) return;
      results.push(result);
      const [done, total] = [results.length, mutants.length];
      // What is remembered takes no time, so the rest is judged by what was not.
      const pace = (performance.now() - started) / Math.max(1, court.tried);
      listen({ type: 'mutant', result, done, total, remainingMs: pace * (total - done) });
    });
  } catch (error) {
    if (!host.signal.aborted) throw error;
  }
  return buildReport(identity, environments, results, results.length === mutants.length);
}

/** Runs the quick tier on kernels that differ from the shaders by their fuel alone: which case dispatches what, and that all pass. */
async function baseline(
  { sources, cases, signal }: MutationHost,
  crew: Crew,
  memory: MutationMemory,
  listen: MutationListener,
): Promise<readonly BaselineCase[]> {
  const known = memory.get('baseline') as readonly BaselineCase[] | undefined;
  if (known) return known;
  const kernels = await sources.original();
  const chunks = chunksOf(cases.values());
  const passed: BaselineCase[] = [];
  let done = 0;
  await crew.share(chunks, async (chunk, ask) => {
    const entries = chunk.map(({ id, backend }) => ({ id, backend }));
    const answer = await ask({ type: 'mutant', kernels, cases: entries, seed: SEED, untilRed: false }, BASELINE_LIMIT_MS);
    if (answer.type === 'aborted') return;
    if (answer.type !== 'mutant-done' || answer.invalid !== undefined) throw new GradproofError('baseline-failed', JSON.stringify(answer));
    passed.push(...baselineOf(answer.outcomes));
    listen({ type: 'baseline', done: ++done, total: chunks.length });
  });
  signal.throwIfAborted();
  const order = passed.sort((a, b) => (a.id < b.id ? -1 : 1));
  memory.set('baseline', order);
  return order;
}

/** Judges one mutant after the other, and none twice. */
class Court {
  readonly #sources: ShaderSources;
  readonly #jury: Jury;
  readonly #memory: MutationMemory;
  /** Mutants that were not remembered. */
  tried = 0;

  constructor(sources: ShaderSources, jury: Jury, memory: MutationMemory) {
    this.#sources = sources;
    this.#jury = jury;
    this.#memory = memory;
  }

  /** The mutant's result; none when the run was interrupted under it. */
  async judge(mutant: Mutant, ask: Ask): Promise<CaseResult | undefined> {
    const started = performance.now();
    const { kernels, verdict } = await this.#tryMutant(mutant, ask);
    if (!verdict) return undefined;
    if (verdict.kind === 'killed') this.#jury.praise(verdict.by);
    const source = this.#sources.textOf(mutant.file);
    const equivalent = argumentFor(mutant, source);
    const durationMs = performance.now() - started;
    return resultOf({ mutant, verdict, kernels, durationMs, ...(equivalent === undefined ? {} : { equivalent }) }, source, 0);
  }

  async #tryMutant(mutant: Mutant, ask: Ask): Promise<{ kernels: readonly string[]; verdict: Verdict | undefined }> {
    let linked: readonly LinkedKernel[];
    try {
      linked = await this.#sources.mutated(mutant);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return { kernels: [], verdict: { kind: 'invalid', detail: error.message } };
    }
    const kernels = linked.map(({ file }) => file);
    const cases = this.#jury.casesOf(kernels);
    const key = await planHash(JSON.stringify([mutantId(mutant), linked, cases.map(({ id }) => id).sort()]));
    const known = this.#memory.get(key) as Verdict | undefined;
    if (known) return { kernels, verdict: known };
    this.tried++;
    const verdict = await this.#hear(linked, cases, ask);
    // A time-out may be the machine's fault; it is tried again.
    if (verdict && !(verdict.kind === 'killed' && verdict.how === 'timeout')) this.#memory.set(key, verdict);
    return { kernels, verdict };
  }

  async #hear(kernels: readonly LinkedKernel[], cases: readonly BaselineCase[], ask: Ask): Promise<Verdict | undefined> {
    const limit = LIMIT.ms + LIMIT.timesBaseline * cases.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const entries = cases.map(({ id, backend }) => ({ id, backend }));
    const answer = await ask({ type: 'mutant', kernels, cases: entries, seed: SEED, untilRed: true }, limit);
    switch (answer.type) {
      case 'mutant-done':
        return answer.invalid === undefined ? verdictOf(answer.outcomes) : { kind: 'invalid', detail: answer.invalid };
      case 'aborted':
        return undefined;
      case 'timeout':
        return { kind: 'killed', by: 'the time limit', how: 'timeout', cases: cases.length };
      case 'dead':
        return { kind: 'killed', by: 'the worker process', how: 'worker-died', cases: cases.length };
      case 'unusable':
        return { kind: 'killed', by: 'the device', how: answer.code, cases: cases.length };
      default:
        throw new GradproofError('protocol', `the worker answered ${answer.type} to a mutant`);
    }
  }
}
