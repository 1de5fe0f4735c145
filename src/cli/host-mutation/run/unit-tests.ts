import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Plugin } from 'vite';
import type { ProvidedContext, SerializedError, TestError } from 'vitest';
import type {
  Reporter,
  TestCase,
  TestModule,
  TestSpecification,
  TestSuite,
  Vitest,
} from 'vitest/node';
import { howOfThrown, type Red, type ThrownInTest, thrownInTest } from './how.ts';
import { readTurns, type Turn, type TurnPlan } from './turns.ts';

/** What one run of files of unit tests told. */
export interface UnitRun {
  /** What turned red first. */
  readonly red: Red | undefined;
  /** The files that ran to their end, in order. */
  readonly files: readonly TestFileRun[];
}

/** A file of unit tests that ran to its end. */
export interface TestFileRun {
  readonly file: string;
  readonly durationMs: number;
  /** Host mutants whose places it evaluated. */
  readonly reached: ReadonlySet<number>;
  readonly tests: readonly TestRun[];
  /**
   * Those that were evaluated as its modules were loaded: files that ran before in the same process
   * may have loaded some of them already.
   */
  readonly reachedAtLoad: ReadonlySet<number>;
}

/** A test that ran to its end. */
export interface TestRun {
  readonly name: string;
  readonly durationMs: number;
  /** Host mutants whose places it evaluated. */
  readonly reached: ReadonlySet<number>;
}

/** Where such a runner works. */
export interface UnitTestsPlace {
  readonly root: string;
  /** A folder of its own for what vitest keeps. */
  readonly cache: string;
  readonly plugin: Plugin;
  readonly mutants: number;
  readonly signal: AbortSignal;
}

/** So often is looked whether a run is late. Milliseconds. */
const LOOK_MS = 250;
/** How long what a first turn needs may be loaded, on a busy machine. Milliseconds. */
const FIRST_MS = 90_000;
/** What ends a process. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs files of unit tests in a fresh process each time, with one host mutant on, with none or with
 * several in turn: vitest, as `npm test` calls it, with the mutants in what it loads.
 */
export class UnitTests {
  readonly #vitest: Vitest;
  readonly #place: UnitTestsPlace;
  readonly #record: RunRecord;

  private constructor(vitest: Vitest, place: UnitTestsPlace, record: RunRecord) {
    this.#vitest = vitest;
    this.#place = place;
    this.#record = record;
  }

  static async start(place: UnitTestsPlace): Promise<UnitTests> {
    const { createVitest } = await import('vitest/node');
    const record = new RunRecord(place.root);
    const silent = new PassThrough().resume();
    const before = new Map(SIGNALS.map((name) => [name, process.listeners(name)]));
    const vitest = await createVitest(
      'test',
      {
        root: place.root,
        config: join(place.root, 'vitest.config.ts'),
        watch: false,
        reporters: [record],
        maxWorkers: 1, // one process for all files of a run, which goes with it
        bail: 1,
        update: false,
        setupFiles: [join(place.root, 'src/cli/host-mutation/run/setup.ts')],
        runner: join(place.root, 'src/cli/host-mutation/run/turns-runner.ts'),
        sequence: { sequencer: await inGivenOrder() },
      },
      {
        plugins: [place.plugin],
        cacheDir: place.cache,
        logLevel: 'silent',
        server: { watch: null },
      },
      { stdout: silent as unknown as NodeJS.WriteStream, stderr: silent as never },
    );
    // It would end this process at Ctrl-C, which is to leave a report.
    for (const [name, known] of before)
      for (const listener of process.listeners(name))
        if (!known.includes(listener)) process.off(name, listener);
    await vitest.standalone();
    return new UnitTests(vitest, place, record);
  }

  /**
   * Runs the tests of a plan in one process, each with its mutants in turn. Where a turn does not
   * end within `limitMs`, the process is ended.
   */
  async runInTurns(plan: TurnPlan, limitMs: number): Promise<readonly Turn[]> {
    const log = join(this.#place.cache, 'turns.jsonl');
    mkdirSync(this.#place.cache, { recursive: true });
    writeFileSync(log, '');
    let size = 0;
    let since = performance.now();
    const isStuck = () => {
      const now = statSync(log).size;
      if (now !== size) since = performance.now();
      size = now;
      return performance.now() - since > (size === 0 ? FIRST_MS : limitMs);
    };
    const files = [
      ...Object.keys(plan.tests),
      // Once for each mutant and once more without one.
      ...Object.entries(plan.loads).flatMap(([file, all]) => [...all, -1].map(() => file)),
    ];
    await this.#run(files, { active: -1, turns: { log, plan } }, isStuck);
    return readTurns(readFileSync(log, 'utf8'));
  }

  /**
   * Runs the files in this order up to the first red test; what has not ended after `limitMs` is
   * ended, and counts as red by its time limit.
   */
  async run(files: readonly string[], active: number, limitMs: number): Promise<UnitRun> {
    const started = performance.now();
    const isLate = () => performance.now() - started > limitMs;
    const { unhandled, isOver } = await this.#run(files, { active }, isLate);
    return this.#record.outcome(unhandled, isOver);
  }

  async #run(
    files: readonly string[],
    on: Omit<ProvidedContext['hostMutants'], 'count'>,
    isLate: () => boolean,
  ): Promise<{ readonly unhandled: readonly ThrownInTest[]; readonly isOver: boolean }> {
    const project = this.#vitest.getRootProject();
    this.#record.clear();
    this.#vitest.provide('hostMutants', { ...on, count: this.#place.mutants });
    const specifications: TestSpecification[] = files.map((file) =>
      project.createSpecification(join(this.#place.root, file)),
    );
    let isOver = false;
    const end = () => {
      isOver = true;
      // The first asks kindly, which a loop without an end does not hear; the second ends it.
      void this.#vitest.cancelCurrentRun('keyboard-input');
      void this.#vitest.cancelCurrentRun('keyboard-input');
    };
    const timer = setInterval(() => {
      if (!isOver && isLate()) end();
    }, LOOK_MS);
    this.#place.signal.addEventListener('abort', end);
    try {
      const { unhandledErrors } = await this.#vitest.runTestSpecifications(specifications);
      return { unhandled: unhandledErrors as readonly ThrownInTest[], isOver };
    } finally {
      clearInterval(timer);
      this.#place.signal.removeEventListener('abort', end);
    }
  }

  /** Ends it and its processes. */
  async end(): Promise<void> {
    await this.#vitest.close();
  }
}

/** What the tests of a file evaluated. */
interface Reached {
  readonly tests: TestRun[];
  readonly atLoad: Set<number>;
}

/** What vitest reports of one run. */
class RunRecord implements Reporter {
  readonly #root: string;
  readonly #files: TestFileRun[] = [];
  readonly #reached = new Map<string, Reached>();
  #running = '';
  #red: Red | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  clear(): void {
    this.#files.length = 0;
    this.#reached.clear();
    this.#running = '';
    this.#red = undefined;
  }

  outcome(unhandled: readonly ThrownInTest[], isOver: boolean): UnitRun {
    const files = [...this.#files];
    if (this.#red) return { red: this.#red, files };
    const by = this.#running;
    if (isOver) return { red: { how: 'timeout', by, detail: 'ran past its limit' }, files };
    const [first] = unhandled.map(thrownInTest);
    if (!first) return { red: undefined, files };
    return { red: { how: howOfThrown(first), by, detail: first.message }, files };
  }

  onTestModuleQueued(module: TestModule): void {
    this.#running = this.#nameOf(module);
  }

  onTestModuleCollected(module: TestModule): void {
    this.#running = this.#nameOf(module);
  }

  onTestCaseResult(test: TestCase): void {
    const name = this.#nameOf(test.module);
    const reached = this.#reachedIn(name);
    const { fullName: testName } = test;
    const durationMs = test.diagnostic()?.duration ?? 0;
    reached.tests.push({ name: testName, durationMs, reached: new Set(test.meta().reached) });
    for (const index of test.meta().reachedAtLoad ?? []) reached.atLoad.add(index);
    this.#note(test.result().errors, `${name} > ${test.fullName}`);
  }

  onTestSuiteResult(suite: TestSuite): void {
    this.#note(suite.errors(), `${this.#nameOf(suite.module)} > ${suite.fullName}`);
  }

  onTestModuleEnd(module: TestModule): void {
    const file = this.#nameOf(module);
    const isLoaded = [...module.children.allTests()].length > 0;
    this.#note(module.errors(), file, isLoaded ? {} : { atLoad: true });
    const { duration, collectDuration, setupDuration } = module.diagnostic();
    const { tests, atLoad } = this.#reachedIn(file);
    this.#files.push({
      file,
      durationMs: duration + collectDuration + setupDuration,
      reached: new Set(tests.flatMap(({ reached }) => [...reached])),
      tests,
      reachedAtLoad: atLoad,
    });
  }

  #reachedIn(file: string): Reached {
    const known = this.#reached.get(file) ?? { tests: [], atLoad: new Set() };
    this.#reached.set(file, known);
    return known;
  }

  #note(
    errors: readonly (TestError | SerializedError)[] | undefined,
    by: string,
    more: { atLoad?: true } = {},
  ): void {
    const [first] = errors ?? [];
    if (!first || this.#red) return;
    const thrown = thrownInTest(first as Partial<ThrownInTest>);
    this.#red = { how: howOfThrown(thrown), by, detail: thrown.message, ...more };
  }

  #nameOf({ moduleId }: TestModule): string {
    return relative(this.#root, moduleId).split(sep).join('/');
  }
}

/** Keeps the order in which files are given: those that kill soonest come first. */
async function inGivenOrder() {
  const { BaseSequencer } = await import('vitest/node');
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      return files;
    }
  };
}
