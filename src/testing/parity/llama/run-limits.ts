import { judge } from '../../../reference/judge.ts';
import { isCurve, limitOf, narrowLimitOf } from '../../../reference/llama/limits.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import { type Spread, spreadOf } from '../../../reference/llama/spread.ts';
import type { Acceptance, Value } from '../../../reference/record.ts';

/**
 * How far the outputs of a run may be off. Curves of an adapter that rounds to nearest (`ieee`) are
 * held to the spread of float32 runs; legal arithmetic that truncates strays farther. The spread
 * takes long, so it is computed once, and only if it decides.
 */
export class RunLimits {
  readonly #run: LlamaRun;
  readonly #ieee: boolean;
  #spread: Spread | undefined;

  constructor(run: LlamaRun, ieee: boolean) {
    this.#run = run;
    this.#ieee = ieee;
  }

  /** The limit of `actual` against the float64 run. */
  async of(name: string, actual: Value, truth: Value): Promise<Acceptance> {
    if (!this.#ieee || !isCurve(name)) return limitOf(name, truth);
    const least = narrowLimitOf(name, truth);
    const most = limitOf(name, truth);
    if (judge(actual, truth, least).ok) return least;
    if (!judge(actual, truth, most).ok) return most;
    this.#spread ??= await spreadOf(this.#run);
    return narrowLimitOf(name, truth, this.#spread[name]);
  }

  /**
   * The limit of `actual` against a recorded output: where that strays farther from the truth than
   * ours may, so may ours from it.
   */
  async relativeTo(
    name: string,
    actual: Value,
    recorded: Value,
    truth: Value,
  ): Promise<Acceptance> {
    const isNear = judge(recorded, truth, await this.of(name, recorded, truth)).ok;
    return isNear ? this.of(name, actual, recorded) : limitOf(name, recorded);
  }
}
