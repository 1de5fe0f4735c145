import { messageOf } from '../../../errors.ts';
import { SEED } from '../../../harness/mutation/mutant-runner.ts';
import { persistently } from '../../../harness/runner/persistently.ts';
import { type Answer, PoolWorker } from '../../../harness/runner/pool-worker.ts';
import type { CaseOutcome, WorkerLink } from '../../../harness/worker/messages.ts';
import type { Case } from '../../../testing/suite.ts';
import { type Red, redOfCase } from './how.ts';

/** What one run of cases told. */
export interface CaseRun {
  /** What turned red first; a run that is not to end there has all others too. */
  readonly red: Red | undefined;
  readonly outcomes: readonly CaseOutcome[];
  /** Of each case the host mutants whose places it evaluated. */
  readonly reached: readonly (readonly number[])[];
  /** Those that were evaluated before, as modules and cases were loaded. */
  readonly reachedBefore: readonly number[];
}

/** How cases are to be run. */
export interface CaseRunOptions {
  /** The host mutant that is on; -1 is none. */
  readonly active: number;
  /** In a process in which it was on from the start. */
  readonly fromStart: boolean;
  /** With their controls. */
  readonly controls: boolean;
  readonly limitMs: number;
}

/** What a worker is built of, and reads. */
export interface WorkerContent {
  /** How many host mutants are in it. */
  readonly mutants: number;
  /** Folder of the recordings that it can replay. */
  readonly recordings: string;
}

/** Starts the built worker, with more in its environment. */
export type StartWorker = (more: NodeJS.ProcessEnv) => WorkerLink;

/** A process that runs cases with one host mutant after the other; a fresh one where need be. */
export class CaseWorker {
  readonly #startLink: StartWorker;
  readonly #content: WorkerContent;
  readonly #signal: AbortSignal;
  #worker: PoolWorker | undefined;
  #fromStart = -1;
  /** Mutants that were on in this process, which may have left something of them. */
  readonly #seen = new Set<number>();

  constructor(startLink: StartWorker, content: WorkerContent, signal: AbortSignal) {
    this.#startLink = startLink;
    this.#content = content;
    this.#signal = signal;
  }

  /** Where it computes. Throws UnusableError. */
  async environment() {
    return (await this.#processFor(-1)).environment;
  }

  /** Runs cases up to the first red one; undefined: interrupted. Throws UnusableError. */
  async run(cases: readonly Case[], options: CaseRunOptions): Promise<CaseRun | undefined> {
    const { active, fromStart, controls, limitMs } = options;
    let worker: PoolWorker;
    try {
      worker = await this.#processFor(fromStart ? active : -1);
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      if (!fromStart) throw error;
      return endedBy('exception', messageOf(error), { atLoad: true });
    }
    if (active !== -1) this.#seen.add(active);
    const answer = await worker.ask(
      {
        type: 'mutant',
        kernels: [],
        cases: cases.map(({ id, backend }) => ({ id, backend })),
        seed: SEED,
        untilRed: true,
        host: active,
        controls,
      },
      limitMs,
    );
    if (answer.type === 'aborted') return undefined;
    const run = runOf(answer);
    if (answer.type !== 'mutant-done') this.end();
    return run;
  }

  /** Ends the process; the next run gets a fresh one. */
  end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#seen.clear();
  }

  /** Whether no mutant but `active` was on in this process. */
  isCleanFor(active: number): boolean {
    return [...this.#seen].every((seen) => seen === active);
  }

  async #processFor(fromStart: number): Promise<PoolWorker> {
    if (this.#worker && this.#fromStart === fromStart) return this.#worker;
    this.end();
    const more = {
      GRADPROOF_HOST_MUTANT: String(fromStart),
      GRADPROOF_HOST_MUTANTS: String(this.#content.mutants),
      GRADPROOF_HOST_RECORDINGS: this.#content.recordings,
    };
    this.#fromStart = fromStart;
    this.#worker = await persistently(
      () => PoolWorker.start(() => this.#startLink(more), this.#signal),
      this.#signal,
    );
    return this.#worker;
  }
}

function endedBy(how: Red['how'], detail: string, more: { atLoad?: true } = {}): CaseRun {
  const red = { how, by: 'the process of the cases', detail, ...more };
  return { red, outcomes: [], reached: [], reachedBefore: [] };
}

function runOf(answer: Exclude<Answer, { type: 'aborted' }>): CaseRun {
  switch (answer.type) {
    case 'mutant-done': {
      const { outcomes, reached = [], reachedBefore = [] } = answer;
      const red = outcomes.map(redOfCase).find((one) => one !== undefined);
      return { red, outcomes, reached, reachedBefore };
    }
    case 'timeout':
      return endedBy('timeout', 'ran past its limit');
    case 'dead':
      return endedBy('exception', answer.reason);
    case 'unusable':
      return endedBy('exception', `${answer.code}: ${answer.message}`);
    default:
      return endedBy('exception', `answered ${answer.type} to a mutant`);
  }
}
