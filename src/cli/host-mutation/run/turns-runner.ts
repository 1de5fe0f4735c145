import { appendFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { SerializedConfig, RunnerTestCase as Test } from 'vitest';
import { VitestTestRunner } from 'vitest/runners';
import { type MutantSwitch, mutantSwitch } from '../../../harness/worker/host-switch.ts';
import { thrownInTest } from './how.ts';
import { TestTurns } from './test-turns.ts';
import type { Turn, TurnPlan } from './turns.ts';

/** A mutant meets a test, again if what it threw may be the machine's doing, then none does. */
const MOST_TRIES = 3;

/**
 * Runs tests as vitest does; with a plan it runs those in it alone, each once with every mutant that
 * still lives: modules and fixtures are there already. A test that turned red runs again without
 * the mutant, which shows whether something of it stays in the process.
 */
export default class TurnsRunner extends VitestTestRunner {
  readonly #plan: TurnPlan | undefined;
  readonly #root: string;
  readonly #switch: MutantSwitch = mutantSwitch();
  readonly #dead = new Set<number>();
  #isOver = false;
  #turns: TestTurns | undefined;

  constructor(config: SerializedConfig) {
    super(config);
    this.#root = config.root;
    this.#plan = this.injectValue('hostMutants').turns;
  }

  override async onBeforeRunTask(test: Test): Promise<void> {
    await super.onBeforeRunTask(test);
    if (!this.#plan) return;
    const file = relative(this.#root, test.file.filepath).split(sep).join('/');
    const planned = this.#plan.tests[file]?.[fullNameOf(test)] ?? [];
    const indices = this.#isOver ? [] : planned.filter((index) => !this.#dead.has(index));
    this.#turns = undefined;
    if (indices.length === 0) {
      if (test.mode === 'run' || test.mode === 'queued') test.mode = 'skip';
      return;
    }
    this.#turns = new TestTurns(indices, file, fullNameOf(test));
    test.retry = 0;
    test.repeats = MOST_TRIES * indices.length;
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
    if (!this.#turns || !test.result) return;
    const isReached = this.#switch.reached?.[this.#turns.active] === 1;
    this.#switch.active = -1;
    const [error] = test.result.state === 'fail' ? (test.result.errors ?? [{}]) : [];
    const turn = this.#turns.tell(error && thrownInTest(error), isReached);
    if (turn) this.#write(turn);
    if (turn?.type === 'red') this.#dead.add(turn.index);
    if (turn?.type === 'left') this.#isOver = true;
    test.result.state = 'pass';
    delete test.result.errors;
  }

  #write(turn: Turn): void {
    if (this.#plan) appendFileSync(this.#plan.log, `${JSON.stringify(turn)}\n`);
  }
}

function fullNameOf(test: Test): string {
  const names = [test.name];
  for (let suite = test.suite; suite && !('filepath' in suite); suite = suite.suite)
    names.unshift(suite.name);
  return names.join(' > ');
}
