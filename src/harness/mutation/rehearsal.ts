import { GradproofError } from '../../errors.ts';
import type { Case } from '../../testing/suite.ts';
import { keyOf } from '../case-key.ts';
import { UnusableError } from '../runner/unusable.ts';
import type { CaseOutcome } from '../worker/messages.ts';
import { SEED } from './court.ts';
import { askAgain, type Bench, type Crew } from './crew.ts';
import type { BaselineCase } from './jury.ts';
import type { Memories } from './memory.ts';
import type { Mutant } from './mutants.ts';
import { missingFeature } from './reach.ts';
import type { LinkedKernel, ShaderSources } from './sources.ts';

/** A case does not pass on kernels that nobody changed, so that its red would say nothing about a mutant. */
export class BaselineError extends GradproofError {
  constructor({ id, status, error }: CaseOutcome) {
    super('baseline-red', `${id} is ${status} before any change (${error?.message ?? 'no reason'}): mend what a run of the suite shows`);
  }
}

/** Cases to run in one message: enough to share pipelines, few enough to show progress. */
const CHUNK = 25;
/** How long one message's cases may take. Milliseconds. */
const LIMIT_MS = 300_000;

/** What is rehearsed. */
interface Stage {
  readonly sources: ShaderSources;
  readonly cases: ReadonlyMap<string, Case>;
  readonly signal: AbortSignal;
}

/**
 * Runs the cases of the quick tier on kernels that differ from the shaders by their fuel alone: that all pass, and which dispatches what.
 * What a case dispatched in earlier builds tells which are worth it for a few mutants; it is no proof, so the others are there on demand.
 */
export class Rehearsal {
  readonly #stage: Stage;
  readonly #crew: Crew;
  readonly #memories: Memories;
  readonly #listen: (done: number, total: number) => void;
  readonly #passed: BaselineCase[] = [];
  #left: readonly Case[];

  constructor(stage: Stage, crew: Crew, memories: Memories, listen: (done: number, total: number) => void) {
    this.#stage = stage;
    this.#crew = crew;
    this.#memories = memories;
    this.#listen = listen;
    this.#left = [...stage.cases.values()].filter(({ tier }) => tier === 'quick');
  }

  /** Whether no case is left out. */
  get isWhole(): boolean {
    return this.#left.length === 0;
  }

  /** The cases that may dispatch a kernel that one of the mutants changes; all of them when this build's are known. Throws {@link BaselineError}. */
  async likely(mutants: readonly Mutant[]): Promise<readonly BaselineCase[]> {
    const known = this.#memories.verdicts.get('baseline') as readonly BaselineCase[] | undefined;
    if (known) {
      this.#left = [];
      return known;
    }
    const files = new Set(mutants.map(({ file }) => file));
    const kernels = new Set([...files].flatMap((file) => this.#stage.sources.kernelsWith(file)));
    return this.#take((declared) => {
      const dispatched = this.#memories.dispatched.get(keyOf(declared)) as readonly string[] | undefined;
      return dispatched === undefined || dispatched.some((kernel) => kernels.has(kernel));
    });
  }

  /** The cases that were left out. Throws {@link BaselineError}. */
  rest(): Promise<readonly BaselineCase[]> {
    return this.#take(() => true);
  }

  async #take(isWanted: (declared: Case) => boolean): Promise<readonly BaselineCase[]> {
    const wanted = this.#left.filter(isWanted);
    this.#left = this.#left.filter((declared) => !isWanted(declared));
    const passed = await this.#run(wanted);
    this.#passed.push(...passed);
    this.#keep(passed);
    return passed;
  }

  async #run(cases: readonly Case[]): Promise<readonly BaselineCase[]> {
    const { features } = this.#crew.environment;
    const kernels = (await this.#stage.sources.original()).filter(({ code }) => missingFeature(code, features) === undefined);
    const chunks = Array.from({ length: Math.ceil(cases.length / CHUNK) }, (_, i) => cases.slice(CHUNK * i, CHUNK * (i + 1)));
    const passed: BaselineCase[] = [];
    let done = 0;
    await this.#crew.share(chunks, async (chunk, bench) => {
      passed.push(...(await rehearse(kernels, chunk, bench)));
      this.#listen(++done, chunks.length);
    });
    this.#stage.signal.throwIfAborted();
    return passed.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #keep(passed: readonly BaselineCase[]): void {
    const { verdicts, dispatched } = this.#memories;
    if (this.isWhole) verdicts.set('baseline', this.#passed);
    for (const one of passed) {
      const key = keyOf(one);
      if (JSON.stringify(dispatched.get(key)) !== JSON.stringify(one.kernels)) dispatched.set(key, one.kernels);
    }
  }
}

/** What is kept of the cases; those that this adapter cannot run are left out, and none is there when the run is interrupted. */
async function rehearse(kernels: readonly LinkedKernel[], cases: readonly Case[], bench: Bench): Promise<readonly BaselineCase[]> {
  const entries = cases.map(({ id, backend }) => ({ id, backend }));
  const request = { type: 'mutant', kernels, cases: entries, seed: SEED, untilRed: false } as const;
  const answer = await askAgain(bench, request, LIMIT_MS, () => true);
  if (answer.type === 'aborted') return [];
  if (answer.type === 'dead') throw new UnusableError(answer.code, `before any change ${answer.reason}: run it again`);
  if (answer.type !== 'mutant-done' || answer.invalid !== undefined) throw new GradproofError('baseline-failed', JSON.stringify(answer));
  return answer.outcomes.flatMap((outcome) => {
    if (outcome.status === 'skip') return [];
    if (outcome.status !== 'pass') throw new BaselineError(outcome);
    const { id, backend, kernels: dispatched, durationMs } = outcome;
    return [{ id, backend, kernels: dispatched, durationMs }];
  });
}
