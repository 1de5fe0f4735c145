import { GradproofError } from '../../errors.ts';
import type { Shader } from '../../gpu/shader.ts';
import { planHash } from '../../report/plan.ts';
import type { CaseResult } from '../../report/schema.ts';
import type { BaselineCase, CoveringCases } from './covering-cases.ts';
import { argumentFor } from './equivalent.ts';
import { missingFeature } from './missing-feature.ts';
import {
  type CaseError,
  type MutantOutcome,
  outcomeOf,
  resultOf,
  type TestedOutcome,
} from './mutant-outcome.ts';
import { type Mutant, mutantId } from './mutants.ts';
import type { ResultCache } from './result-cache.ts';
import { LinkError, type ShaderSources } from './sources.ts';
import { askAgain, MOST_DEATHS, type ReplaceableWorker } from './worker-pool.ts';

/** Seed of every case that runs with a mutant. */
export const SEED = 42;

/**
 * How long one run may take: fuel ends every loop, but loops within loops may burn much of it. A
 * changed kernel is compiled anew, which a busy processor takes long for.
 */
const LIMIT = { timesBaseline: 6, ms: 30_000 } as const;
/**
 * Time that the cases of one request take without a change, so that a hanging one is found soon.
 * Milliseconds.
 */
const TOGETHER_MS = 1_000;
/** How often cases may end in an error without the change before the mutant is undecided. */
const UNCHANGED_RUNS = 3;

/** Runs the covering cases with one mutant after the other, and with none twice. */
export class MutantRunner {
  readonly #sources: ShaderSources;
  readonly #covering: CoveringCases;
  readonly #cache: ResultCache;
  readonly #features: readonly string[];
  /** Mutants whose outcome was not in the cache. */
  tried = 0;

  /** `features` are the adapter's: a kernel that needs another is not run. */
  constructor(
    sources: ShaderSources,
    covering: CoveringCases,
    cache: ResultCache,
    features: readonly string[],
  ) {
    this.#sources = sources;
    this.#covering = covering;
    this.#cache = cache;
    this.#features = features;
  }

  /** The mutant's result; none when the run was interrupted under it. */
  async run(mutant: Mutant, worker: ReplaceableWorker): Promise<CaseResult | undefined> {
    const started = performance.now();
    const { kernels, outcome } = await this.#test(mutant, worker);
    if (!outcome) return undefined;
    if (outcome.kind === 'killed') this.#covering.countKill(outcome.by);
    const source = this.#sources.textOf(mutant.file);
    const equivalent = argumentFor(mutant, source);
    const durationMs = performance.now() - started;
    return resultOf(
      { mutant, outcome, kernels, durationMs, ...(equivalent === undefined ? {} : { equivalent }) },
      source,
      0,
    );
  }

  async #test(
    mutant: Mutant,
    worker: ReplaceableWorker,
  ): Promise<{ kernels: readonly string[]; outcome: MutantOutcome | undefined }> {
    let changed: readonly Shader[];
    try {
      changed = await this.#sources.mutated(mutant);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return { kernels: [], outcome: { kind: 'invalid', detail: error.message } };
    }
    const kernels = [...new Set(changed.map(({ file }) => file))];
    const missing = changed.map(({ code }) => missingFeature(code, this.#features));
    const linked = changed.filter((_, i) => missing[i] === undefined);
    const [feature] = missing;
    if (linked.length === 0 && feature !== undefined)
      return { kernels, outcome: { kind: 'unreachable', feature } };
    const cases = this.#covering.casesOf(kernels);
    const key = await planHash(
      JSON.stringify([mutantId(mutant), linked, cases.map(({ id }) => id).sort()]),
    );
    const known = this.#cache.get(key) as MutantOutcome | undefined;
    if (known) return { kernels, outcome: known };
    this.tried++;
    const outcome = await this.#runAll(linked, cases, worker);
    if (outcome && outcome.kind !== 'undecided') this.#cache.set(key, outcome);
    return { kernels, outcome };
  }

  async #runAll(
    kernels: readonly Shader[],
    cases: readonly BaselineCase[],
    worker: ReplaceableWorker,
  ): Promise<TestedOutcome | undefined> {
    let run = 0;
    for (const part of partsOf(cases)) {
      const outcome = await this.#runPart(kernels, part, worker);
      if (!outcome || outcome.kind === 'invalid' || outcome.kind === 'undecided') return outcome;
      run += outcome.cases;
      if (outcome.kind === 'killed') return { ...outcome, cases: run };
    }
    return { kind: 'survived', cases: run };
  }

  /**
   * An error on a fresh worker, where the case has just passed without the change, comes from the
   * change.
   */
  async #runPart(
    kernels: readonly Shader[],
    cases: readonly BaselineCase[],
    worker: ReplaceableWorker,
  ): Promise<TestedOutcome | undefined> {
    const first = await ask(kernels, cases, worker);
    if (first?.kind !== 'error') return first;
    let unchanged: TestedOutcome | CaseError | undefined = first;
    for (let run = 0; run < UNCHANGED_RUNS && unchanged?.kind === 'error'; run++)
      unchanged = await ask([], cases, worker);
    if (!unchanged) return undefined;
    if (unchanged.kind === 'undecided') return unchanged;
    if (unchanged.kind !== 'survived')
      return undecided(
        'by' in unchanged
          ? `${unchanged.by} is red (${unchanged.how}) without the change too`
          : unchanged.detail,
      );
    const second = await ask(kernels, cases, worker);
    return second?.kind === 'error' ? { ...second, kind: 'killed' } : second;
  }
}

/**
 * Runs cases with changed kernels, again when the worker is ended from outside. After an error the
 * worker is replaced. Undefined: interrupted.
 */
async function ask(
  kernels: readonly Shader[],
  cases: readonly BaselineCase[],
  worker: ReplaceableWorker,
): Promise<TestedOutcome | CaseError | undefined> {
  const entries = cases.map(({ id, backend }) => ({ id, backend }));
  const request = { type: 'mutant', kernels, cases: entries, seed: SEED, untilRed: true } as const;
  const answer = await askAgain(
    worker,
    request,
    limitOf(cases),
    ({ fromOutside }) => fromOutside === true,
  );
  if (answer.type === 'dead' && answer.fromOutside) {
    await worker.replace();
    return undecided(`${answer.reason} ${MOST_DEATHS} times, by a user or by the system`);
  }
  const errorOf = (by: string, how: string): CaseError => ({
    kind: 'error',
    by,
    how,
    cases: cases.length,
  });
  const found = () => {
    switch (answer.type) {
      case 'mutant-done':
        return answer.invalid === undefined
          ? outcomeOf(answer.outcomes)
          : ({ kind: 'invalid', detail: answer.invalid } as const);
      case 'timeout':
        return errorOf('the time limit', 'timeout');
      case 'dead':
        return errorOf('the worker process', 'worker-died');
      case 'unusable':
        return errorOf('the device', answer.code);
      default:
        throw new GradproofError('protocol', `the worker answered ${answer.type} to a mutant`);
    }
  };
  if (answer.type === 'aborted') return undefined;
  const outcome = found();
  if (outcome.kind === 'error') await worker.replace();
  return outcome;
}

function undecided(what: string): TestedOutcome {
  return {
    kind: 'undecided',
    detail: `${what}: run it again on a computer that does nothing else`,
  };
}

function limitOf(cases: readonly BaselineCase[]): number {
  return (
    LIMIT.ms + LIMIT.timesBaseline * cases.reduce((sum, { durationMs }) => sum + durationMs, 0)
  );
}

/**
 * The cases in parts of about the same duration; at least one part, since the compiler may refuse a
 * kernel without cases.
 */
function partsOf(cases: readonly BaselineCase[]): readonly (readonly BaselineCase[])[] {
  const parts: BaselineCase[][] = [[]];
  let together = 0;
  for (const entry of cases) {
    if (together > TOGETHER_MS) {
      parts.push([]);
      together = 0;
    }
    parts.at(-1)?.push(entry);
    together += entry.durationMs;
  }
  return parts;
}
