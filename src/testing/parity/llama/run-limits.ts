import { judge } from '../../../reference/judge.ts';
import {
  halfLimitOf,
  halfSpreadOf,
  isHeldInHalves,
  unheldInHalves,
} from '../../../reference/llama/half-limits.ts';
import { isCurve, limitOf, narrowLimitOf } from '../../../reference/llama/limits.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import { type Spread, spreadOf } from '../../../reference/llama/spread.ts';
import type { Acceptance, Value } from '../../../reference/record.ts';
import type { Spread as TensorSpread } from '../../../reference/step/spread.ts';

/** An output of a run, and what it should be. */
interface Compared {
  readonly actual: Value;
  readonly truth: Value;
}

/**
 * How far the outputs of a run may be off. Curves of an adapter that rounds to nearest (`ieee`) are
 * held to the spread of float32 runs; legal arithmetic that truncates strays farther. The spread
 * takes long, so it is computed once, and only if it decides. With products in halves any adapter
 * is held to the spread of those.
 */
export class RunLimits {
  readonly #run: LlamaRun;
  readonly #ieee: boolean;
  #spread: Spread | undefined;
  #halfSpread: Promise<TensorSpread> | undefined;

  constructor(run: LlamaRun, ieee: boolean) {
    this.#run = run;
    this.#ieee = ieee;
  }

  /** Whether an output is judged. */
  holds(name: string): boolean {
    return !this.#run.autocast || isHeldInHalves(name);
  }

  /** Marks elements that are not judged: of steps that were left out, of late ones in halves. */
  unjudged(name: string, truth: Value): Uint8Array {
    const late = this.#run.autocast && unheldInHalves(name, truth);
    return Uint8Array.from(truth.data, (x, i) => Number(!Number.isFinite(x) || late?.[i] === 1));
  }

  /** The limit that the format itself sets: what is recorded is held to it. */
  async widest(name: string, truth: Value): Promise<Acceptance> {
    const { autocast } = this.#run;
    if (!autocast) return limitOf(name, truth);
    this.#halfSpread ??= halfSpreadOf(this.#run, autocast);
    return halfLimitOf(name, truth, await this.#halfSpread);
  }

  /** The limit of `actual` against the float64 run. */
  async of(name: string, { actual, truth }: Compared): Promise<Acceptance> {
    if (this.#run.autocast || !this.#ieee || !isCurve(name)) return this.widest(name, truth);
    const least = narrowLimitOf(name, truth);
    const most = limitOf(name, truth);
    if (this.#keeps(least, { name, actual, truth })) return least;
    if (!this.#keeps(most, { name, actual, truth })) return most;
    this.#spread ??= await spreadOf(this.#run);
    return narrowLimitOf(name, truth, this.#spread[name]);
  }

  /**
   * The limit of `actual` against a recorded output: where that strays farther from the truth than
   * ours may, so may ours from it.
   */
  async relativeTo(
    name: string,
    { actual, recorded, truth }: Compared & { readonly recorded: Value },
  ): Promise<Acceptance> {
    const own = await this.of(name, { actual: recorded, truth });
    const isNear = this.#keeps(own, { name, actual: recorded, truth });
    return isNear ? this.of(name, { actual, truth: recorded }) : this.widest(name, recorded);
  }

  #keeps(
    limit: Acceptance,
    { name, actual, truth }: Compared & { readonly name: string },
  ): boolean {
    return judge(actual, truth, limit, this.unjudged(name, truth)).ok;
  }
}
