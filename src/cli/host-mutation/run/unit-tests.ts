import { join, relative, sep } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Plugin } from 'vite';
import type { SerializedError, TestError } from 'vitest';
import type {
  Reporter,
  TestCase,
  TestModule,
  TestSpecification,
  TestSuite,
  Vitest,
} from 'vitest/node';
import { howOfThrown, type Red, type ThrownInTest, thrownInTest } from './how.ts';

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
  /**
   * Those that were evaluated as its modules were loaded: files that ran before in the same process
   * may have loaded some of them already.
   */
  readonly reachedAtLoad: ReadonlySet<number>;
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

/** What ends a process. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs files of unit tests in a fresh process each time, with one host mutant on or with none:
 * vitest, as `npm test` calls it, with the mutants in what it loads.
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
   * Runs the files in this order up to the first red test; what has not ended after `limitMs` is
   * ended, and counts as red by its time limit.
   */
  async run(files: readonly string[], active: number, limitMs: number): Promise<UnitRun> {
    const project = this.#vitest.getRootProject();
    this.#record.clear();
    this.#vitest.provide('hostMutants', { active, count: this.#place.mutants });
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
    const timer = setTimeout(end, limitMs);
    this.#place.signal.addEventListener('abort', end);
    try {
      const { unhandledErrors } = await this.#vitest.runTestSpecifications(specifications);
      return this.#record.outcome(unhandledErrors as readonly ThrownInTest[], isOver);
    } finally {
      clearTimeout(timer);
      this.#place.signal.removeEventListener('abort', end);
    }
  }

  /** Ends it and its processes. */
  async end(): Promise<void> {
    await this.#vitest.close();
  }
}

/** What vitest reports of one run. */
class RunRecord implements Reporter {
  readonly #root: string;
  readonly #files: TestFileRun[] = [];
  readonly #reached = new Map<string, { inTests: Set<number>; atLoad: Set<number> }>();
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
    for (const index of test.meta().reached ?? []) reached.inTests.add(index);
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
    this.#files.push({
      file,
      durationMs: duration + collectDuration + setupDuration,
      reached: this.#reachedIn(file).inTests,
      reachedAtLoad: this.#reachedIn(file).atLoad,
    });
  }

  #reachedIn(file: string): { inTests: Set<number>; atLoad: Set<number> } {
    const known = this.#reached.get(file) ?? { inTests: new Set(), atLoad: new Set() };
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
