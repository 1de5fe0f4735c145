import { howOfThrown } from './how.ts';
import { meetingsOf } from './meetings.ts';
import type { MutantRun } from './mutant-run.ts';
import { share } from './share.ts';
import type { StageOptions, TurnsLeft } from './turn-stage.ts';
import type { Turn } from './turns.ts';
import type { TestFileRun, UnitTests } from './unit-tests.ts';

/** Mutants in one process: enough to share the first imports, few enough to go on without. */
const TOGETHER = 24;
/** How long a turn may take, beside three times the file without a mutant. Milliseconds. */
const LIMIT_MS = 20_000;

/** Gives mutants that are evaluated as modules load their turns, all modules loaded anew for each. */
export class LoadStage {
  readonly #options: StageOptions;
  readonly #left = new Map<MutantRun, readonly string[]>();
  readonly #cut = new Set<MutantRun>();

  constructor(options: StageOptions) {
    this.#options = options;
  }

  /** `filesOf`: the files of tests, as they run without a mutant, that one is to meet. */
  async run(
    mutantRuns: readonly MutantRun[],
    filesOf: (mutantRun: MutantRun) => readonly TestFileRun[],
  ): Promise<TurnsLeft> {
    const meetings = meetingsOf(mutantRuns, filesOf);
    const { lanes, signal } = this.#options;
    await share(meetings, lanes, signal, async ({ run, mutantRuns: all }, lane) => {
      const left = [...all];
      while (left.length > 0 && !signal.aborted) {
        const isDue = (mutantRun: MutantRun) => mutantRun.isOpen && !this.#left.has(mutantRun);
        const part = left.splice(0, TOGETHER).filter(isDue);
        if (part.length > 0) left.unshift(...(await this.#runPart(run, part, lane)));
      }
    });
    return { files: this.#left, cut: this.#cut };
  }

  /** Returns those that had no turn. */
  async #runPart(
    { file, durationMs }: TestFileRun,
    part: readonly MutantRun[],
    lane: UnitTests,
  ): Promise<readonly MutantRun[]> {
    for (const mutantRun of part) mutantRun.meet(file);
    const loads = { [file]: part.map(({ index }) => index) };
    const started = performance.now();
    const turns = await lane.runInTurns({ tests: {}, loads }, LIMIT_MS + 3 * durationMs);
    const each = (performance.now() - started) / part.length;
    for (const mutantRun of part) mutantRun.durationMs += each;
    if (this.#options.signal.aborted) return [];
    const last = turns.at(-1);
    // The file is red without a mutant, so that one of them has left something.
    const isCertain = last?.type !== 'left';
    for (const turn of turns) {
      const mutantRun = part.find(({ index }) => index === turn.index);
      if (mutantRun?.isOpen && turn.type === 'red') this.#take(turn, mutantRun, isCertain);
    }
    const cut = last?.type === 'begin' && part.find(({ index }) => index === last.index);
    if (cut) {
      this.#cut.add(cut);
      this.#left.set(cut, [file]);
    }
    const had = new Set(turns.map(({ index }) => index));
    const without = part.filter(({ index }) => !had.has(index));
    if (without.length < part.length) return without;
    for (const mutantRun of part) this.#left.set(mutantRun, [file]);
    return [];
  }

  #take(turn: Extract<Turn, { type: 'red' }>, mutantRun: MutantRun, isCertain: boolean): void {
    const { file, test, thrown, atLoad } = turn;
    const how = howOfThrown(thrown);
    if (!isCertain || how !== 'assertion') {
      this.#left.set(mutantRun, [file]);
      // What is no assertion must happen once more.
      if (isCertain) this.#cut.add(mutantRun);
      return;
    }
    const by = test ? `${file} > ${test}` : file;
    mutantRun.close({ how, by, detail: thrown.message, ...(atLoad && { atLoad }) });
    this.#options.closed(mutantRun);
  }
}
