import { appendFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import {
  type RunnerTestSuite,
  type SerializedConfig,
  type RunnerTestCase as Test,
  vi,
} from 'vitest';
import { VitestTestRunner } from 'vitest/runners';
import { type MutantSwitch, mutantSwitch } from '../../../harness/worker/host-switch.ts';
import { thrownInTest } from './how.ts';
import { LoadTurn, TestTurns } from './test-turns.ts';
import type { Turn, TurnPlan } from './turns.ts';

/** A mutant meets a test, again if what it threw may be the machine's doing, then none does. */
const MOST_TRIES = 3;

/**
 * Runs tests as vitest does; with a plan those in it alone. A test that evaluates mutants runs once
 * with each that still lives: modules and fixtures are there already. After it turned red it runs
 * again without the mutant, which shows whether something of it stays in the process. A file whose
 * mutants are evaluated as modules load runs with each after all modules were loaded anew, and once
 * more without.
 */
export default class TurnsRunner extends VitestTestRunner {
  readonly #plan: TurnPlan | undefined;
  readonly #log: string = '';
  readonly #root: string;
  readonly #switch: MutantSwitch = mutantSwitch();
  readonly #dead = new Set<number>();
  readonly #loads: ReadonlyMap<string, number[]>;
  #isOver = false;
  #turns: TestTurns | undefined;
  #load: LoadTurn | undefined;

  constructor(config: SerializedConfig) {
    super(config);
    this.#root = config.root;
    const { turns } = this.injectValue('hostMutants');
    if (turns) this.#log = turns.log;
    this.#plan = turns?.plan;
    this.#loads = new Map(
      Object.entries(this.#plan?.loads ?? {}).map(([file, all]) => [file, [...all, -1]]),
    );
  }

  override async importFile(path: string, source: 'collect' | 'setup'): Promise<unknown> {
    const file = this.#nameOf(path);
    const index = source === 'collect' ? this.#loads.get(file)?.shift() : undefined;
    if (index === undefined) return super.importFile(path, source);
    this.#load = new LoadTurn(index, file);
    if (index !== -1) this.#write({ type: 'begin', index, file, test: '' });
    this.#switch.active = index;
    vi.resetModules();
    try {
      return await super.importFile(path, source);
    } catch (error) {
      this.#load.fail('', thrownInTest(error as Error), true);
      throw error;
    }
  }

  override async onBeforeRunTask(test: Test): Promise<void> {
    await super.onBeforeRunTask(test);
    if (!this.#plan) return;
    this.#turns = undefined;
    if (!this.#load) this.#turns = this.#turnsOf(test);
    const isWanted = this.#load ? !this.#load.isRed : this.#turns !== undefined;
    if (!isWanted && (test.mode === 'run' || test.mode === 'queued')) test.mode = 'skip';
    test.retry = 0;
    test.repeats = this.#turns ? MOST_TRIES * this.#turns.count : 0;
  }

  override onBeforeTryTask(test: Test): void {
    super.onBeforeTryTask(test);
    if (!this.#turns) return;
    if (this.#isOver || this.#turns.isDone) test.context.skip(); // all repetitions that are left
    const { active, place } = this.#turns;
    this.#switch.active = active;
    if (active === -1) return;
    this.#write({ type: 'begin', index: active, ...place });
    if (this.#switch.reached) this.#switch.reached[active] = 0;
  }

  onAfterRetryTask(test: Test): void {
    const { result } = test;
    if (!this.#plan || !result) return;
    const [error] = result.state === 'fail' ? (result.errors ?? [{}]) : [];
    const thrown = error && thrownInTest(error);
    if (this.#load && thrown) this.#load.fail(fullNameOf(test), thrown);
    if (this.#turns) this.#tell(this.#turns, thrown);
    result.state = 'pass';
    delete result.errors;
  }

  override async onAfterRunSuite(suite: RunnerTestSuite): Promise<void> {
    const [error] = suite.result?.errors ?? [];
    if (error) this.#load?.fail('', thrownInTest(error));
    await super.onAfterRunSuite(suite);
  }

  override onAfterRunFiles(): void {
    super.onAfterRunFiles();
    const turn = this.#load?.end();
    if (turn) this.#write(turn);
    this.#load = undefined;
    this.#switch.active = -1;
  }

  #turnsOf(test: Test): TestTurns | undefined {
    const file = this.#nameOf(test.file.filepath);
    const name = fullNameOf(test);
    const planned = this.#plan?.tests[file]?.[name] ?? [];
    const indices = this.#isOver ? [] : planned.filter((index) => !this.#dead.has(index));
    return indices.length > 0 ? new TestTurns(indices, { file, test: name }) : undefined;
  }

  #tell(turns: TestTurns, thrown: ReturnType<typeof thrownInTest> | undefined): void {
    const isReached = this.#switch.reached?.[turns.active] === 1;
    this.#switch.active = -1;
    const turn = turns.tell(thrown, isReached);
    if (turn) this.#write(turn);
    if (turn?.type === 'red') this.#dead.add(turn.index);
    if (turn?.type === 'left') this.#isOver = true;
  }

  #write(turn: Turn): void {
    appendFileSync(this.#log, `${JSON.stringify(turn)}\n`);
  }

  #nameOf(path: string): string {
    return relative(this.#root, path).split(sep).join('/');
  }
}

function fullNameOf(test: Test): string {
  const names = [test.name];
  for (let suite = test.suite; suite && !('filepath' in suite); suite = suite.suite)
    names.unshift(suite.name);
  return names.join(' > ');
}
