import { GradproofError } from '../../errors.ts';
import type { Shader } from '../../gpu/shader.ts';
import { keyOf } from '../../report/case-key.ts';
import type { Case } from '../../testing/suite.ts';
import { UnusableError } from '../runner/unusable.ts';
import type { CaseOutcome } from '../worker/messages.ts';
import type { BaselineCase } from './covering-cases.ts';
import { missingFeature } from './missing-feature.ts';
import { SEED } from './mutant-runner.ts';
import type { Mutant } from './mutants.ts';
import type { ResultCaches } from './result-cache.ts';
import type { ShaderSources } from './sources.ts';
import { askAgain, type ReplaceableWorker, type WorkerPool } from './worker-pool.ts';

/**
 * A case does not pass on unchanged kernels, so that its failure would say nothing about a mutant.
 */
export class BaselineError extends GradproofError {
  constructor({ id, status, error }: CaseOutcome) {
    super(
      'baseline-red',
      `${id} is ${status} before any change (${error?.message ?? 'no reason'}): mend what a run of the suite shows`,
    );
  }
}

/** Cases to run in one message: enough to share pipelines, few enough to show progress. */
const CHUNK = 25;
/** So many cases find most mutants of a file. */
const FEW = 16;
/** How long one message's cases may take. Milliseconds. */
const LIMIT_MS = 300_000;

/** What the baseline run needs of the host. */
interface BaselineInput {
  readonly sources: ShaderSources;
  readonly cases: ReadonlyMap<string, Case>;
  readonly signal: AbortSignal;
}

/**
 * Runs the cases of the quick tier on kernels that differ from the shaders by their fuel alone:
 * that all pass, and which dispatches what. What a case dispatched in earlier builds tells which
 * are worth it for a few mutants; it is no proof, so the others are there on demand. Each of its
 * methods gives the cases that come new by it, and throws {@link BaselineError}.
 */
export class BaselineRun {
  readonly #input: BaselineInput;
  readonly #pool: WorkerPool;
  readonly #caches: ResultCaches;
  readonly #listen: (done: number, total: number) => void;
  readonly #passed: BaselineCase[] = [];
  #left: readonly Case[];

  constructor(
    input: BaselineInput,
    pool: WorkerPool,
    caches: ResultCaches,
    listen: (done: number, total: number) => void,
  ) {
    this.#input = input;
    this.#pool = pool;
    this.#caches = caches;
    this.#listen = listen;
    this.#left = [...input.cases.values()].filter(({ tier }) => tier === 'quick');
  }

  /** Whether no case is left out. */
  get isWhole(): boolean {
    return this.#left.length === 0;
  }

  /**
   * A few cases of each file that one of the mutants changes, spread over the kernels with it that they
   * dispatched last; all there are when this build's are known.
   */
  async few(mutants: readonly Mutant[]): Promise<readonly BaselineCase[]> {
    const known = this.#caches.outcomes.get('baseline') as readonly BaselineCase[] | undefined;
    if (known) {
      this.#left = [];
      return known;
    }
    const left = new Map<string, number>();
    for (const file of filesOf(mutants)) {
      const kernels = this.#input.sources.kernelsWith(file);
      const each = Math.ceil(FEW / kernels.length);
      for (const kernel of kernels) left.set(kernel, Math.max(each, left.get(kernel) ?? 0));
    }
    return this.#take((declared) => {
      const wanted = this.#dispatchedBy(declared)?.filter((kernel) => left.get(kernel)) ?? [];
      for (const kernel of wanted) left.set(kernel, (left.get(kernel) as number) - 1);
      return wanted.length > 0;
    });
  }

  /** The cases that may dispatch a kernel that one of the mutants changes. */
  likely(mutants: readonly Mutant[]): Promise<readonly BaselineCase[]> {
    const { sources } = this.#input;
    const kernels = new Set(filesOf(mutants).flatMap((file) => sources.kernelsWith(file)));
    return this.#take(
      (declared) => this.#dispatchedBy(declared)?.some((kernel) => kernels.has(kernel)) ?? true,
    );
  }

  /** The cases that were left out. */
  rest(): Promise<readonly BaselineCase[]> {
    return this.#take(() => true);
  }

  /** The kernels that a case dispatched last; undefined of one that never ran. */
  #dispatchedBy(declared: Case): readonly string[] | undefined {
    return this.#caches.dispatched.get(keyOf(declared)) as readonly string[] | undefined;
  }

  async #take(isWanted: (declared: Case) => boolean): Promise<readonly BaselineCase[]> {
    const wanted = this.#left.filter(isWanted);
    const taken = new Set(wanted);
    this.#left = this.#left.filter((declared) => !taken.has(declared));
    const passed = await this.#run(wanted);
    this.#passed.push(...passed);
    this.#keep(passed);
    return passed;
  }

  async #run(cases: readonly Case[]): Promise<readonly BaselineCase[]> {
    const { features } = this.#pool.environment;
    const kernels = (await this.#input.sources.original()).filter(
      ({ code }) => missingFeature(code, features) === undefined,
    );
    const chunks = Array.from({ length: Math.ceil(cases.length / CHUNK) }, (_, i) =>
      cases.slice(CHUNK * i, CHUNK * (i + 1)),
    );
    const passed: BaselineCase[] = [];
    let done = 0;
    await this.#pool.share(chunks, async (chunk, worker) => {
      passed.push(...(await runChunk(kernels, chunk, worker)));
      this.#listen(++done, chunks.length);
    });
    this.#input.signal.throwIfAborted();
    return passed.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #keep(passed: readonly BaselineCase[]): void {
    const { outcomes, dispatched } = this.#caches;
    if (this.isWhole) outcomes.set('baseline', this.#passed);
    for (const one of passed) {
      const key = keyOf(one);
      if (JSON.stringify(dispatched.get(key)) !== JSON.stringify(one.kernels))
        dispatched.set(key, one.kernels);
    }
  }
}

const filesOf = (mutants: readonly Mutant[]) => [...new Set(mutants.map(({ file }) => file))];

/**
 * What is kept of the cases; those that this adapter cannot run are left out, and none is there
 * when the run is interrupted.
 */
async function runChunk(
  kernels: readonly Shader[],
  cases: readonly Case[],
  worker: ReplaceableWorker,
): Promise<readonly BaselineCase[]> {
  const entries = cases.map(({ id, backend }) => ({ id, backend }));
  const request = { type: 'mutant', kernels, cases: entries, seed: SEED, untilRed: false } as const;
  const answer = await askAgain(worker, request, LIMIT_MS, () => true);
  if (answer.type === 'aborted') return [];
  if (answer.type === 'dead')
    throw new UnusableError(answer.code, `before any change ${answer.reason}: run it again`);
  if (answer.type !== 'mutant-done' || answer.invalid !== undefined)
    throw new GradproofError('baseline-failed', JSON.stringify(answer));
  return answer.outcomes.flatMap((outcome) => {
    if (outcome.status === 'skip') return [];
    if (outcome.status !== 'pass') throw new BaselineError(outcome);
    const { id, backend, kernels: dispatched, durationMs } = outcome;
    return [{ id, backend, kernels: dispatched, durationMs }];
  });
}
