import { GradproofError } from '../../../errors.ts';
import type { Red } from './how.ts';
import { LoadStage } from './load-stage.ts';
import type { MutantRun } from './mutant-run.ts';
import { partsOf, share } from './share.ts';
import type { SlowTests } from './slow-tests.ts';
import type { Importer, TestFiles } from './test-files.ts';
import { TurnStage, type TurnsLeft } from './turn-stage.ts';
import type { TestFileRun, UnitRun, UnitTests } from './unit-tests.ts';

/** A test or a case is red without a mutant, so that it would say nothing about one. */
export class RedBaselineError extends GradproofError {
  constructor({ by, detail }: Red) {
    super(
      'baseline-red',
      `${by} is red before any change (${detail}): mend what a run of the tests shows`,
    );
  }
}

/** The files of tests that a mutant meets first: so many at most, and at most so far away. */
const NEAR = { files: 6, distance: 2 } as const;
/** Beyond so many files, from the nearest on, a mutant is met by no further one. */
const MOST_FILES = { far: 32, slow: 3 } as const;
/** Files in one process: enough to share imports, few enough to show progress. */
const TOGETHER = 4;
/**
 * A file that takes longer, with what it imports and on a busy machine, waits until cases and other
 * files have run. Milliseconds.
 */
const SLOW_MS = 60_000;
/** A file that takes still longer is met by no mutant. Milliseconds. */
const SLOW_LIMIT_MS = 120_000;
/** How long a run with a mutant may take. */
const LIMIT = { timesBaseline: 10, ms: 20_000 } as const;

/** Which of the unit tests that reach a file are asked: the nearest, all others, or slow ones. */
export type Reach = 'near' | 'far' | 'slow';

/** Runs mutants against the files of unit tests that evaluate them. */
export class UnitStage {
  readonly #lanes: readonly UnitTests[];
  readonly #files: TestFiles;
  readonly #signal: AbortSignal;
  readonly #baseline = new Map<string, TestFileRun>();
  readonly #slow: SlowTests;
  readonly #kills = new Map<string, number>();

  constructor(lanes: readonly UnitTests[], files: TestFiles, slow: SlowTests, signal: AbortSignal) {
    this.#slow = slow;
    this.#lanes = lanes;
    this.#files = files;
    this.#signal = signal;
  }

  /** Throws {@link RedBaselineError}. */
  async run(
    mutantRuns: readonly MutantRun[],
    reach: Reach,
    listen: (done: number, total: number) => void,
    closed: (mutantRun: MutantRun) => void,
  ): Promise<void> {
    const due = new Map(
      mutantRuns.map((mutantRun) => [mutantRun, this.#importers(mutantRun, reach)]),
    );
    await this.#runBaseline([...new Set([...due.values()].flat())], mutantRuns, reach, listen);
    const covering = new Map(
      [...due].map(([mutantRun, files]) => [mutantRun, this.#covering(mutantRun, files)] as const),
    );
    const filesOf = (mutantRun: MutantRun) => covering.get(mutantRun) ?? [];
    const alone = new Map<MutantRun, readonly string[]>();
    const wereCut = new Set<MutantRun>();
    const note = ({ files, cut }: TurnsLeft) => {
      for (const [mutantRun, some] of files) alone.set(mutantRun, some);
      for (const mutantRun of cut) wereCut.add(mutantRun);
    };
    const open = () => mutantRuns.filter(({ isOpen }) => isOpen);
    if (reach === 'slow')
      for (const mutantRun of mutantRuns) alone.set(mutantRun, namesOf(filesOf(mutantRun)));
    else {
      const options = { lanes: this.#lanes, signal: this.#signal, closed };
      note(await new TurnStage(options).run(mutantRuns, filesOf));
      const atLoad = open().filter(({ evaluatedAtLoad }) => evaluatedAtLoad);
      note(await new LoadStage(options).run(atLoad, filesOf));
    }
    await share(open(), this.#lanes, this.#signal, async (mutantRun, lane) => {
      const files = this.#bestFirst(alone.get(mutantRun) ?? []);
      await this.#try(mutantRun, files, wereCut.has(mutantRun), lane);
      if (!mutantRun.isOpen) closed(mutantRun);
    });
  }

  /** Files that reach the mutant's and were not asked yet, in the order in which they are. */
  #importers({ mutant, testFiles }: MutantRun, reach: Reach): readonly string[] {
    const paceOf = (one: Importer) =>
      this.#slow.paceOf(one.file) ?? (one.isSlow ? 'slow' : undefined);
    const all = this.#files.of(mutant.file);
    const fast = all.filter((one) => paceOf(one) === undefined);
    const near = fast.filter(({ distance }) => distance <= NEAR.distance).slice(0, NEAR.files);
    const far = fast.slice(0, MOST_FILES.far);
    const chosen = {
      near,
      far,
      slow: all.filter((one) => paceOf(one) === 'slow').slice(0, MOST_FILES.slow),
    }[reach];
    const asked = new Set(testFiles);
    return chosen.map(({ file }) => file).filter((file) => !asked.has(file));
  }

  /** Of those, what evaluates it. */
  #covering(mutantRun: MutantRun, files: readonly string[]): readonly TestFileRun[] {
    return files
      .flatMap((file) => this.#baseline.get(file) ?? [])
      .filter(({ reached }) => mutantRun.evaluatedAtLoad || reached.has(mutantRun.index));
  }

  #bestFirst(files: readonly string[]): readonly string[] {
    const killsOf = (file: string) => this.#kills.get(file) ?? 0;
    return files.toSorted((a, b) => killsOf(b) - killsOf(a));
  }

  /** `wasCut`: a process has hung or died with it before. */
  async #try(
    mutantRun: MutantRun,
    files: readonly string[],
    wasCut: boolean,
    lane: UnitTests,
  ): Promise<void> {
    if (files.length === 0) return;
    const started = performance.now();
    const limitMs = this.#limitOf(files);
    let run = await lane.run(files, mutantRun.index, limitMs);
    // What is no assertion may be the machine's doing: it must happen again.
    if (run.red && run.red.how !== 'assertion' && !wasCut && !this.#signal.aborted)
      run = await lane.run(files, mutantRun.index, limitMs);
    if (this.#signal.aborted) return;
    mutantRun.durationMs += performance.now() - started;
    const ran = run.red ? Math.max(1, run.files.length) : files.length;
    for (const file of files.slice(0, ran)) mutantRun.meet(file);
    const { red } = run;
    if (!red) return;
    mutantRun.close(red);
    const file = red.by.split(' > ', 1)[0] as string;
    this.#kills.set(file, (this.#kills.get(file) ?? 0) + 1);
  }

  #limitOf(files: readonly string[]): number {
    const together = files.reduce(
      (sum, file) => sum + (this.#baseline.get(file)?.durationMs ?? 0),
      0,
    );
    return LIMIT.ms + LIMIT.timesBaseline * together;
  }

  async #runBaseline(
    wanted: readonly string[],
    mutantRuns: readonly MutantRun[],
    reach: Reach,
    listen: (done: number, total: number) => void,
  ): Promise<void> {
    const files = wanted.filter((file) => !this.#baseline.has(file));
    const parts = partsOf(files, reach === 'slow' ? 1 : TOGETHER);
    let done = 0;
    await share(parts, this.#lanes, this.#signal, async (part, lane) => {
      await this.#runPart(part, mutantRuns, reach, lane);
      listen(++done, parts.length);
    });
  }

  /** A file that takes long is put off, and those behind it go on. */
  async #runPart(
    part: readonly string[],
    mutantRuns: readonly MutantRun[],
    reach: Reach,
    lane: UnitTests,
  ): Promise<void> {
    let left = part;
    let isSecond = false;
    while (left.length > 0 && !this.#signal.aborted) {
      const limitMs = reach === 'slow' ? SLOW_LIMIT_MS : SLOW_MS;
      const run = await lane.run(left, -1, limitMs);
      this.#keep(run, mutantRuns);
      if (!run.red || this.#signal.aborted) return;
      if (run.red.how !== 'timeout') {
        // Once may be a busy machine's doing.
        if (isSecond) throw new RedBaselineError(run.red);
        isSecond = true;
        continue;
      }
      const ran = new Set(run.files.map(({ file }) => file));
      const [slow, ...others] = left.filter((file) => !ran.has(file));
      if (slow === undefined) return;
      this.#slow.note(slow, reach === 'slow' ? 'too-slow' : 'slow');
      left = others;
    }
  }

  #keep({ files }: UnitRun, mutantRuns: readonly MutantRun[]): void {
    for (const run of files) {
      this.#baseline.set(run.file, run);
      for (const mutantRun of mutantRuns) {
        if (run.reachedAtLoad.has(mutantRun.index)) mutantRun.evaluatedAtLoad = true;
        if (run.reachedAtLoad.has(mutantRun.index) || run.reached.has(mutantRun.index))
          mutantRun.reach();
      }
    }
  }
}

function namesOf(runs: readonly TestFileRun[]): readonly string[] {
  return runs.map(({ file }) => file);
}
