import { groupBy } from '../../../report/group.ts';
import { howOfThrown } from './how.ts';
import { type Meeting, meetingsOf } from './meetings.ts';
import type { MutantRun } from './mutant-run.ts';
import { partsOf, share } from './share.ts';
import type { TestsOfFile, Turn, TurnPlan } from './turns.ts';
import type { TestFileRun, UnitTests } from './unit-tests.ts';

/** Files in one process: enough to share imports, few enough that all processes work. */
const TOGETHER = 6;
/** A test that takes longer gives no turns: each mutant would wait for all others. Milliseconds. */
const LONG_MS = 3_000;
/**
 * Of each file a mutant meets the shortest tests that take so long together: more of them say
 * little more. Milliseconds.
 */
const PER_FILE_MS = 2_000;
/** How long a turn may take. Milliseconds. */
const LIMIT_MS = 20_000;

/** What mutants' turns left open. */
export interface TurnsLeft {
  /** Files whose tests say nothing certain but in a process of the mutant's own. */
  readonly files: ReadonlyMap<MutantRun, readonly string[]>;
  /** Those in whose turn a process hung or died. */
  readonly cut: ReadonlySet<MutantRun>;
}

/** Where mutants have their turns, and who hears of those that are closed. */
export interface StageOptions {
  readonly lanes: readonly UnitTests[];
  readonly signal: AbortSignal;
  readonly closed: (mutantRun: MutantRun) => void;
}

/** Gives mutants their turns in the tests that evaluate them, in processes that go on. */
export class TurnStage {
  readonly #options: StageOptions;
  readonly #left = new Map<MutantRun, Set<string>>();
  readonly #cut = new Set<MutantRun>();
  /** Their changes stay in a process, so that they get one of their own. */
  readonly #staying = new Set<MutantRun>();
  /** Turns that are over. */
  readonly #over = new Set<string>();

  constructor(options: StageOptions) {
    this.#options = options;
  }

  /** `filesOf`: the files of tests, as they run without a mutant, that one is to meet. */
  async run(
    mutantRuns: readonly MutantRun[],
    filesOf: (mutantRun: MutantRun) => readonly TestFileRun[],
  ): Promise<TurnsLeft> {
    const meetings = partsOf(meetingsOf(mutantRuns, filesOf), TOGETHER);
    const { lanes, signal } = this.#options;
    await share(meetings, lanes, signal, async (part, lane) => {
      while (!signal.aborted) {
        const tests = this.#planOf(part);
        if (Object.keys(tests).length === 0) return;
        await this.#runPlan(tests, part, lane);
      }
    });
    const files = [...this.#left].map(([mutantRun, set]) => [mutantRun, [...set]] as const);
    return { files: new Map(files), cut: this.#cut };
  }

  /** The turns that are due. */
  #planOf(part: readonly Meeting[]): TurnPlan['tests'] {
    const tests: Record<string, TestsOfFile> = {};
    for (const { run, mutantRuns } of part) {
      const due = mutantRuns
        .filter((mutantRun) => this.#takesTurns(mutantRun))
        .flatMap((mutantRun) => {
          const isDue = (name: string) => !this.#over.has(turnKey(mutantRun.index, run.file, name));
          return this.#testsFor(mutantRun, run)
            .filter(isDue)
            .map((name) => ({ name, mutantRun }));
        });
      const byTest = [...groupBy(due, ({ name }) => name)];
      if (byTest.length > 0)
        tests[run.file] = Object.fromEntries(
          byTest.map(([name, all]) => [name, all.map(({ mutantRun }) => mutantRun.index)]),
        );
    }
    return tests;
  }

  #takesTurns(mutantRun: MutantRun): boolean {
    return mutantRun.isOpen && !this.#cut.has(mutantRun) && !this.#staying.has(mutantRun);
  }

  /** The shortest tests of a file that evaluate its place; a file without one is left. */
  #testsFor(mutantRun: MutantRun, { file, tests }: TestFileRun): readonly string[] {
    const covering = tests
      .filter(({ reached }) => reached.has(mutantRun.index))
      .sort((a, b) => a.durationMs - b.durationMs);
    const short = covering.filter(({ durationMs }) => durationMs <= LONG_MS);
    if (short.length === 0) for (const { name } of covering) this.#leave(mutantRun, file, name);
    let together = 0;
    return short.flatMap(({ name, durationMs }) => {
      const isWanted = together < PER_FILE_MS;
      together += durationMs;
      return isWanted ? [name] : [];
    });
  }

  async #runPlan(
    tests: TurnPlan['tests'],
    part: readonly Meeting[],
    lane: UnitTests,
  ): Promise<void> {
    const mutantRuns = new Map(
      part.flatMap((one) => one.mutantRuns).map((one) => [one.index, one]),
    );
    const met = new Set<MutantRun>();
    for (const [file, ofFile] of Object.entries(tests))
      for (const index of new Set(Object.values(ofFile).flat())) {
        const mutantRun = mutantRuns.get(index);
        mutantRun?.meet(file);
        if (mutantRun) met.add(mutantRun);
      }
    const started = performance.now();
    const turns = await lane.runInTurns({ tests, loads: {} }, LIMIT_MS);
    const each = (performance.now() - started) / met.size;
    for (const mutantRun of met) mutantRun.durationMs += each;
    if (this.#options.signal.aborted) return;
    for (const turn of turns) {
      const mutantRun = mutantRuns.get(turn.index);
      if (mutantRun) this.#take(turn, mutantRun);
    }
    const last = turns.at(-1);
    const suspect = last && mutantRuns.get(last.index);
    if (suspect && last.type === 'begin') this.#cut.add(suspect);
    if (suspect && (last.type === 'begin' || last.type === 'left')) {
      this.#leave(suspect, last.file, last.test);
      return;
    }
    // What had no turn up to the end of the process will have none.
    for (const [file, ofFile] of Object.entries(tests))
      for (const [name, indices] of Object.entries(ofFile))
        for (const mutantRun of indices.map((index) => mutantRuns.get(index)))
          if (mutantRun?.isOpen) this.#leave(mutantRun, file, name);
  }

  #take(turn: Turn, mutantRun: MutantRun): void {
    const { type, index, file, test } = turn;
    if (type === 'lived') {
      if (!turn.evaluated) this.#leave(mutantRun, file, test);
      this.#over.add(turnKey(index, file, test));
    } else if (type === 'left') this.#staying.add(mutantRun);
    else if (type === 'red' && mutantRun.isOpen) {
      const { thrown } = turn;
      const by = `${file} > ${test}`;
      mutantRun.close({ how: howOfThrown(thrown), by, detail: thrown.message });
      this.#options.closed(mutantRun);
    }
  }

  /** A turn that is over has said all that it can. */
  #leave(mutantRun: MutantRun, file: string, test: string): void {
    const key = turnKey(mutantRun.index, file, test);
    if (this.#over.has(key)) return;
    this.#over.add(key);
    const files = this.#left.get(mutantRun) ?? new Set();
    this.#left.set(mutantRun, files.add(file));
  }
}

function turnKey(index: number, file: string, test: string): string {
  return `${index} ${file} > ${test}`;
}
