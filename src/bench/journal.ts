import { buildReport } from '../report/build.ts';
import { planHash, planText } from '../report/plan.ts';
import type { Environment, Report } from '../report/schema.ts';
import { SEED } from './drawn.ts';
import type { BenchEvent, BenchResult } from './host.ts';
import { type BenchOptions, timingOptions } from './options.ts';
import { together } from './together.ts';
import type { Work } from './work.ts';

/** What a bench is of, as its report tells it. */
export interface BenchIdentity {
  readonly startedAt: Date;
  readonly options: BenchOptions;
  /** All works of this build. */
  readonly works: readonly Work[];
}

/** The report of a bench. */
export async function benchReport(
  { startedAt, options, works }: BenchIdentity,
  environment: Environment,
  results: readonly BenchResult[],
  complete: boolean,
): Promise<Report> {
  const identity = {
    kind: 'bench',
    startedAt,
    options: {
      tier: options.quick ? 'quick' : 'slow',
      filters: options.filters,
      shard: { index: 1, count: 1 },
      seed: SEED,
    },
    benchOptions: timingOptions(options),
    planHash: await planHash(planText(works.map(({ id }) => ({ id, backend: 'webgpu' })))),
  } as const;
  const all = results.map((result) => ({ ...result, env: 0, attempts: 1 }));
  return buildReport(identity, [environment], all, complete);
}

/**
 * What a bench has told so far, kept by who listens: where the realm dies in which it runs, its
 * report dies with it.
 */
export class BenchJournal {
  readonly #identity: BenchIdentity;
  readonly #results: BenchResult[] = [];
  #environment: Environment | undefined;

  constructor(identity: Omit<BenchIdentity, 'startedAt'>) {
    this.#identity = { ...identity, startedAt: new Date() };
  }

  hear(event: BenchEvent): void {
    if (event.type === 'opened') this.#environment = event.environment;
    if (event.type === 'results') this.#results.push(...event.results);
  }

  /** A report of the works that are done; undefined where none is. */
  async partial(): Promise<Report | undefined> {
    if (!this.#environment || this.#results.length === 0) return undefined;
    const results = together(this.#identity.works, this.#results);
    return await benchReport(this.#identity, this.#environment, results, false);
  }
}
