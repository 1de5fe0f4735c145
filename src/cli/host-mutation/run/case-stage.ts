import { keyOf } from '../../../report/case-key.ts';
import type { Case } from '../../../testing/suite.ts';
import type { CaseRun, CaseRunOptions, CaseWorker } from './case-worker.ts';
import type { MutantRun } from './mutant-run.ts';
import { orderedFor } from './order-cases.ts';
import { partsOf, share } from './share.ts';
import { RedBaselineError } from './unit-stage.ts';

/** Cases in one message: enough to share pipelines, few enough that both processes work. */
const TOGETHER = 20;
/** How many cases run without a mutant before those that cover one run with it; then twice. */
const FIRST_ROUND = 80;
/**
 * What has lived through so many cases that evaluate it has survived: a mistake that only one case of
 * hundreds shows is to have a test of its own.
 */
const MOST_CASES = 240;
/** Milliseconds that the cases of one message take without a change: a hang is found soon. */
const TOGETHER_MS = 1_000;
/** How long one message may take. */
const LIMIT = { timesBaseline: 20, ms: 15_000 } as const;
/** How long one message of the baseline may take. Milliseconds. */
const BASELINE_LIMIT_MS = 300_000;
/** What cases judge with: a mistake in it shows where a control stays green. */
const JUDGES = /^src\/(?:reference|testing)\//;

/** A case that passes without a mutant. */
interface KnownCase {
  readonly declared: Case;
  readonly durationMs: number;
  readonly reached: ReadonlySet<number>;
}

/** Runs mutants against the quick cases that evaluate them. */
export class CaseStage {
  readonly #lanes: readonly CaseWorker[];
  readonly #signal: AbortSignal;
  readonly #cases: readonly Case[];

  constructor(lanes: readonly CaseWorker[], cases: readonly Case[], signal: AbortSignal) {
    this.#lanes = lanes;
    this.#cases = cases;
    this.#signal = signal;
  }

  /** Throws {@link RedBaselineError} and UnusableError. */
  async run(
    mutantRuns: readonly MutantRun[],
    listen: (done: number, total: number) => void,
    closed: (mutantRun: MutantRun) => void,
  ): Promise<void> {
    const left = [...orderedFor(mutantRuns, this.#cases)];
    const total = left.length;
    const all: KnownCase[] = [];
    const meet = (some: readonly MutantRun[], known: readonly KnownCase[], fromStart: boolean) =>
      share(some, this.#lanes, this.#signal, async (mutantRun, lane) => {
        await this.#try(mutantRun, known, fromStart, lane);
        if (!mutantRun.isOpen) closed(mutantRun);
      });
    for (let size = FIRST_ROUND; left.length > 0 && !this.#signal.aborted; size *= 2) {
      const open = mutantRuns.filter(({ isOpen, cases }) => isOpen && cases < MOST_CASES);
      if (open.length === 0) break;
      const known = await this.#runBaseline(left.splice(0, size), open, (done) =>
        listen(total - left.length - size + done, total),
      );
      all.push(...known);
      await meet(open, known, false);
    }
    // What is evaluated as modules and cases are loaded needs a process of its own, and which cases
    // it changes is not known: only those that nothing else has killed meet them all.
    const isLate = ({ isOpen, evaluatedAtLoad }: MutantRun) => isOpen && evaluatedAtLoad;
    await meet(mutantRuns.filter(isLate), all, true);
  }

  async #runBaseline(
    cases: readonly Case[],
    mutantRuns: readonly MutantRun[],
    listen: (done: number) => void,
  ): Promise<readonly KnownCase[]> {
    const known: KnownCase[] = [];
    await share(partsOf(cases, TOGETHER), this.#lanes, this.#signal, async (part, lane) => {
      if (!lane.isCleanFor(-1)) lane.end();
      const run = await lane.run(part, { ...options(-1, BASELINE_LIMIT_MS), controls: false });
      if (!run) return;
      if (run.red) throw new RedBaselineError(run.red);
      const atLoad = new Set(run.reachedBefore);
      for (const mutantRun of mutantRuns.filter(({ index }) => atLoad.has(index))) {
        mutantRun.evaluatedAtLoad = true;
        mutantRun.reach();
      }
      const byKey = new Map(part.map((declared) => [keyOf(declared), declared]));
      run.outcomes.forEach((outcome, i) => {
        const reached = new Set(run.reached[i]);
        const declared = byKey.get(keyOf(outcome));
        for (const mutantRun of mutantRuns) if (reached.has(mutantRun.index)) mutantRun.reach();
        if (declared && outcome.status === 'pass')
          known.push({ declared, durationMs: outcome.durationMs, reached });
      });
      listen(known.length);
    });
    return known.sort((a, b) => a.durationMs - b.durationMs);
  }

  async #try(
    mutantRun: MutantRun,
    known: readonly KnownCase[],
    fromStart: boolean,
    lane: CaseWorker,
  ): Promise<void> {
    const covering = (
      fromStart ? known : known.filter(({ reached }) => reached.has(mutantRun.index))
    ).slice(0, MOST_CASES);
    const started = performance.now();
    let evaluated = fromStart || covering.length === 0;
    for (const part of shortParts(covering)) {
      const run = await this.#ask(mutantRun, part, fromStart, lane);
      if (!run) break;
      mutantRun.cases += Math.max(1, run.outcomes.length);
      if (!mutantRun.isOpen) break;
      evaluated ||= run.reached.some((places) => places.includes(mutantRun.index));
    }
    // A value that was made once in this process was made without the mutant.
    if (mutantRun.isOpen && !evaluated && !this.#signal.aborted) {
      lane.end();
      for (const part of shortParts(covering))
        if (mutantRun.isOpen) await this.#ask(mutantRun, part, fromStart, lane);
    }
    mutantRun.durationMs += performance.now() - started;
  }

  /** Runs cases with the mutant, and closes it where one of them turns red by it. */
  async #ask(
    mutantRun: MutantRun,
    part: readonly KnownCase[],
    fromStart: boolean,
    lane: CaseWorker,
  ): Promise<CaseRun | undefined> {
    const cases = part.map(({ declared }) => declared);
    const how = {
      ...options(mutantRun.index, limitOf(part)),
      fromStart,
      controls: JUDGES.test(mutantRun.mutant.file),
    };
    const wasClean = lane.isCleanFor(mutantRun.index);
    let run = await lane.run(cases, how);
    if (!run?.red) return run;
    // Other mutants may have left something in the process; what is no assertion, the machine.
    const last = cases[run.outcomes.length - 1];
    const isCertain =
      run.red.how === 'assertion' &&
      (wasClean || (last && (await this.#isGreenWithout(last, how, lane))));
    if (!isCertain) {
      lane.end();
      run = await lane.run(cases, how);
    }
    if (run?.red) mutantRun.close(run.red);
    return run;
  }

  /** Whether a case is green without a mutant in this process, where mutants were on. */
  async #isGreenWithout(declared: Case, how: CaseRunOptions, lane: CaseWorker): Promise<boolean> {
    const run = await lane.run([declared], { ...how, ...options(-1, BASELINE_LIMIT_MS) });
    return run !== undefined && run.red === undefined;
  }
}

function options(active: number, limitMs: number) {
  return { active, fromStart: false, limitMs };
}

function limitOf(part: readonly KnownCase[]): number {
  return LIMIT.ms + LIMIT.timesBaseline * part.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function shortParts(cases: readonly KnownCase[]): readonly (readonly KnownCase[])[] {
  const parts: KnownCase[][] = [[]];
  let together = 0;
  for (const one of cases) {
    if (together > TOGETHER_MS) {
      parts.push([]);
      together = 0;
    }
    parts.at(-1)?.push(one);
    together += one.durationMs;
  }
  return parts.filter((part) => part.length > 0);
}
