import { GradproofError } from '../../errors.ts';
import { planHash } from '../plan.ts';
import type { CaseResult } from '../report/schema.ts';
import { askAgain, type Bench, MOST_DEATHS } from './crew.ts';
import { argumentFor } from './equivalent.ts';
import type { BaselineCase, Jury } from './jury.ts';
import type { Memory } from './memory.ts';
import { type Mutant, mutantId } from './mutants.ts';
import { missingFeature } from './reach.ts';
import { LinkError, type LinkedKernel, type ShaderSources } from './sources.ts';
import { type Heard, resultOf, type Trouble, type Verdict, verdictOf } from './verdict.ts';

/** Seed of every case that a mutant meets. */
export const SEED = 42;

/** How long one hearing may take: fuel ends every loop, but loops within loops may burn much of it. */
const LIMIT = { timesBaseline: 20, ms: 15_000 } as const;
/** Cases that are heard together take so long without a change, so that a hanging one is found soon. Milliseconds. */
const TOGETHER_MS = 1_000;
/** How often cases may break without the change before nothing is said of the mutant. */
const CALM_TRIALS = 3;

/** Judges one mutant after the other, and none twice. */
export class Court {
  readonly #sources: ShaderSources;
  readonly #jury: Jury;
  readonly #memory: Memory;
  readonly #features: readonly string[];
  /** Mutants that were not remembered. */
  tried = 0;

  /** `features` are the adapter's: a kernel that needs another is not heard. */
  constructor(sources: ShaderSources, jury: Jury, memory: Memory, features: readonly string[]) {
    this.#sources = sources;
    this.#jury = jury;
    this.#memory = memory;
    this.#features = features;
  }

  /** The mutant's result; none when the run was interrupted under it. */
  async judge(mutant: Mutant, bench: Bench): Promise<CaseResult | undefined> {
    const started = performance.now();
    const { kernels, verdict } = await this.#tryMutant(mutant, bench);
    if (!verdict) return undefined;
    if (verdict.kind === 'killed') this.#jury.praise(verdict.by);
    const source = this.#sources.textOf(mutant.file);
    const equivalent = argumentFor(mutant, source);
    const durationMs = performance.now() - started;
    return resultOf({ mutant, verdict, kernels, durationMs, ...(equivalent === undefined ? {} : { equivalent }) }, source, 0);
  }

  async #tryMutant(mutant: Mutant, bench: Bench): Promise<{ kernels: readonly string[]; verdict: Verdict | undefined }> {
    let changed: readonly LinkedKernel[];
    try {
      changed = await this.#sources.mutated(mutant);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return { kernels: [], verdict: { kind: 'invalid', detail: error.message } };
    }
    const kernels = changed.map(({ file }) => file);
    const missing = changed.map(({ code }) => missingFeature(code, this.#features));
    const linked = changed.filter((_, i) => missing[i] === undefined);
    const [feature] = missing;
    if (linked.length === 0 && feature !== undefined) return { kernels, verdict: { kind: 'unreachable', feature } };
    const cases = this.#jury.casesOf(kernels);
    const key = await planHash(JSON.stringify([mutantId(mutant), linked, cases.map(({ id }) => id).sort()]));
    const known = this.#memory.get(key) as Verdict | undefined;
    if (known) return { kernels, verdict: known };
    this.tried++;
    const verdict = await this.#hearAll(linked, cases, bench);
    if (verdict && verdict.kind !== 'undecided') this.#memory.set(key, verdict);
    return { kernels, verdict };
  }

  async #hearAll(kernels: readonly LinkedKernel[], cases: readonly BaselineCase[], bench: Bench): Promise<Heard | undefined> {
    let heard = 0;
    for (const part of partsOf(cases)) {
      const verdict = await this.#hear(kernels, part, bench);
      if (!verdict || verdict.kind === 'invalid' || verdict.kind === 'undecided') return verdict;
      heard += verdict.cases;
      if (verdict.kind === 'killed') return { ...verdict, cases: heard };
    }
    return { kind: 'survived', cases: heard };
  }

  /** A case that breaks on a fresh worker, where it has just passed without the change, was broken by the change. */
  async #hear(kernels: readonly LinkedKernel[], cases: readonly BaselineCase[], bench: Bench): Promise<Heard | undefined> {
    const first = await ask(kernels, cases, bench);
    if (first?.kind !== 'trouble') return first;
    let calm: Heard | Trouble | undefined = first;
    for (let trial = 0; trial < CALM_TRIALS && calm?.kind === 'trouble'; trial++) calm = await ask([], cases, bench);
    if (!calm) return undefined;
    if (calm.kind === 'undecided') return calm;
    if (calm.kind !== 'survived') return undecided('by' in calm ? `${calm.by} is red (${calm.how}) without the change too` : calm.detail);
    const second = await ask(kernels, cases, bench);
    return second?.kind === 'trouble' ? { ...second, kind: 'killed' } : second;
  }
}

/** Runs cases with changed kernels, again when the worker is ended from outside; after trouble the worker is another. Undefined: interrupted. */
async function ask(kernels: readonly LinkedKernel[], cases: readonly BaselineCase[], bench: Bench): Promise<Heard | Trouble | undefined> {
  const entries = cases.map(({ id, backend }) => ({ id, backend }));
  const request = { type: 'mutant', kernels, cases: entries, seed: SEED, untilRed: true } as const;
  const answer = await askAgain(bench, request, limitOf(cases), ({ fromOutside }) => fromOutside === true);
  if (answer.type === 'dead' && answer.fromOutside) {
    await bench.renew();
    return undecided(`${answer.reason} ${MOST_DEATHS} times, by somebody's or the system's doing`);
  }
  const trouble = (by: string, how: string): Trouble => ({ kind: 'trouble', by, how, cases: cases.length });
  const found = () => {
    switch (answer.type) {
      case 'mutant-done':
        return answer.invalid === undefined ? verdictOf(answer.outcomes) : ({ kind: 'invalid', detail: answer.invalid } as const);
      case 'timeout':
        return trouble('the time limit', 'timeout');
      case 'dead':
        return trouble('the worker process', 'worker-died');
      case 'unusable':
        return trouble('the device', answer.code);
      default:
        throw new GradproofError('protocol', `the worker answered ${answer.type} to a mutant`);
    }
  };
  if (answer.type === 'aborted') return undefined;
  const verdict = found();
  if (verdict.kind === 'trouble') await bench.renew();
  return verdict;
}

function undecided(what: string): Heard {
  return { kind: 'undecided', detail: `${what}: run it again on a computer that does nothing else` };
}

function limitOf(cases: readonly BaselineCase[]): number {
  return LIMIT.ms + LIMIT.timesBaseline * cases.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** The cases in parts that take about as long as each other; one part at least, since the compiler has a say without cases too. */
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
