import { GradproofError } from '../../errors.ts';
import type { Case } from '../../testing/suite.ts';
import type { CaseOutcome } from '../worker/messages.ts';

/** A case that passes on the original kernels. */
export interface BaselineCase {
  readonly id: string;
  readonly backend: string;
  readonly kernels: readonly string[];
  readonly durationMs: number;
}

/** A case does not pass on kernels that nobody changed, so that its red would say nothing about a mutant. */
export class BaselineError extends GradproofError {
  constructor({ id, status, error }: CaseOutcome) {
    super('baseline-red', `${id} is ${status} before any change (${error?.message ?? 'no reason'}): mend what a run of the suite shows`);
  }
}

/** Cases to run in one message: enough to share pipelines, few enough to show progress. */
const CHUNK = 25;

/** The cases of the quick tier in pieces, for one message to a worker each. */
export function chunksOf(cases: Iterable<Case>): readonly (readonly Case[])[] {
  const quick = [...cases].filter(({ tier }) => tier === 'quick');
  return Array.from({ length: Math.ceil(quick.length / CHUNK) }, (_, i) => quick.slice(CHUNK * i, CHUNK * (i + 1)));
}

/** What is kept of the outcomes; cases that this adapter cannot run are left out. Throws {@link BaselineError}. */
export function baselineOf(outcomes: readonly CaseOutcome[]): BaselineCase[] {
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'skip') return [];
    if (outcome.status !== 'pass') throw new BaselineError(outcome);
    const { id, backend, kernels, durationMs } = outcome;
    return [{ id, backend, kernels, durationMs }];
  });
}

/** The cases in which a kernel's change can show, those first that are known to tell and then the fastest. */
export class Jury {
  readonly #baseline: readonly BaselineCase[];
  readonly #kills = new Map<string, number>();

  constructor(baseline: readonly BaselineCase[]) {
    this.#baseline = baseline;
  }

  casesOf(kernels: readonly string[]): readonly BaselineCase[] {
    const cases = this.#baseline.filter((entry) => entry.kernels.some((kernel) => kernels.includes(kernel)));
    return cases.sort((a, b) => this.#killsOf(b.id) - this.#killsOf(a.id) || a.durationMs - b.durationMs);
  }

  /** Remembers that a case turned red. */
  praise(id: string): void {
    this.#kills.set(id, this.#killsOf(id) + 1);
  }

  #killsOf(id: string): number {
    return this.#kills.get(id) ?? 0;
  }
}
